import { latencyBucketsMs } from '#contract/wire.ts'

/**
 * The latency below which `share` (0 to 1) of the answers were, in milliseconds, by linear interpolation in its bucket,
 * as Prometheus' histogram_quantile does. Null without answers. In the open last bucket it is that bucket's lower bound,
 * because nothing better is known.
 */
export function percentile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = share * total
  let below = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] as number
    if (count > 0 && below + count >= rank) {
      const low = bucket === 0 ? 0 : (latencyBucketsMs[bucket - 1] ?? (latencyBucketsMs.at(-1) as number))
      const high = latencyBucketsMs[bucket]
      if (high === undefined) return low
      return round(low + (high - low) * Math.max(0, rank - below) / count)
    }
    below += count
  }
  return latencyBucketsMs.at(-1) as number
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
