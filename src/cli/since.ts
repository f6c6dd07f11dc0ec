/** Points in time as a person writes them. */
import { parseDuration } from '#base/units.ts'
import { UsageError } from './errors.ts'

/** `1h` = an hour ago; else a date and time (`2026-03-29`, `2026-03-29T02:30`, in the zone of this machine if it names none). */
export function parsePoint(text: string): Date {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return new Date(Date.now() - parseDuration(text))
  const time = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.test(text) ? new Date(text.length === 10 ? `${text}T00:00` : text) : new Date(Number.NaN)
  if (Number.isNaN(time.getTime())) throw new UsageError(`"${text}" is not a point in time (write 30m, 2h, 1d, or 2026-03-29T02:30)`)
  return time
}
