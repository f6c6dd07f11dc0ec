/** How often a check is looked at, or told, in words: in the console and on the command line. Apart from the schemas, which the console does not load. */
import { formatDuration } from '#base/units.ts'
import type { Check } from './checks.ts'

/** `every 30 s`, `0 3 * * 1-5 (Europe/Berlin)`. */
export function rhythmOf({ everyMs, config }: Pick<Check, 'everyMs' | 'config'>): string {
  const { schedule, timezone } = config
  return typeof schedule === 'string' ? `${schedule} (${typeof timezone === 'string' ? timezone : 'UTC'})` : `every ${formatDuration(everyMs)}`
}
