/** Whether what callers saw of two times or two releases differs by more than chance. Pure. Where there is nothing to compare, there is no difference. */

/** A z above this is no chance: about one false alarm in thirty thousand looks, and it is looked at every few seconds. */
export const surelyZ = 4

export type Counted = { requests: number; errors: number }

/** Two-proportion z, pooled. Positive: the share of errors rose. */
export function proportionZ(before: Counted, after: Counted): number {
  if (before.requests === 0 || after.requests === 0) return 0
  const pooled = (before.errors + after.errors) / (before.requests + after.requests)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / before.requests + 1 / after.requests))
  return deviation === 0 ? 0 : (after.errors / after.requests - before.errors / before.requests) / deviation
}

/** Mann–Whitney z over the buckets, with the correction for ties. Positive: answers got slower. */
export function rankZ(before: readonly number[], after: readonly number[]): number {
  const [n, m] = [total(before), total(after)]
  const all = n + m
  if (n === 0 || m === 0) return 0
  let rank = 0
  let rankSum = 0
  let ties = 0
  for (let bucket = 0; bucket < Math.max(before.length, after.length); bucket++) {
    const [a, b] = [before[bucket] ?? 0, after[bucket] ?? 0]
    const here = a + b
    rankSum += b * (rank + (here + 1) / 2)
    ties += here ** 3 - here
    rank += here
  }
  const mean = (m * (all + 1)) / 2
  const deviation = Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))))
  return deviation === 0 ? 0 : (rankSum - mean) / deviation
}

export const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)
