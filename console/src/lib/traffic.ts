/** Series of routes and edges added up to what a graph shows. Pure. */
import type { ResourceSeries, TrafficSeries } from '#contract/model.ts'

export type TrafficPoint = TrafficSeries['points'][number]
export type TrafficLine = { times: number[]; rate: number[]; errorShare: (number | null)[]; p50: (number | null)[]; p99: (number | null)[] }

/**
 * Adds series up by time, without the newest step, which has only begun.
 * Rates are per second of the step between points; latency is weighted by requests (p50) or the
 * worst (p99). Times are seconds since 1970.
 */
export function addUp(series: readonly Pick<TrafficSeries, 'points'>[]): TrafficLine {
  const byTime = new Map<number, { requests: number; errors: number; p50Sum: number; p50Weight: number; p99: number | null }>()
  for (const one of series) {
    for (const point of one.points) {
      const time = Date.parse(point.at) / 1000
      const sum = byTime.get(time) ?? { requests: 0, errors: 0, p50Sum: 0, p50Weight: 0, p99: null }
      sum.requests += point.requests
      sum.errors += point.errors
      if (point.p50Ms !== null) {
        sum.p50Sum += point.p50Ms * point.requests
        sum.p50Weight += point.requests
      }
      if (point.p99Ms !== null) sum.p99 = Math.max(sum.p99 ?? 0, point.p99Ms)
      byTime.set(time, sum)
    }
  }
  const all = [...byTime.keys()].sort((a, b) => a - b)
  const step = stepOf(all)
  const times = all.slice(0, -1)
  const sums = times.map((time) => byTime.get(time) as NonNullable<ReturnType<typeof byTime.get>>)
  return {
    times,
    rate: sums.map((one) => one.requests / step),
    errorShare: sums.map((one) => (one.requests === 0 ? null : one.errors / one.requests)),
    p50: sums.map((one) => (one.p50Weight === 0 ? null : one.p50Sum / one.p50Weight)),
    p99: sums.map((one) => one.p99),
  }
}

/** The most usual distance between points, in seconds. */
function stepOf(times: readonly number[]): number {
  const distances = times.slice(1).map((time, index) => time - (times[index] as number))
  distances.sort((a, b) => a - b)
  return distances[Math.floor(distances.length / 2)] ?? 15
}

export type Lines = { times: number[]; lines: { name: string; values: (number | null)[] }[] }

/** One line a service (its instances added up), or one an instance where a service is chosen; on common times. */
export function resourceLines(series: readonly ResourceSeries[], by: 'service' | 'name', value: (point: ResourceSeries['points'][number]) => number): Lines {
  const times = [...new Set(series.flatMap((one) => one.points.map((point) => Date.parse(point.at) / 1000)))].sort((a, b) => a - b)
  const place = new Map(times.map((time, index) => [time, index]))
  const lines = [...Map.groupBy(series, (one) => one[by])].map(([name, members]) => {
    const values: (number | null)[] = times.map(() => null)
    for (const point of members.flatMap((one) => one.points)) {
      const index = place.get(Date.parse(point.at) / 1000) as number
      values[index] = (values[index] ?? 0) + value(point)
    }
    return { name, values }
  })
  return { times, lines }
}

const known = (values: readonly (number | null)[]) => values.filter((value): value is number => value !== null)
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length)

/** The newest value, and the mean of the last quarter against the mean of what was before it. */
export function trend(values: readonly (number | null)[]): { now: number | null; recent: number; before: number } {
  const all = known(values)
  const cut = Math.floor(all.length * 0.75)
  return { now: all.at(-1) ?? null, recent: mean(all.slice(cut)), before: mean(all.slice(0, cut)) }
}
