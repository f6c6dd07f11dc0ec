import pg from 'pg'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { placeOf } from '../net.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief } from '../texts.ts'

export const runPostgres: RunCheck<CheckConfig<'postgres'>> = async (config, context) => {
  const { address, port } = await placeOf(config.host, config.port, context)
  const started = performance.now()
  const client = new pg.Client({
    host: address, port, user: config.user ?? 'postgres', database: config.database ?? config.user ?? 'postgres', password: config.password ?? '',
    ssl: config.tls ? { rejectUnauthorized: config.verify, servername: config.host } : false,
    connectionTimeoutMillis: context.timeoutMs, application_name: 'nightshift check',
    // a check only looks: what writes is refused by the server
    options: `-c default_transaction_read_only=on -c statement_timeout=${Math.round(context.timeoutMs)}`,
  })
  client.on('error', () => {})
  // `end` would wait for a server that hangs
  const drop = () => (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
  context.signal.addEventListener('abort', drop, { once: true })
  try {
    await client.connect()
    await client.query('BEGIN READ ONLY')
    // the extended protocol takes one statement, so that none can follow that ends the transaction
    const { rows, rowCount } = await client.query({ text: config.query ?? 'VALUES (1)', rowMode: 'array', queryMode: 'extended' } as pg.QueryArrayConfig)
    return withLatency(judgeRows(rows as unknown[][], rowCount, config), performance.now() - started, config)
  } finally {
    context.signal.removeEventListener('abort', drop)
    drop()
  }
}

function judgeRows(rows: readonly unknown[][], rowCount: number | null, { expect }: CheckConfig<'postgres'>): Said {
  const first = rows[0]?.[0]
  const text = first === undefined ? '' : first instanceof Date ? first.toISOString() : typeof first === 'object' ? JSON.stringify(first) : String(first)
  const number = text.trim() === '' ? NaN : Number(text)
  const metrics = [{ name: 'rows', value: rowCount ?? rows.length }, ...(Number.isFinite(number) ? [{ name: 'value', value: number }] : [])]
  if (expect !== undefined && text !== expect) return { status: 'err', message: `the query answered ${first === undefined ? 'nothing' : brief(text, 100)}, not ${expect}`, metrics }
  const count = rowCount ?? rows.length
  return { status: 'ok', message: `${count} ${count === 1 ? 'row' : 'rows'}${text === '' ? '' : `, the first value is ${brief(text, 100)}`}`, metrics }
}
