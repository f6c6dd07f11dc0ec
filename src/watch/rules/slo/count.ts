/** What callers saw, minute by minute → what was good and bad of it. Pure. */
import { latencyBucketsMs } from '#contract/wire.ts'
import type { MinuteCount } from '#watch/traffic/read.ts'
import type { Count } from './burn.ts'
import type { CountedObjective, SloPlace } from './model.ts'

/** Counts of traffic are kept for a day: a new objective is counted from there. */
export const lookBackMs = 24 * 3_600_000
/** The newest minute is complete only when every proxy has told of it. */
export const settleMs = 60_000

/** An app as a whole is what callers from outside saw of it; a service is what all its callers saw. */
export function isOf({ app, environment, service }: SloPlace, count: MinuteCount): boolean {
  return count.app === app && count.environment === environment && (service === '' ? count.outside : count.service === service)
}

export function countOf({ thresholdMs }: CountedObjective, { requests, errors, latency }: MinuteCount): Count {
  if (thresholdMs === null) return { total: requests, bad: Math.min(requests, errors) }
  return { total: latency.reduce((sum, one) => sum + one, 0), bad: slowerThan(latency, thresholdMs) }
}

/** Within a bucket answers are taken to lie evenly; in the open one all are slower. */
export function slowerThan(latency: readonly number[], thresholdMs: number): number {
  return latency.reduce((sum, count, bucket) => {
    const low = bucket === 0 ? 0 : (latencyBucketsMs[bucket - 1] as number)
    const high = latencyBucketsMs[bucket]
    if (high === undefined) return sum + count
    return sum + count * Math.min(1, Math.max(0, (high - thresholdMs) / (high - low)))
  }, 0)
}

/** Sums from the beginning: one for each minute in which anything was counted. */
export function sumsOf(base: Count, minutes: readonly (Count & { atMs: number })[]): (Count & { atMs: number })[] {
  const byMinute = Map.groupBy(minutes, ({ atMs }) => atMs)
  let [total, bad] = [base.total, base.bad]
  return [...byMinute].sort(([a], [b]) => a - b).flatMap(([atMs, counts]) => {
    const added = counts.reduce((sum, count) => ({ total: sum.total + count.total, bad: sum.bad + count.bad }), { total: 0, bad: 0 })
    total += added.total
    bad += added.bad
    return added.total === 0 && added.bad === 0 ? [] : [{ atMs, total, bad }]
  })
}
