/**
 * The health of one running task over time.
 *
 *   starting ──ok──▶ ready ◀──ok── unhealthy        starting ──startup grace over──▶ failed
 *                    │ ▲ └─ `failures` bad probes in a row, or frozen ─▶┘ ▲
 *                    │ └─ok─ doubtful ────────────────────────────────────┘
 *                    └─ two quick looks missed ─▶┘
 *
 * It probes eagerly while starting (callers wait for it), and at `intervalMs` afterwards. When told that somebody saw a
 * failure or silence (`hurry`), or after a bad probe, it looks closer: quick looks, a moment apart, that cost an instance its
 * place in the rotation at the second miss and give it back at the first answer. They count as no failure, so that a program
 * that is slow once is not restarted for it. It decides nothing: whether a sick task is restarted is the plan's business.
 */
import { sleep } from '#base/clock.ts'
import type { Listening } from '#drivers/task/port.ts'
import { judged, type Known } from './judged.ts'
import type { HealthView } from './plan.ts'
import { PortHint } from './port-hint.ts'
import { type ProbeResult, type ProbeTarget, probeAnswers } from './probe.ts'

export type ProberOptions = {
  target: ProbeTarget
  /** When the task started, ms since 1970. */
  startedAt: number
  /** Found ready by an earlier agent: it stays in rotation unless a probe says otherwise. */
  wasReady: boolean
  probe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult>
  /** Whether it runs no code at all. */
  frozen(): Promise<boolean>
  /** The ports it listens on, as far as one can see. */
  listening(): Promise<Listening[]>
  onChange(view: HealthView, before: HealthView['state']): void
  now(): number
}

export type Prober = { view(): HealthView; hurry(): void; close(): void }

const eagerMs = { min: 15, max: 250 }
const hurryApartMs = 100
/** Time for one quick look, and from one to the next. Healthy programs answer their check within milliseconds. */
const quickLookMs = 250
/** A stop of a moment is a tool's (a debugger's, a checkpoint's); two looks apart it is a freeze. */
const frozenLooks = 2
const missedLooks = 2
/** Silence behind a port that accepts connections, and without a check to judge by: only what no slow request explains. */
const longSilenceMs = 30_000
/** How often a task whose check would not show it is looked at for a freeze. */
const frozenEveryMs = 10_000

export function startProber(options: ProberOptions): Prober {
  const { target, startedAt, now } = options
  const { health } = target
  const closing = new AbortController()
  const first: HealthView = options.wasReady ? { state: 'ready', because: 'it was ready before', ...(health.kind === 'none' ? {} : { goodAt: 0, goodSince: 0 }) } : { state: 'starting', because: 'it has just been started', early: true }
  let known: Known = { view: first, failures: 0, badSince: 0 }
  const hint = new PortHint(target.address, startedAt, options.listening)
  let eager = eagerMs.min
  let timer: NodeJS.Timeout | undefined
  let probing = false
  let looking = false
  let askingLong = false
  let lastHurry = 0

  const change = (view: HealthView) => note({ ...known, view })
  const judge = (result: ProbeResult, beganAt: number, isLast = false) => note(judged(known, result, { health, beganAt, isLast }))

  function note(next: Known) {
    const before = known.view.state
    known = next
    if (before !== next.view.state) options.onChange(next.view, before)
  }

  function schedule(ms: number) {
    clearTimeout(timer)
    timer = setTimeout(() => void once(), ms)
  }

  async function once() {
    if (probing || closing.signal.aborted) return
    probing = true
    const [began, beganAt] = [performance.now(), now()]
    const result = await options.probe(target, closing.signal)
    const isLast = isOutOfTime() // asked once: the reason belongs to the verdict
    const words = result.ok ? '' : await hint.after(known.view.state, { closed: result.closed ?? false, isLast }, now())
    probing = false
    if (closing.signal.aborted) return
    judge(words === '' ? result : { ok: false, because: result.because + words, ...(result.silent ? { silent: true } : {}) }, beganAt, isLast)
    if (known.view.state === 'failed') return
    if (!result.ok) void look()
    // bad probes begin an interval apart, however long each has waited
    schedule(result.ok ? nextMs() : Math.max(0, nextMs() - (performance.now() - began)))
  }

  const isOutOfTime = () => known.view.state === 'starting' && startedAt + health.startupMs <= now()

  const isServing = () => known.view.state === 'ready' || known.view.state === 'doubtful'

  /** Until it answers, or is known to be sick. */
  async function look() {
    if (looking || !isServing()) return
    looking = true
    let missed = 0
    let frozen = 0
    while (!closing.signal.aborted && isServing()) {
      frozen = (await options.frozen()) ? frozen + 1 : 0
      if (closing.signal.aborted || !isServing()) break
      if (frozen >= frozenLooks) change({ state: 'unhealthy', cause: 'frozen', because: 'it is frozen: something stopped it (SIGSTOP, or a pause of its engine), and it runs no code' })
      const beganAt = now()
      const result = frozen > 0 ? frozenNow : await quickLook()
      if (closing.signal.aborted || !isServing()) break
      if (result.ok) {
        if (known.view.state === 'doubtful') judge(result, beganAt)
        break
      }
      if (++missed >= missedLooks && known.view.state === 'ready') change({ state: 'doubtful', because: `${result.because}; it is out of rotation until it answers` })
      await sleep(quickLookMs, closing.signal).catch(() => {})
    }
    looking = false
  }

  /** Where a look costs a program of its own, or would say nothing, only a freeze is looked for. */
  function quickLook(): Promise<ProbeResult> {
    if (health.kind !== 'http') return Promise.resolve({ ok: true, because: 'it is not frozen' })
    return options.probe({ ...target, health: { ...health, timeoutMs: Math.min(health.timeoutMs, quickLookMs) } }, closing.signal)
  }

  async function askLong() {
    if (askingLong || health.kind !== 'tcp' || !health.http || target.address === null || !isServing()) return
    askingLong = true
    const beganAt = now()
    const result = await probeAnswers(target.address, longSilenceMs, closing.signal)
    askingLong = false
    if (result.silent && !closing.signal.aborted && isServing()) change({ state: 'unhealthy', cause: 'hang', badSince: beganAt, badAt: beganAt, because: `it accepts connections and answers nothing: ${result.because}` })
  }

  function nextMs(): number {
    if (health.kind === 'none') return 2 ** 30
    if (known.view.state !== 'starting') return health.intervalMs
    eager = Math.min(eagerMs.max, eager * 1.5)
    return Math.min(eager, Math.max(1, startedAt + health.startupMs - now()))
  }

  if (health.kind === 'none') schedule(options.wasReady ? 0 : Math.max(0, startedAt + health.settleMs - now()))
  else schedule(0)
  const freezes = health.kind === 'http' ? undefined : setInterval(() => void look(), frozenEveryMs)

  return {
    view: () => known.view,
    hurry() {
      if (known.view.state === 'failed' || now() - lastHurry < hurryApartMs) return
      lastHurry = now()
      void look()
      void askLong()
      if (!probing && health.kind !== 'none' && known.failures === 0) schedule(0)
    },
    close() {
      closing.abort()
      clearTimeout(timer)
      clearInterval(freezes)
    },
  }
}

const frozenNow: ProbeResult = { ok: false, because: 'it is stopped and runs no code' }
