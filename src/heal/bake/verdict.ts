/**
 * Whether a release is worse than the one before, by what callers saw. Pure.
 *
 * A difference counts when it is no chance *and* large enough to matter. Little traffic gives no verdict; crashes need none. Each service is
 * compared with itself: two releases may have been asked for another mixture of services, and that says nothing of either.
 */
import { percentile } from '#watch/traffic/percentile.ts'
import type { ReleaseTraffic } from '#watch/traffic/read.ts'
import { proportionZ, rankZ, surelyZ, total } from '#heal/significance.ts'
import type { ReleaseWindow } from './model.ts'

const leastRequests = 50
/** Of instances that are no longer warming up. Fewer do: they confirm what all of them say. */
const leastSteadyRequests = 10
/** Of a release that gave way already, which nothing is taken back for: so many failures say enough, if most of its answers were failures. One that hangs gives few answers, each a time limit. */
const leastFailures = 10
/** An error share this much above the one before. */
const leastErrorRise = 0.05
/** The typical answer takes this many times as long, and this much longer. */
const leastSlowdown = 2
const leastSlowdownMs = 50
/** What has just begun answers slowly at first: connections to open, code to warm. */
const warmMs = 15_000
const leastCrashes = 3
const crashFactor = 3

const unasked: ReleaseTraffic = { requests: 0, errors: 0, latency: [], warming: { requests: 0, errors: 0 } }

/** Null: nothing speaks against it so far. Names the service where there are several. `isOver`: it serves no more, and gets no more answers. */
export function faultOf(before: ReleaseWindow, after: ReleaseWindow, isOver = false): string | null {
  const crashed = crashFault(before, after)
  if (crashed !== null) return crashed
  const names = [...new Set([...Object.keys(before.services), ...Object.keys(after.services)])].sort()
  const word = (name: string, fault: string) => (names.length === 1 ? fault : `${name}: ${fault}`)
  for (const fault of [errorFault, latencyFault]) {
    for (const name of names) {
      const found = fault(before.services[name] ?? unasked, after.services[name] ?? unasked, { ms: after.ms, isOver })
      if (found !== null) return word(name, found)
    }
  }
  return null
}

function crashFault(before: ReleaseWindow, after: ReleaseWindow): string | null {
  if (after.crashes < leastCrashes) return null
  const perMinute = (one: ReleaseWindow) => (one.ms === 0 ? 0 : one.crashes / (one.ms / 60_000))
  if (perMinute(after) < crashFactor * perMinute(before)) return null
  const hourly = (one: ReleaseWindow) => Math.round(perMinute(one) * 600) / 10
  return `its instances crashed or hung ${after.crashes} times since the switch, ${hourly(after)} times an hour (before: ${hourly(before)})`
}

/** Errors of instances that have just begun count only once they go on: what is asked of them afterwards must be as bad by itself. */
function errorFault(before: ReleaseTraffic, after: ReleaseTraffic, { isOver }: { isOver: boolean }): string | null {
  const steady = { requests: after.requests - after.warming.requests, errors: after.errors - after.warming.errors }
  const isAsked = after.requests >= leastRequests && steady.requests >= leastSteadyRequests
  const mostFailed = isOver && steady.errors >= leastFailures && steady.errors * 2 > steady.requests
  if (before.requests < leastRequests || !(isAsked || mostFailed)) return null
  if (!isWorse(before, after) || !isWorse(before, steady)) return null
  return `${percent(after.errors / after.requests)} of ${after.requests} requests failed (before: ${percent(before.errors / before.requests)} of ${before.requests})`
}

function isWorse(before: { requests: number; errors: number }, after: { requests: number; errors: number }): boolean {
  return after.errors / after.requests - before.errors / before.requests >= leastErrorRise && proportionZ(before, after) >= surelyZ
}

function latencyFault(before: ReleaseTraffic, after: ReleaseTraffic, { ms }: { ms: number }): string | null {
  const [was, is] = [percentile(before.latency, 0.5), percentile(after.latency, 0.5)]
  if (ms < warmMs || was === null || is === null || total(before.latency) < leastRequests || total(after.latency) < leastRequests) return null
  if (is < was * leastSlowdown || is - was < leastSlowdownMs || rankZ(before.latency, after.latency) < surelyZ) return null
  return `half of its answers take more than ${Math.round(is)} ms (before: ${Math.round(was)} ms)`
}

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`
