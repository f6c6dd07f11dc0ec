/** Sealed lines in ClickHouse, by its HTTP interface. Sorted by app and time; what was put there twice is passed over when read, and merged away in time. */
import { Agent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { AppError, messageOf } from '#base/errors.ts'
import type { StoredLine } from '../../model.ts'
import type { Archive, ArchiveQuery } from '../port.ts'

const table = 'nightshift_lines'
const timeoutMs = 30_000

/** @param address  `clickhouse+http://user:password@host:8123/database` */
export function createClickhouse(address: string): Archive {
  const url = URL.parse(address.replace(/^clickhouse\+/, ''))
  if (!/^clickhouse\+https?:/.test(address) || url === null) throw new AppError('invalid', 'NIGHTSHIFT_LOG_STORE must be like clickhouse+http://user:password@host:8123/database')
  const ask = openHttp(url)
  let isPrepared = false
  const prepare = async () => {
    if (isPrepared) return
    await ask.run(`CREATE TABLE IF NOT EXISTS ${table} (line UInt64, at_ms UInt64, app String, environment String, source UInt32, stream UInt8, level UInt8, text String)
      ENGINE = ReplacingMergeTree PARTITION BY toMonday(toDateTime(intDiv(at_ms, 1000))) ORDER BY (app, environment, at_ms, line)`)
    isPrepared = true
  }
  return {
    prepare,
    async insert(rows) {
      if (rows.length === 0) return
      await prepare() // it may have been away when control started
      await ask.run(`INSERT INTO ${table} (line, at_ms, app, environment, source, stream, level, text) FORMAT JSONEachRow`, rows.map(({ line, atMs, app, environment, source, stream, level, text }) => JSON.stringify({ line, at_ms: atMs, app, environment, source, stream, level, text })).join('\n'))
    },
    async select(question) {
      await prepare()
      const text = await ask.run(selectSql(question))
      return text.split('\n').filter(Boolean).map(lineOf)
    },
    async drop(of, beforeMs) {
      await prepare()
      const whose = 'app' in of ? `app = ${quoted(of.app)}` : of.except.length === 0 ? '1' : `app NOT IN (${of.except.map(quoted).join(', ')})`
      const [one] = (await ask.run(`SELECT count() FROM ${table} WHERE ${whose} AND at_ms < ${Math.floor(beforeMs)}`)).split('\n')
      if (Number(one) > 0) await ask.run(`ALTER TABLE ${table} DELETE WHERE ${whose} AND at_ms < ${Math.floor(beforeMs)}`)
    },
    close: () => ask.close(),
  }
}

function selectSql({ query, filter, sources, sealedBelow, bounds, order, limit }: ArchiveQuery): string {
  const where = [`line < ${whole(sealedBelow)}`]
  const listed = (column: string, values: readonly (string | number)[]) => where.push(values.length === 0 ? '0' : `${column} IN (${values.map((one) => (typeof one === 'number' ? whole(one) : quoted(one))).join(', ')})`)
  if (query.apps != null) listed('app', query.apps)
  if (query.app !== undefined) listed('app', [query.app])
  if (query.environment !== undefined) listed('environment', [query.environment])
  if (sources !== null) listed('source', sources)
  if (filter.levels) listed('level', filter.levels)
  if (filter.streams) listed('stream', filter.streams)
  for (const needle of filter.needles) where.push(...roughText(needle))
  const { below, above, sinceMs, untilMs, afterLine, maxLine } = bounds
  if (below) where.push(`at_ms <= ${whole(below.atMs)} AND (at_ms < ${whole(below.atMs)} OR line < ${whole(below.line)})`)
  if (above) where.push(`at_ms >= ${whole(above.atMs)} AND (at_ms > ${whole(above.atMs)} OR line > ${whole(above.line)})`)
  if (sinceMs !== undefined) where.push(`at_ms >= ${whole(sinceMs)}`)
  if (untilMs !== undefined) where.push(`at_ms <= ${whole(untilMs)}`)
  if (afterLine !== undefined) where.push(`line > ${whole(afterLine)}`)
  if (maxLine !== undefined) where.push(`line <= ${whole(maxLine)}`)
  const sorted = order === 'newest' ? 'at_ms DESC, line DESC' : 'line'
  return `SELECT line, at_ms, source, stream, level, text FROM ${table} WHERE ${where.join(' AND ')} ORDER BY ${sorted} LIMIT 1 BY line LIMIT ${whole(limit)} FORMAT JSONEachRow`
}

/** Leaves out what surely has not the needle. Two letters beyond ASCII fold into ASCII here and not there, so texts with them pass. */
function roughText(needle: string): string[] {
  if (!/^[\x20-\x7e]+$/.test(needle)) return []
  const has = [`positionCaseInsensitive(text, ${quoted(needle)}) > 0`]
  if (needle.includes('i')) has.push(`position(text, '\u0130') > 0`)
  if (needle.includes('k')) has.push(`position(text, '\u212a') > 0`)
  return [`(${has.join(' OR ')})`]
}

function whole(value: number): string {
  return String(Math.max(0, Math.floor(value)))
}

/** A string literal: ClickHouse's documentation, "Syntax", "String". */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0').replaceAll('\n', '\\n')}'`
}

function lineOf(json: string): StoredLine {
  const row = JSON.parse(json) as Record<'line' | 'at_ms' | 'source' | 'stream' | 'level', string | number> & { text: string }
  return { line: Number(row.line), atMs: Number(row.at_ms), source: Number(row.source), stream: Number(row.stream), level: Number(row.level), text: row.text }
}

function openHttp(url: URL): { run(query: string, body?: string): Promise<string>; close(): void } {
  const isTls = url.protocol === 'https:'
  const agent = isTls ? new TlsAgent({ keepAlive: true, maxSockets: 8 }) : new Agent({ keepAlive: true, maxSockets: 8 })
  const account = url.username === '' ? {} : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}` }
  const database = url.pathname.slice(1)
  const failed = (why: string, cause?: unknown) => new AppError('unavailable', `the log store at ${url.host} ${why}`, { cause })
  return {
    run(query, body) {
      return new Promise((resolve, reject) => {
        const content = Buffer.from(body === undefined ? query : `${query}\n${body}`)
        const options = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (isTls ? 8443 : 8123), method: 'POST', path: `/${database === '' ? '' : `?database=${encodeURIComponent(database)}`}`, agent, timeout: timeoutMs, headers: { ...account, 'content-length': content.length } }
        const onAnswer = (answer: IncomingMessage) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('error', (error) => reject(failed(messageOf(error), error)))
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString('utf8')
            if (answer.statusCode === 200) resolve(text)
            else reject(failed(`answered ${answer.statusCode}: ${text.slice(0, 200)}`))
          })
        }
        const call = isTls ? requestTls(options, onAnswer) : requestPlain(options, onAnswer)
        call.on('timeout', () => call.destroy(new Error(`gave no answer within ${timeoutMs / 1000} s`)))
        call.on('error', (error) => reject(failed(messageOf(error), error)))
        call.end(content)
      })
    },
    close: () => agent.destroy(),
  }
}
