/**
 * How fast an error budget burns, what is left of it, and which alerts follow. Pure.
 *
 * A burn rate of 1 uses the budget up exactly by the end of the SLO's window. An alert looks at two windows: the long one says that it
 * matters, the short one that it still goes on (Google, "The Site Reliability Workbook", chapter 5).
 */
import type { Objective } from '#contract/alerting.ts'
import { formatDuration } from '#base/units.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export const windowMs = { '5m': 5 * minute, '30m': 30 * minute, '1h': hour, '6h': 6 * hour, '3d': 3 * day } as const
export type BurnWindow = keyof typeof windowMs

export type Level = 'page' | 'ticket'
type Pair = { level: Level; factor: number; long: BurnWindow; short: BurnWindow }
export const pairs: readonly Pair[] = [
  { level: 'page', factor: 14.4, long: '1h', short: '5m' },
  { level: 'page', factor: 6, long: '6h', short: '30m' },
  { level: 'ticket', factor: 1, long: '3d', short: '6h' },
]
/** An alert goes on for so long after the budget burned too fast last. */
export const keepFiringMs = { page: 5 * minute, ticket: 30 * minute } as const
export const severityOf = { page: 'critical', ticket: 'warning' } as const

/** Little traffic: one failure of three requests burns a hundred times too fast, and says nothing. So many must be bad in the long window. */
export const leastBad = 10

export type Count = { total: number; bad: number }
/** What was counted in the time up to now, by how long that is. */
export type Counts = Readonly<Record<BurnWindow, Count>> & { whole: Count }

export function burnRate({ total, bad }: Count, target: number): number {
  return total <= 0 ? 0 : bad / total / (1 - target)
}

/** The pair of windows by which it burns too fast, the gravest first; null: none. `countedMs`: since when it is counted. */
export function burning(counts: Counts, target: number, countedMs: number, level: Level): Pair | null {
  return (
    pairs.find(
      ({ level: of, factor, long, short }) =>
        of === level && countedMs >= windowMs[long] && counts[long].bad >= leastBad && burnRate(counts[long], target) >= factor && burnRate(counts[short], target) >= factor,
    ) ?? null
  )
}

/** The share of the budget that is left; below 0 when more than all was used. */
export function budgetLeft({ total, bad }: Count, target: number): number {
  return total <= 0 ? 1 : 1 - bad / (total * (1 - target))
}

/** Milliseconds until nothing is left, if it goes on as in the last hour; null: it lasts. */
export function exhaustedInMs(left: number, hourly: Count, target: number, wholeMs: number): number | null {
  if (left <= 0) return 0
  const burn = burnRate(hourly, target)
  return burn <= 1 ? null : (left * wholeMs) / burn
}

/** Why, for a person: `4.2 % of 1200 requests failed in the last 1 h, …`. */
export function burnWords(pair: Pair, counts: Counts, { target, thresholdMs }: { target: number; thresholdMs: number | null }, wholeMs: number): string {
  const { long, short } = pair
  const what = thresholdMs === null ? 'failed' : `took more than ${thresholdMs} ms`
  const share = ({ total, bad }: Count) => `${percent(total <= 0 ? 0 : bad / total)} of ${Math.round(total)}`
  const left = budgetLeft(counts.whole, target)
  const gone = exhaustedInMs(left, counts[long], target, wholeMs)
  return `${share(counts[long])} requests ${what} in ${formatDuration(windowMs[long])} and ${share(counts[short])} in ${formatDuration(windowMs[short])}: the error budget burns ${burnRate(counts[long], target).toFixed(1)} times too fast; ${left <= 0 ? 'nothing of it is left' : `${percent(left)} of it is left${gone === null ? '' : `, for ${formatDuration(gone)} at this pace`}`}`
}

const percent = (share: number) => `${Number((share * 100).toPrecision(2))} %`

export function objectiveView(args: { kind: Objective['kind']; target: number; thresholdMs: number | null; since: Date; counts: Counts; wholeMs: number; firing: Objective['firing']; points: [number, number][] }): Objective {
  const { counts, target, wholeMs, since, ...rest } = args
  const left = budgetLeft(counts.whole, target)
  return {
    ...rest, target, since: since.toISOString(), total: counts.whole.total, bad: counts.whole.bad, budgetLeft: left,
    burn: Object.fromEntries(Object.keys(windowMs).map((name) => [name, burnRate(counts[name as BurnWindow], target)])) as Objective['burn'],
    exhaustedInMs: exhaustedInMs(left, counts['1h'], target, wholeMs),
  }
}
