/** An access line of the proxy as people read it: `GET /cart 200 12 ms 10.0.0.7`. For terminal, console and patterns alike. */
import { formatDuration } from '#base/units.ts'

type Fields = Readonly<Record<string, unknown>>

/** null: the fields are not those of a request. */
export function accessText(fields: Fields | undefined): string | null {
  if (fields === undefined) return null
  const { method, path, status, ms, client, host, from, error } = fields
  if (typeof method !== 'string' || typeof path !== 'string') return null
  const parts = [method, path, typeof status === 'number' && status > 0 ? String(status) : '–']
  if (typeof ms === 'number') parts.push(formatDuration(ms))
  if (typeof client === 'string' && client !== '') parts.push(client)
  if (typeof from === 'string' && from !== '' && from !== 'ingress') parts.push(`from ${from}`)
  else if (typeof host === 'string' && host !== '') parts.push(host)
  if (typeof error === 'string' && error !== '') parts.push(error)
  return parts.join(' ')
}
