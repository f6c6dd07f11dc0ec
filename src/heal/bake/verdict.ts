/**
 * Whether a release is worse than the one before, by what callers saw. Pure.
 *
 * A difference counts when it is no chance (z above 4: about one false alarm in thirty thousand looks, and a bake is looked at
 * every few seconds) *and* large enough to matter. Little traffic gives no verdict; crashes need none.
 */
import { percentile } from '#watch/traffic/percentile.ts'
import type { ReleaseWindow } from './model.ts'

const leastRequests = 50
const surelyZ = 4
/** An error share this much above the one before. */
const leastErrorRise = 0.05
/** The typical answer takes this many times as long, and this much longer. */
const leastSlowdown = 2
const leastSlowdownMs = 50
/** What has just begun answers slowly at first: connections to open, code to warm. */
const warmMs = 15_000
const leastCrashes = 3
const crashFactor = 3

/** Null: nothing speaks against it so far. */
export function faultOf(before: ReleaseWindow, after: ReleaseWindow): string | null {
  return crashFault(before, after) ?? errorFault(before, after) ?? latencyFault(before, after)
}

function crashFault(before: ReleaseWindow, after: ReleaseWindow): string | null {
  if (after.crashes < leastCrashes) return null
  const perMinute = (one: ReleaseWindow) => (one.ms === 0 ? 0 : one.crashes / (one.ms / 60_000))
  if (perMinute(after) < crashFactor * perMinute(before)) return null
  const hourly = (one: ReleaseWindow) => Math.round(perMinute(one) * 600) / 10
  return `its instances crashed or hung ${after.crashes} times since the switch, ${hourly(after)} times an hour (before: ${hourly(before)})`
}

function errorFault(before: ReleaseWindow, after: ReleaseWindow): string | null {
  if (before.requests < leastRequests || after.requests < leastRequests) return null
  const [was, is] = [before.errors / before.requests, after.errors / after.requests]
  if (is - was < leastErrorRise || proportionZ(before, after) < surelyZ) return null
  return `${percent(is)} of ${after.requests} requests failed (before: ${percent(was)} of ${before.requests})`
}

function latencyFault(before: ReleaseWindow, after: ReleaseWindow): string | null {
  const [was, is] = [percentile(before.latency, 0.5), percentile(after.latency, 0.5)]
  if (after.ms < warmMs || was === null || is === null || total(before.latency) < leastRequests || total(after.latency) < leastRequests) return null
  if (is < was * leastSlowdown || is - was < leastSlowdownMs || rankZ(before.latency, after.latency) < surelyZ) return null
  return `half of its answers take more than ${Math.round(is)} ms (before: ${Math.round(was)} ms)`
}

/** Two-proportion z, pooled. Positive: the share of errors rose. */
export function proportionZ(before: Pick<ReleaseWindow, 'requests' | 'errors'>, after: Pick<ReleaseWindow, 'requests' | 'errors'>): number {
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

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
