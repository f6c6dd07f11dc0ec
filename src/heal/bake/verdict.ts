/**
 * Whether a release is worse than the one before, by what callers saw. Pure.
 *
 * A difference counts when it is no chance *and* large enough to matter. Little traffic gives no verdict; crashes need none.
 */
import { percentile } from '#watch/traffic/percentile.ts'
import { proportionZ, rankZ, surelyZ, total } from '#heal/significance.ts'
import type { ReleaseWindow } from './model.ts'

const leastRequests = 50
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

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
