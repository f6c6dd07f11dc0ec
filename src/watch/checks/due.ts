/** When a heartbeat is due: so long after the last ping, or at the next time of its schedule. Pure. */
import { nextTime, parseCron } from '#base/cron.ts'
import { parseDuration } from '#base/units.ts'
import type { CheckRowIn } from './model.ts'

export type Rhythm = Pick<CheckRowIn, 'every_ms' | 'config'>
export type Schedule = { text: string; timezone: string }

export function scheduleOf({ config }: Pick<CheckRowIn, 'config'>): Schedule | null {
  const { schedule, timezone } = config
  return typeof schedule === 'string' ? { text: schedule, timezone: typeof timezone === 'string' ? timezone : 'UTC' } : null
}

/** Milliseconds since 1970; Infinity where the schedule has no further time. */
export function dueAfter(rhythm: Rhythm, pingedAtMs: number): number {
  const schedule = scheduleOf(rhythm)
  return schedule === null ? pingedAtMs + rhythm.every_ms : (nextTime(parseCron(schedule.text), schedule.timezone, pingedAtMs) ?? Infinity)
}

export function graceMs({ config }: Pick<CheckRowIn, 'config'>): number {
  return parseDuration(String(config['grace'] ?? '1m'))
}

/** `2026-11-28 03:00 (Europe/Berlin)`. */
export function timeIn(atMs: number, { timezone }: Schedule): string {
  const { year, month, day, hour, minute } = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)} (${timezone})`
}
