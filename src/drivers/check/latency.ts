import { formatDuration, parseDuration } from '#base/units.ts'
import type { Said } from './port.ts'

/** `slow` and `latency` of a config, over what was right otherwise. */
export function withLatency(said: Said, durationMs: number, { slow, latency }: { slow?: string | undefined; latency?: string | undefined }): Said {
  const timed = { ...said, durationMs }
  if (said.status === 'err') return timed
  if (latency !== undefined && durationMs > parseDuration(latency)) return { ...timed, status: 'err', message: `took ${formatDuration(durationMs)}, more than ${latency}` }
  if (slow !== undefined && durationMs > parseDuration(slow)) return { ...timed, status: 'warn', message: `took ${formatDuration(durationMs)}, more than ${slow}` }
  return timed
}
