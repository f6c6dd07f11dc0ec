/**
 * The health of one running task over time.
 *
 *   starting ──ok──▶ ready ◀──ok── unhealthy        starting ──startup grace over──▶ failed
 *                      └─ `failures` bad probes in a row ─▶┘
 *
 * It probes eagerly while starting (callers wait for it), at `intervalMs` afterwards, and at once when told that
 * somebody saw a failure (`hurry`). It decides nothing: whether a sick task is restarted is the plan's business.
 */
import { formatDuration } from '#base/units.ts'
import type { HealthView } from './plan.ts'
import type { ProbeResult, ProbeTarget } from './probe.ts'

export type ProberOptions = {
  target: ProbeTarget
  /** When the task started, ms since 1970. */
  startedAt: number
  /** Found ready by an earlier agent: it stays in rotation unless a probe says otherwise. */
  wasReady: boolean
  probe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult>
  onChange(view: HealthView, before: HealthView['state']): void
  now(): number
}

export type Prober = { view(): HealthView; hurry(): void; close(): void }

const eagerMs = { min: 15, max: 250 }
const hurryApartMs = 100

export function startProber(options: ProberOptions): Prober {
  const { target, startedAt, now } = options
  const { health } = target
  const closing = new AbortController()
  let view: HealthView = options.wasReady ? { state: 'ready', because: 'it was ready before' } : { state: 'starting', because: 'it has just been started' }
  let failures = 0
  let eager = eagerMs.min
  let timer: NodeJS.Timeout | undefined
  let probing = false
  let hurried = false
  let lastHurry = 0

  function change(next: HealthView) {
    const before = view.state
    view = next
    if (before !== next.state) options.onChange(next, before)
  }

  function schedule(ms: number) {
    clearTimeout(timer)
    timer = setTimeout(() => void once(), ms)
  }

  async function once() {
    if (probing || closing.signal.aborted) return
    probing = true
    hurried = false
    const result = await options.probe(target, closing.signal)
    probing = false
    if (closing.signal.aborted) return
    judge(result)
    if (view.state === 'failed') return
    schedule(hurried ? 0 : nextMs())
  }

  function judge(result: ProbeResult) {
    if (result.ok) {
      failures = 0
      change({ state: 'ready', because: result.because })
      return
    }
    failures++
    if (view.state === 'starting') {
      const left = startedAt + health.startupMs - now()
      if (left <= 0) change({ state: 'failed', because: `it did not become ready within ${formatDuration(health.startupMs)}: ${result.because}` })
      else view = { state: 'starting', because: `not ready yet: ${result.because}` }
      return
    }
    const allowed = health.kind === 'none' ? 1 : health.failures
    if (failures >= allowed) change({ state: 'unhealthy', because: `its health check failed ${failures} times in a row: ${result.because}` })
    else view = { state: view.state, because: `its health check failed ${failures} of ${allowed} times: ${result.because}` }
  }

  function nextMs(): number {
    if (health.kind === 'none') return 2 ** 30
    if (view.state !== 'starting') return health.intervalMs
    eager = Math.min(eagerMs.max, eager * 1.5)
    return Math.min(eager, Math.max(1, startedAt + health.startupMs - now()))
  }

  if (health.kind === 'none') schedule(options.wasReady ? 0 : Math.max(0, startedAt + health.settleMs - now()))
  else schedule(0)

  return {
    view: () => view,
    hurry() {
      if (view.state === 'failed' || health.kind === 'none' || now() - lastHurry < hurryApartMs) return
      lastHurry = now()
      if (probing) hurried = true
      else schedule(0)
    },
    close() {
      closing.abort()
      clearTimeout(timer)
    },
  }
}
