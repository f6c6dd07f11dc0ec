/**
 * Cron expressions: five fields, or a word such as @daily, in a time zone. Pure.
 *
 * When the clocks change, times are those of Debian's cron (cron(8)): a fixed time that the change skips comes right after
 * it, one that it repeats comes once; where the minute or the hour begins with `*`, the clock is followed as it shows.
 */
import { AppError, messageOf } from './errors.ts'

export type Cron = {
  minutes: readonly number[]
  hours: readonly number[]
  days: ReadonlySet<number>
  months: ReadonlySet<number>
  weekdays: ReadonlySet<number>
  /** A day of the month or a day of the week is enough: both are named. */
  isEitherDay: boolean
  /** The minute or the hour begins with `*`. */
  isEvery: boolean
}

type Kind = { name: string; from: number; to: number; names?: readonly string[] }
const kinds: readonly Kind[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { name: 'day of week', from: 0, to: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]
const words: Readonly<Record<string, string>> = { '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *' }

const minuteMs = 60_000
const dayMs = 86_400_000
/** The 29th of February is never further away than eight years. */
const horizonMs = 9 * 366 * dayMs

/** Throws `invalid` with the field that is wrong. */
export function parseCron(text: string): Cron {
  const fields = (words[text.trim().toLowerCase()] ?? text).trim().split(/\s+/)
  if (fields.length !== 5) throw new AppError('invalid', `must have five fields, such as "0 3 * * 1-5" (minute, hour, day of month, month, day of week), or be @hourly, @daily, @weekly, @monthly or @yearly, and is "${text.slice(0, 60)}"`)
  const [minutes, hours, days, months, weekdays] = fields.map((field, nth) => valuesOf(field, kinds[nth] as Kind)) as [number[], number[], number[], number[], number[]]
  const isStar = fields.map((field) => field.startsWith('*'))
  return {
    minutes, hours, days: new Set(days), months: new Set(months), weekdays: new Set(weekdays.map((day) => day % 7)),
    isEitherDay: !isStar[2] && !isStar[4], isEvery: isStar[0] === true || isStar[1] === true,
  }
}

/** What is wrong with it; null = nothing. */
export function cronFault(text: string): string | null {
  try {
    return nextLocal(parseCron(text), 0) === null ? `must come at some time, and "${text}" never does` : null
  } catch (error) {
    return messageOf(error)
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function valuesOf(field: string, kind: Kind): number[] {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [, range = '', first = '', last, step] = /^(\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,2}))?$/i.exec(part) ?? []
    if (range === '') throw new AppError('invalid', `must name the ${kind.name} as *, 1, 1-5, */2 or 1-5/2, comma-separated, and names it "${field}"`)
    const [from, to] = range === '*' ? [kind.from, kind.to] : [valueOf(first, kind), valueOf(last ?? first, kind)]
    if (from > to) throw new AppError('invalid', `must name the ${kind.name} from less to more, and names it "${part}" (write ${from}-${kind.to},${kind.from}-${to})`)
    if (step !== undefined && (Number(step) === 0 || (range !== '*' && last === undefined))) throw new AppError('invalid', `must step the ${kind.name} over a range, and names it "${part}" (write ${from}-${kind.to}/${Number(step) || 1})`)
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

function valueOf(text: string, { name, from, to, names = [] }: Kind): number {
  const named = names.indexOf(text.toLowerCase())
  const value = named >= 0 ? named + from : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= from && value <= to)) throw new AppError('invalid', `must name the ${name} from ${from} to ${to}${names.length > 0 ? ` or ${names[0]} to ${names.at(-1)}` : ''}, and names "${text}"`)
  return value
}

/** The first time after `afterMs`, in milliseconds since 1970; null when there is none. */
export function nextTime(cron: Cron, timezone: string, afterMs: number): number | null {
  let at = Temporal.Instant.fromEpochMilliseconds(afterMs).toZonedDateTimeISO(timezone)
  // wall-clock times are counted as if they were UTC; those up to here have been
  let passed = afterMs + offsetMs(at)
  const before = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous') // the change of this very moment too
  if (!cron.isEvery && before !== null) passed = Math.max(passed, before.epochMilliseconds + offsetMs(before.subtract({ nanoseconds: 1 })) - 1)
  for (let changes = 0; changes < 100; changes++) {
    const found = nextLocal(cron, passed)
    if (found === null) return null
    const change = at.getTimeZoneTransition('next')
    if (change === null || found - offsetMs(at) < change.epochMilliseconds) return found - offsetMs(at)
    const shown = change.epochMilliseconds + offsetMs(at)
    const shows = change.epochMilliseconds + offsetMs(change)
    if (!cron.isEvery && found < shows) return change.epochMilliseconds
    passed = cron.isEvery ? shows - 1 : Math.max(shown, shows) - 1
    at = change
  }
  return null
}

const offsetMs = (at: Temporal.ZonedDateTime): number => at.offsetNanoseconds / 1_000_000

/** The first wall-clock time after another, both as if in UTC. */
function nextLocal(cron: Cron, afterMs: number): number | null {
  const first = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs
  let day = Math.floor(first / dayMs) * dayMs
  const end = day + horizonMs
  while (day < end) {
    const date = new Date(day)
    if (!cron.months.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
      continue
    }
    const time = isDay(cron, date) ? timeFrom(cron, Math.max(0, (first - day) / minuteMs)) : null
    if (time !== null) return day + time * minuteMs
    day += dayMs
  }
  return null
}

function isDay({ days, weekdays, isEitherDay }: Cron, date: Date): boolean {
  const [byMonth, byWeek] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())]
  return isEitherDay ? byMonth || byWeek : byMonth && byWeek
}

/** In minutes of the day. */
function timeFrom({ minutes, hours }: Cron, from: number): number | null {
  for (const hour of hours) {
    if (hour * 60 + 59 < from) continue
    const minute = minutes.find((each) => hour * 60 + each >= from)
    if (minute !== undefined) return hour * 60 + minute
  }
  return null
}
