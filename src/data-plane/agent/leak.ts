/**
 * Whether an instance's memory is on its way to its limit, from samples of some minutes. Pure.
 *
 * A program that allocates and collects draws a saw: its mean is flat, or was rising only until its caches were full. So the
 * slope is the median of the slopes between all pairs (Theil–Sen: up to 29 % of wild samples do not move it), each third of the
 * window must lie above the one before, and a limit far away in bytes or in time is nobody's business yet.
 */
import { formatDuration, formatSize } from '#base/units.ts'

export type MemorySample = { /** ms */ at: number; bytes: number }

/** What is looked at; older samples are forgotten. */
export const windowMs = 10 * 60_000
const leastMs = 5 * 60_000
const leastSamples = 20
/** Below this share of the limit there is time to grow. */
const nearShare = 0.7
const soonMs = 10 * 60_000
/** A rise that the window shows only this much of is noise. */
const leastRiseShare = 0.05

/** Samples in order of time, of one process. Null: no reason to act. */
export function leakOf(samples: readonly MemorySample[], limitBytes: number): string | null {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined || samples.length < leastSamples || last.at - first.at < leastMs) return null
  const third = Math.floor(samples.length / 3)
  const [early, middle, late] = [samples.slice(0, third), samples.slice(third, 2 * third), samples.slice(2 * third)].map((part) => median(part.map((sample) => sample.bytes))) as [number, number, number]
  if (!(early < middle && middle < late) || late < nearShare * limitBytes) return null
  const perMs = slopeOf(samples)
  const rise = perMs * (last.at - first.at)
  const now = late + (perMs * (last.at - first.at)) / 6 // the last third's middle lies a sixth of the window back
  const leftMs = (limitBytes - now) / perMs
  if (!(perMs > 0) || rise < leastRiseShare * limitBytes || leftMs > soonMs) return null
  return `its memory rises by ${formatSize(Math.round(perMs * 60_000))} a minute and would reach its limit of ${formatSize(limitBytes)} in about ${formatDuration(Math.max(1, Math.round(leftMs / 60_000)) * 60_000)}`
}

/** Bytes a millisecond. */
function slopeOf(samples: readonly MemorySample[]): number {
  const slopes: number[] = []
  for (const [nth, a] of samples.entries()) for (const b of samples.slice(nth + 1)) if (b.at > a.at) slopes.push((b.bytes - a.bytes) / (b.at - a.at))
  return slopes.length === 0 ? 0 : median(slopes)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
