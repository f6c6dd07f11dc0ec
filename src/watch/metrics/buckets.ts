/** From samples to sums over spans of time, and from small spans to larger ones. What is summed twice is the same as summed once. Pure. */
import { type Bucket, type Point, type SeriesKind, rise } from './model.ts'

/** Each sample as a bucket of its own. `before`: the value of the sample before the first, if any. Points in order of time. */
export function samplesOf(kind: SeriesKind, points: readonly Point[], before: number | null): Bucket[] {
  let last = before
  return points.map(({ atMs, value }) => {
    const increase = kind === 'gauge' ? 0 : kind === 'delta' ? value : rise(last, value)
    last = value
    return { atMs, widthMs: 0, min: value, max: value, sum: value, count: 1, last: value, increase }
  })
}

/** Sums over spans of `widthMs`, which begin at whole multiples of it. Buckets in order of time; narrower ones only. */
export function widened(buckets: readonly Bucket[], widthMs: number): Bucket[] {
  const wide = new Map<number, Bucket>()
  for (const bucket of buckets) {
    const atMs = Math.floor(bucket.atMs / widthMs) * widthMs
    const sum = wide.get(atMs)
    wide.set(atMs, sum === undefined ? { ...bucket, atMs, widthMs } : added(sum, bucket))
  }
  return [...wide.values()].sort((a, b) => a.atMs - b.atMs)
}

/** `b` came after `a`. */
function added(a: Bucket, b: Bucket): Bucket {
  return { ...a, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), sum: a.sum + b.sum, count: a.count + b.count, last: b.last, increase: a.increase + b.increase }
}

/** In order of time; of two samples of one moment the later told one. */
export function inOrder(points: readonly Point[]): Point[] {
  const byTime = new Map(points.map((point) => [point.atMs, point]))
  return [...byTime.values()].sort((a, b) => a.atMs - b.atMs)
}
