import { latencyBucketsMs } from '#contract/wire.ts'

/**
 * A percentile from bucket counts, in milliseconds, by linear interpolation inside the bucket; the open bucket answers
 * its lower bound. Null without a request. `share` is between 0 and 1.
 */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const wanted = share * total
  let below = 0
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] as number
    if (count > 0 && below + count >= wanted) {
      const from = index === 0 ? 0 : (latencyBucketsMs[index - 1] as number)
      const to = latencyBucketsMs[index]
      return to === undefined ? from : from + (to - from) * Math.max(0, (wanted - below) / count)
    }
    below += count
  }
  return latencyBucketsMs.at(-1) as number
}

export function addCounts(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => (a[index] ?? 0) + (b[index] ?? 0))
}
