import { Socket } from 'node:net'
import pg from 'pg'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { placeOf } from '../net.ts'
import type { RunCheck } from '../port.ts'
import { judgeAnswer, serverGraceMs } from '../rows.ts'

/** The client keeps what the server sends until the query ends; a check looks at a value. */
const maxBytes = 16 * 1024 * 1024
const lookMs = 20

export const runPostgres: RunCheck<CheckConfig<'postgres'>> = async (config, context) => {
  const { address, port } = await placeOf(config.host, config.port, context)
  const started = performance.now()
  const socket = new Socket()
  const client = new pg.Client({
    stream: () => socket, host: address, port, user: config.user ?? 'postgres', database: config.database ?? config.user ?? 'postgres', password: config.password ?? '',
    ssl: config.tls ? { rejectUnauthorized: config.verify, servername: config.host } : false,
    connectionTimeoutMillis: context.timeoutMs, application_name: 'nightshift check',
    // a check only looks: what writes is refused by the server
    options: `-c default_transaction_read_only=on -c statement_timeout=${Math.round(context.timeoutMs + serverGraceMs)}`,
  })
  client.on('error', () => {})
  const look = setInterval(() => {
    if (socket.bytesRead > maxBytes) socket.destroy(new Error(`the server sends more than ${maxBytes} bytes (ask for less, such as a count)`))
  }, lookMs)
  // `end` would wait for a server that hangs
  const drop = () => (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
  context.signal.addEventListener('abort', drop, { once: true })
  try {
    await client.connect()
    await client.query('BEGIN READ ONLY')
    // the extended protocol takes one statement, so that none can follow that ends the transaction
    const { rows, rowCount } = await client.query({ text: config.query ?? 'VALUES (1)', rowMode: 'array', queryMode: 'extended' } as pg.QueryArrayConfig)
    return withLatency(judgeAnswer(textOf((rows as unknown[][])[0]?.[0]), rowCount ?? rows.length, config.expect), performance.now() - started, config)
  } finally {
    clearInterval(look)
    context.signal.removeEventListener('abort', drop)
    drop()
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined
  return value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
