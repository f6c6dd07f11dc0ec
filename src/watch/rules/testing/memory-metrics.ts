/** Metrics that a test holds in memory: functions of time, one a series. Answers as the store of metrics does. */
import type { Labels, QueryMetrics } from '../model.ts'

export type Series = { metric: string; labels: Labels; valueAt: (atMs: number) => number | null }

/** Every function over a step is the value at its end; `increase` is the difference over it. */
export function memoryMetrics(all: readonly Series[]): QueryMetrics {
  return async ({ metric, where, fn, since, until, stepMs, offsetMs = 0 }, apps) => ({
    series: all
      .filter((one) => one.metric === metric && Object.entries(where).every(([label, value]) => [value].flat().includes(one.labels[label] ?? '')))
      .filter((one) => apps === null || apps.includes(one.labels['app'] ?? ''))
      .map(({ labels, valueAt }) => {
        const first = Math.floor(since.getTime() / stepMs) * stepMs
        const count = Math.ceil((until.getTime() - first) / stepMs)
        const points = Array.from({ length: count }, (_, nth): [number, number | null] => {
          const start = first + nth * stepMs
          const [before, after] = [valueAt(start - offsetMs), valueAt(start + stepMs - offsetMs)]
          return [start, fn === 'increase' ? (before === null || after === null ? null : after - before) : after]
        })
        return { labels, points }
      })
      .filter(({ points }) => points.some(([, value]) => value !== null)),
  })
}
