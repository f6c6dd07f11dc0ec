import type { Outcome } from './load.ts'

export type Measured = {
  sent: number
  failedGets: number
  failedPosts: number
  p99Ms: number
  maxMs: number
  /** From the strike to the last answer of a process that was there before; null: such a one still answered in the last second watched. */
  oldUntilMs: number | null
  /** From the strike until the last request was due that failed or took longer than a second; 0: none did. */
  cleanAfterMs: number
  /** The last second watched was not clean. */
  endedUnclean: boolean
}

export const lateMs = 1_000

/** What callers saw from `struckAt` on. `before`: the processes that answered until then. Pure. */
export function measure(outcomes: readonly Outcome[], struckAt: number, before: ReadonlySet<string>): Measured {
  const during = outcomes.filter((one) => one.dueAt >= struckAt - 50)
  const failed = during.filter((one) => one.process === null)
  const latencies = during.flatMap((one) => (one.process === null ? [] : [one.endedAt - one.dueAt])).sort((a, b) => a - b)
  const old = during.filter((one) => one.process !== null && before.has(one.process)).map((one) => one.endedAt)
  const bad = during.filter((one) => one.process === null || one.endedAt - one.dueAt > lateMs).map((one) => one.dueAt)
  const last = Math.max(...during.map((one) => one.dueAt))
  return {
    sent: during.length,
    failedGets: failed.filter((one) => one.method === 'GET').length,
    failedPosts: failed.filter((one) => one.method === 'POST').length,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    maxMs: latencies.at(-1) ?? Number.NaN,
    oldUntilMs: old.some((at) => at > last - 1_000) ? null : Math.max(0, ...old.map((at) => at - struckAt)),
    cleanAfterMs: bad.length === 0 ? 0 : Math.max(0, Math.max(...bad) - struckAt),
    endedUnclean: bad.some((at) => at > last - 1_000),
  }
}
