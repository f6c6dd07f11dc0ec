/** The first few lines of an answer, and what is told of the others. Pure. */
import type { MetricFn, MetricRank } from '#contract/metrics.ts'
import type { MetricSeries } from './query.ts'

export type Top = { most: number; rank: MetricRank }
/** `points`: between which values the others lie, and their sum where series of `fn` add up. */
export type Others = { count: number; points: [atMs: number, low: number | null, high: number | null, sum: number | null][] }

const adding = new Set<MetricFn>(['sum', 'last', 'rate', 'increase'])

/** The greatest first; of `min` the least, since those are what it is asked for. */
export function topOf(series: readonly MetricSeries[], fn: MetricFn, { most, rank }: Top): { series: MetricSeries[]; others: Others | null } {
  const sign = fn === 'min' ? 1 : -1
  const ranked = series.map((one) => ({ one, key: JSON.stringify(Object.entries(one.labels).sort()), value: rankOf(one, fn, rank) }))
  const sorted = ranked.toSorted((a, b) => sign * (a.value - b.value) || (a.key < b.key ? -1 : 1)).map(({ one }) => one)
  const rest = sorted.slice(most)
  return { series: sorted.slice(0, most), others: rest.length === 0 ? null : { count: rest.length, points: between(rest, adding.has(fn)) } }
}

function rankOf({ points }: MetricSeries, fn: MetricFn, rank: MetricRank): number {
  const known = points.flatMap(([, value]) => value ?? [])
  if (rank === 'last') return known.at(-1) ?? 0
  if (rank === 'mean') return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length)
  return known.reduce((most, value) => (fn === 'min' ? Math.min(most, value) : Math.max(most, value)), fn === 'min' ? Infinity : -Infinity)
}

/** All series of an answer have the same steps. */
function between(series: readonly MetricSeries[], adds: boolean): Others['points'] {
  return (series[0]?.points ?? []).map(([atMs], at) => {
    const known = series.flatMap(({ points }) => points[at]?.[1] ?? [])
    if (known.length === 0) return [atMs, null, null, null]
    return [atMs, known.reduce((one, other) => Math.min(one, other)), known.reduce((one, other) => Math.max(one, other)), adds ? known.reduce((one, other) => one + other) : null]
  })
}
