/**
 * What is asked of metrics, and the answer from buckets. Two folds: over the time of a step within each series, then over the series of a
 * group. Pure.
 *
 * | fn | within a series | over a group |
 * |---|---|---|
 * | avg, min, max | mean, least, greatest value | the same |
 * | sum, last | mean value · newest value | sum |
 * | increase, rate | what was added · a second | sum |
 * | p50 … p99 | what was added to each bucket of a histogram | sum a bucket, then interpolated as histogram_quantile does |
 */
import type { MetricFn } from '#contract/metrics.ts'
import type { Bucket, Labels } from './model.ts'

export type MetricQuery = {
  /** Of a histogram, for p50 … p99: without `_bucket`. */
  metric: string
  /** All of them must fit; a list: one of it. `*` stands for any text; '' for a label that is not there. */
  where?: Record<string, string | readonly string[]> | undefined
  fn: MetricFn
  /** One answer for each combination of these; none: one for all; left out: one for each series. */
  by?: readonly string[] | undefined
  since: Date
  until: Date
  /** Steps begin at whole multiples of it. */
  stepMs: number
  /** Ask of so long before, and answer as if it were now. */
  offsetMs?: number | undefined
}

/** One point a step, oldest first; null where nothing is known. */
export type MetricSeries = { labels: Labels; points: [atMs: number, value: number | null][] }

const quantiles: Partial<Record<MetricFn, number>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 }

export const quantileOf = (fn: MetricFn): number | null => quantiles[fn] ?? null

export type SeriesBuckets = { labels: Labels; buckets: readonly Bucket[] }

/** Buckets in order of time. Those that begin before the first step or after the last are passed over. */
export function answer(query: MetricQuery, series: readonly SeriesBuckets[]): MetricSeries[] {
  const steps = stepsOf(query)
  const quantile = quantileOf(query.fn)
  const groups = Map.groupBy(series, ({ labels }) => groupKey(labels, query.by, quantile !== null))
  const answers = [...groups.values()].map((members): MetricSeries => {
    const labels = groupLabels(members[0]?.labels ?? {}, query.by, quantile !== null)
    const values = quantile === null ? plainValues(query, steps, members) : quantileValues(quantile, query, steps, members)
    return { labels, points: steps.map((atMs, at) => [atMs, values[at] ?? null]) }
  })
  return answers.filter(({ points }) => points.some(([, value]) => value !== null))
}

/** Starts of the steps that hold the asked time, from the first on. */
export function stepsOf({ since, until, stepMs }: Pick<MetricQuery, 'since' | 'until' | 'stepMs'>): number[] {
  const first = Math.floor(since.getTime() / stepMs) * stepMs
  const last = Math.floor((until.getTime() - 1) / stepMs) * stepMs
  return Array.from({ length: Math.max(0, (last - first) / stepMs + 1) }, (_, at) => first + at * stepMs)
}

const groupKey = (labels: Labels, by: readonly string[] | undefined, isHistogram: boolean) => JSON.stringify(Object.entries(groupLabels(labels, by, isHistogram)).sort())

function groupLabels(labels: Labels, by: readonly string[] | undefined, isHistogram: boolean): Labels {
  const kept = by === undefined ? Object.keys(labels).filter((label) => !(isHistogram && label === 'le')) : by.filter((label) => label in labels)
  return Object.fromEntries(kept.map((label) => [label, labels[label] as string]))
}

type Fold = { min: number; max: number; sum: number; count: number; last: number; increase: number }

/** The buckets of each step together; undefined where there is none. */
function folded(query: MetricQuery, steps: readonly number[], buckets: readonly Bucket[]): (Fold | undefined)[] {
  const folds: (Fold | undefined)[] = Array.from({ length: steps.length })
  const first = steps[0] ?? 0
  for (const bucket of buckets) {
    const at = Math.floor((bucket.atMs + (query.offsetMs ?? 0) - first) / query.stepMs)
    if (at < 0 || at >= steps.length) continue
    const fold = folds[at]
    if (fold === undefined) folds[at] = { ...bucket }
    else {
      fold.min = Math.min(fold.min, bucket.min)
      fold.max = Math.max(fold.max, bucket.max)
      fold.sum += bucket.sum
      fold.count += bucket.count
      fold.last = bucket.last
      fold.increase += bucket.increase
    }
  }
  return folds
}

function plainValues(query: MetricQuery, steps: readonly number[], members: readonly SeriesBuckets[]): (number | null)[] {
  const folds = members.map(({ buckets }) => folded(query, steps, buckets))
  return steps.map((_, at) => {
    const known = folds.map((fold) => fold[at]).filter((fold) => fold !== undefined)
    if (known.length === 0) return null
    const total = (of: (fold: Fold) => number) => known.reduce((sum, fold) => sum + of(fold), 0)
    switch (query.fn) {
      case 'min': return known.reduce((least, { min }) => Math.min(least, min), Infinity)
      case 'max': return known.reduce((most, { max }) => Math.max(most, max), -Infinity)
      case 'avg': return total(({ sum, count }) => sum / count) / known.length
      case 'sum': return total(({ sum, count }) => sum / count)
      case 'last': return total(({ last }) => last)
      case 'rate': return total(({ increase }) => increase) / (query.stepMs / 1000)
      default: return total(({ increase }) => increase)
    }
  })
}

function quantileValues(quantile: number, query: MetricQuery, steps: readonly number[], members: readonly SeriesBuckets[]): (number | null)[] {
  const bounds = [...Map.groupBy(members, ({ labels }) => boundOf(labels['le'])).entries()]
    .filter(([bound]) => !Number.isNaN(bound))
    .sort(([a], [b]) => a - b)
    .map(([bound, those]) => ({ bound, folds: those.map(({ buckets }) => folded(query, steps, buckets)) }))
  return steps.map((_, at) => quantileIn(quantile, bounds.map(({ bound, folds }) => ({ bound, count: folds.reduce((sum, fold) => sum + (fold[at]?.increase ?? 0), 0) }))))
}

const boundOf = (le: string | undefined) => (le === '+Inf' ? Infinity : Number(le ?? Number.NaN))

/**
 * The value below which `quantile` (0 to 1) of the observations are, by linear interpolation in its bucket; of the open bucket its lower
 * bound. `count`: observations up to and with `bound`, in order of bound. Null without observations.
 */
export function quantileIn(quantile: number, cumulative: readonly { bound: number; count: number }[]): number | null {
  const total = cumulative.at(-1)?.count ?? 0
  if (total <= 0) return null
  const rank = quantile * total
  const at = cumulative.findIndex(({ count }) => count >= rank && count > 0)
  const bucket = cumulative[at]
  const before = cumulative[at - 1]
  if (bucket === undefined) return null
  if (bucket.bound === Infinity) return before?.bound ?? null
  const low = before?.bound ?? Math.min(0, bucket.bound)
  const below = before?.count ?? 0
  return bucket.count === below ? bucket.bound : low + ((bucket.bound - low) * (rank - below)) / (bucket.count - below)
}
