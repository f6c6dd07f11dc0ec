/** What a probe makes of what was known of a task's health. Pure. */
import type { HealthSpec } from '#contract/wire.ts'
import { formatDuration } from '#base/units.ts'
import type { HealthView } from './plan.ts'
import type { ProbeResult } from './probe.ts'

export type Known = {
  view: HealthView
  /** Bad probes in a row. */
  failures: number
  /** When the first of them began, ms since 1970. */
  badSince: number
}

/** @param probe.isLast  its time for getting ready was up when the probe ended */
export function judged(known: Known, result: ProbeResult, probe: { health: HealthSpec; beganAt: number; isLast: boolean }): Known {
  const { view } = known
  const { health, beganAt } = probe
  if (result.ok) return { ...known, failures: 0, view: { state: 'ready', because: result.because, ...(health.kind === 'none' ? {} : { goodAt: beganAt, goodSince: view.goodSince ?? beganAt }) } }
  const failures = known.failures + 1
  const badSince = known.failures === 0 ? beganAt : known.badSince
  return { failures, badSince, view: view.state === 'starting' ? stillStarting(result, probe) : stillRunning(view, result, { ...probe, failures, badSince }) }
}

function stillStarting(result: ProbeResult, { health, isLast }: { health: HealthSpec; isLast: boolean }): HealthView {
  if (isLast) return { state: 'failed', because: `it did not become ready within ${formatDuration(health.startupMs)}: ${result.because}` }
  return { state: 'starting', because: `not ready yet: ${result.because}`, ...(result.closed ? { early: true } : {}) }
}

function stillRunning(view: HealthView, result: ProbeResult, { health, beganAt, failures, badSince }: { health: HealthSpec; beganAt: number; failures: number; badSince: number }): HealthView {
  const allowed = health.kind === 'none' ? 1 : health.failures
  if (failures < allowed) return { ...view, because: `its health check failed ${failures} of ${allowed} times: ${result.because}` }
  return { state: 'unhealthy', cause: result.silent ? 'hang' : 'check', badSince, badAt: beganAt, because: `its health check failed ${failures} times in a row: ${result.because}` }
}
