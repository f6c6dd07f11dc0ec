/** What callers saw before, during and after a remediation. Pure. */
import type { TrafficPoint } from './traffic.ts'

export type Around = { before: number | null; worst: number | null; after: number | null }

/** What went wrong before it was noticed belongs to it, not to the time before. */
const unnoticedMs = 60_000

/** Shares of failed requests 0..1: all before it, the worst single step until its end, all after it; null where nothing was asked. */
export function failedAround(points: readonly TrafficPoint[], since: string, endedAt: string | null): Around {
  const asked = points.filter((one) => one.requests > 0)
  const from = Date.parse(since) - unnoticedMs
  const until = endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(endedAt)
  const timeOf = (one: TrafficPoint) => Date.parse(one.at)
  const during = asked.filter((one) => timeOf(one) >= from && timeOf(one) <= until)
  return { before: share(asked.filter((one) => timeOf(one) < from)), worst: during.length === 0 ? null : Math.max(...during.map((one) => one.errors / one.requests)), after: share(asked.filter((one) => timeOf(one) > until)) }
}

function share(points: readonly TrafficPoint[]): number | null {
  const requests = points.reduce((sum, one) => sum + one.requests, 0)
  return requests === 0 ? null : points.reduce((sum, one) => sum + one.errors, 0) / requests
}

/** The window that the points cover: its end in seconds since 1970, its length in minutes. */
export function windowOf(points: readonly TrafficPoint[]): { minutes: number; until: number } {
  const times = points.map((one) => Date.parse(one.at) / 1000)
  const until = times.length === 0 ? 0 : Math.max(...times)
  return { until, minutes: Math.max(1, (until - Math.min(...times, until)) / 60) }
}
