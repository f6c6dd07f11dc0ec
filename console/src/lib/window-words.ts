/** Maintenance windows as a person plans and reads them. `from` of a plan is by the clock of whoever looks. */
import type { MaintenanceWindow } from '#contract/checks.ts'
import { clockTime, longDate } from './times.ts'

/** `Saturday 28 November, 02:00 until 03:00`, or with both dates. */
export function windowSpan({ from, until }: Pick<MaintenanceWindow, 'from' | 'until'>): string {
  const [day, lastDay] = [longDate(from), longDate(until)]
  return `${day}, ${clockTime(from)} until ${day === lastDay ? '' : `${lastDay}, `}${clockTime(until)}`
}

/** One that is there once, and was: it covers nothing any more. */
export const isOver = ({ repeat, until }: Pick<MaintenanceWindow, 'repeat' | 'until'>, now: number): boolean => repeat === 'once' && Date.parse(until) <= now

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export type Plan = { title: string; from: string; length: string; repeat: 'once' | 'daily' | 'weekly'; timezone: string; checks: readonly string[]; apps: readonly string[] }

/** As the API takes it, or why it cannot. An empty `from` is now. */
export function windowOf({ title, from, length, repeat, timezone, checks, apps }: Plan, lengthMs: number, now: number): { whyNot: string } | { body: { title: string; checks: string[]; apps: string[]; from: string; until: string; repeat: Plan['repeat']; timezone: string } } {
  const begins = from === '' ? now : Date.parse(from)
  if (checks.length + apps.length === 0) return { whyNot: 'choose checks or apps' }
  if (Number.isNaN(begins)) return { whyNot: 'say when it begins' }
  if (!(lengthMs > 0)) return { whyNot: `"${length}" is no time: write 30m or 2h` }
  if (repeat === 'once' && begins + lengthMs <= now) return { whyNot: 'it would be over already: let it begin later, or last longer' }
  if (repeat !== 'once' && !isZone(timezone)) return { whyNot: `"${timezone}" is no time zone: write one such as Europe/Berlin` }
  return { body: { title: title.trim() || 'maintenance', checks: [...checks], apps: [...apps], from: new Date(begins).toISOString(), until: new Date(begins + lengthMs).toISOString(), repeat, timezone: repeat === 'once' ? 'UTC' : timezone } }
}
