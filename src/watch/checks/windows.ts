/** Maintenance windows: which is open at a time. A window that repeats keeps its wall-clock hours, over changes of the clock. Pure. */
import type { WindowRow } from './model.ts'

type Times = Pick<WindowRow, 'starts_at' | 'ends_at' | 'repeat' | 'timezone'>

/** The occurrence that holds `now`, or the next one; undefined when there is none any more. */
export function occurrence({ starts_at, ends_at, repeat, timezone }: Times, now: Date): { from: Date; until: Date } | undefined {
  const lengthMs = ends_at.getTime() - starts_at.getTime()
  if (repeat === 'once' || now < starts_at) return now < ends_at ? { from: starts_at, until: ends_at } : undefined
  const first = Temporal.Instant.fromEpochMilliseconds(starts_at.getTime()).toZonedDateTimeISO(timezone)
  const days = repeat === 'daily' ? 1 : 7
  const passed = Math.floor((now.getTime() - starts_at.getTime()) / (days * 86_400_000))
  // a longer window than its period, or a change of the clock, moves the one that holds now by one or two
  for (let nth = Math.max(0, passed - 1 - Math.ceil(lengthMs / (days * 86_400_000))); ; nth++) {
    const from = first.add({ days: nth * days }).epochMilliseconds
    if (now.getTime() < from + lengthMs) return { from: new Date(from), until: new Date(from + lengthMs) }
  }
}

export function isOpen(window: Times, now: Date): boolean {
  const found = occurrence(window, now)
  return found !== undefined && found.from <= now && now < found.until
}

/** The open window that covers the check. An empty list covers nothing. */
export function windowOver(windows: readonly WindowRow[], check: { id: string; app: string | null }, now: Date): WindowRow | undefined {
  return windows.find((window) => (window.checks.includes(check.id) || (check.app !== null && window.apps.includes(check.app))) && isOpen(window, now))
}
