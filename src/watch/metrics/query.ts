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
  /** Only series on which this label is not empty. */
  with?: string | undefined
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

export function answer(query: MetricQuery, series: readonly SeriesBuckets[]): MetricSeries[] {
  const gathered = gathering(query)
  for (const one of series) gathered.add(one)
  return gathered.answer()
}

/** Starts of the steps that hold the asked time, from the first on. */
export function stepsOf({ since, until, stepMs }: Pick<MetricQuery, 'since' | 'until' | 'stepMs'>): number[] {
  const first = Math.floor(since.getTime() / stepMs) * stepMs
  const last = Math.floor((until.getTime() - 1) / stepMs) * stepMs
  return Array.from({ length: Math.max(0, (last - first) / stepMs + 1) }, (_, at) => first + at * stepMs)
}

/** Of each step of a group, or of one bound of a group: its series so far together, and how many of them are known there. */
type Total = { values: Float64Array; known: Uint32Array }
type Group = { labels: Labels; /** By upper bound of a histogram; of anything else the one at 0. */ totals: Map<number, Total> }

export type Gathering = {
  /** Buckets in order of time. Those that begin before the first step or after the last are passed over. */
  add(series: SeriesBuckets): void
  /** Groups there are, and numbers that are held for them. */
  size(): { groups: number; numbers: number }
  /** Groups of which something is known. */
  answer(): MetricSeries[]
}

/** An answer that is made of one series after the other, so that never more than a few of them need be read at once. */
export function gathering(query: MetricQuery): Gathering {
  const steps = stepsOf(query)
  const quantile = quantileOf(query.fn)
  const groups = new Map<string, Group>()
  let totals = 0

  function totalOf(labels: Labels): Total | null {
    const bound = quantile === null ? 0 : boundOf(labels['le'])
    if (Number.isNaN(bound)) return null
    const own = groupLabels(labels, query.by, quantile !== null)
    const key = JSON.stringify(Object.entries(own).sort())
    const group = groups.get(key) ?? { labels: own, totals: new Map() }
    groups.set(key, group)
    const total = group.totals.get(bound) ?? { values: new Float64Array(steps.length), known: new Uint32Array(steps.length) }
    if (!group.totals.has(bound)) totals++
    group.totals.set(bound, total)
    return total
  }

  return {
    add({ labels, buckets }) {
      const folds = folded(query, steps, buckets)
      if (folds.every((fold) => fold === undefined)) return
      const total = totalOf(labels)
      if (total === null) return
      folds.forEach((fold, at) => {
        if (fold === undefined) return
        const value = valueOf(query.fn, fold)
        total.values[at] = (total.known[at] as number) === 0 ? value : together(query.fn, total.values[at] as number, value)
        ;(total.known[at] as number)++
      })
    },
    size: () => ({ groups: groups.size, numbers: totals * steps.length }),
    answer() {
      const answers = [...groups.values()].map(({ labels, totals: own }): MetricSeries => {
        const values = quantile === null ? plainValues(query, own.get(0) as Total) : quantileValues(quantile, own, steps.length)
        return { labels, points: steps.map((atMs, at) => [atMs, values[at] ?? null]) }
      })
      return answers.filter(({ points }) => points.some(([, value]) => value !== null))
    },
  }
}

function groupLabels(labels: Labels, by: readonly string[] | undefined, isHistogram: boolean): Labels {
  const kept = by === undefined ? Object.keys(labels).filter((label) => !(isHistogram && label === 'le')) : by.filter((label) => label in labels)
  return Object.fromEntries(kept.map((label) => [label, labels[label] as string]))
}

type Fold = { min: number; max: number; sum: number; count: number; last: number; increase: number }

/** The buckets of each step together; undefined where there is none. */
function folded(query: MetricQuery, steps: readonly number[], buckets: readonly Bucket[]): (Fold | undefined)[] {
  const folds = Array.from<Fold | undefined>({ length: steps.length }).fill(undefined)
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

/** Of one series in one step. */
function valueOf(fn: MetricFn, fold: Fold): number {
  switch (fn) {
    case 'min': return fold.min
    case 'max': return fold.max
    case 'avg':
    case 'sum': return fold.sum / fold.count
    case 'last': return fold.last
    default: return fold.increase
  }
}

const together = (fn: MetricFn, one: number, other: number) => (fn === 'min' ? Math.min(one, other) : fn === 'max' ? Math.max(one, other) : one + other)

function plainValues({ fn, stepMs }: MetricQuery, { values, known }: Total): (number | null)[] {
  const parts = (at: number) => (fn === 'avg' ? (known[at] as number) : fn === 'rate' ? stepMs / 1000 : 1)
  return Array.from(values, (value, at) => (known[at] === 0 ? null : value / parts(at)))
}

function quantileValues(quantile: number, totals: ReadonlyMap<number, Total>, steps: number): (number | null)[] {
  const bounds = [...totals].sort(([a], [b]) => a - b)
  return Array.from({ length: steps }, (_, at) => quantileIn(quantile, bounds.map(([bound, { values }]) => ({ bound, count: values[at] as number }))))
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
