/** A log line as people read it, the same in a terminal, in the console and in patterns. Pure. */
import { formatDuration } from '#base/units.ts'
import type { LogLine } from './model.ts'

type Fields = NonNullable<LogLine['fields']>
type Said = Pick<LogLine, 'stream' | 'text' | 'message' | 'fields'>

/** An access line of the proxy: `GET /cart 200 12 ms 10.0.0.7 shop.example`. null: the fields are not those of a request. */
export function accessText(fields: Fields | undefined): string | null {
  const { method, path, status, ms, client, host, error, stale } = fields ?? {}
  if (typeof method !== 'string' || typeof path !== 'string') return null
  const parts = [method, path, typeof status === 'number' && status > 0 ? String(status) : '–']
  if (typeof ms === 'number') parts.push(formatDuration(ms))
  for (const text of [client, host]) if (typeof text === 'string' && text !== '') parts.push(text)
  if (typeof error === 'string') parts.push(`(${error})`)
  if (typeof stale === 'string') parts.push(`(a copy stood in: ${stale})`)
  return parts.join(' ')
}

/** What every logger adds, and what stands elsewhere in the line. */
const unsaid = new Set(['level', 'severity', 'lvl', 'levelname', 'time', 'ts', 'timestamp', '@timestamp', 'msg', 'message', 'event', 'body', 'text', '@message', 'pid', 'hostname', 'v', '@version'])

/** What a line says first, and the fields beside it: of JSON its message, of a request its summary, else the text as it is. */
export function readable({ stream, text, message, fields }: Said): { text: string; fields: [name: string, value: string][] } {
  if (fields === undefined || !text.startsWith('{')) return { text, fields: [] }
  const request = stream === 'access' ? accessText(fields) : null
  if (request !== null) return { text: request, fields: [] }
  if (message === undefined) return { text, fields: [] }
  return { text: message, fields: Object.entries(fields).flatMap(([name, value]): [string, string][] => (unsaid.has(name) || String(value) === message ? [] : [[name, String(value)]])) }
}
