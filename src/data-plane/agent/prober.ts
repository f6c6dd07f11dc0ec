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
import { formatDuration } from '#base/units.ts'
import type { Listening } from '#drivers/task/port.ts'
import type { HealthView } from './plan.ts'
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
/** How often one that is starting is looked at for the port it listens on. */
const hintEveryMs = 1_000
/** How often a task whose check would not show it is looked at for a freeze. */
const frozenEveryMs = 10_000

export function startProber(options: ProberOptions): Prober {
  const { target, startedAt, now } = options
  const { health } = target
  const closing = new AbortController()
  let view: HealthView = options.wasReady ? { state: 'ready', because: 'it was ready before', ...(health.kind === 'none' ? {} : { goodAt: 0, goodSince: 0 }) } : { state: 'starting', because: 'it has just been started', early: true }
  let failures = 0
  let badSince = 0
  let eager = eagerMs.min
  let timer: NodeJS.Timeout | undefined
  let probing = false
  let looking = false
  let askingLong = false
  let lastHurry = 0
  let hint = ''
  let hintedAt = startedAt

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
    const [began, beganAt] = [performance.now(), now()]
    const result = await options.probe(target, closing.signal)
    const isLast = isOutOfTime() // asked once: the reason belongs to the verdict
    if (!result.ok) await lookForPort(result.closed ?? false, isLast)
    probing = false
    if (closing.signal.aborted) return
    judge(result.ok || hint === '' ? result : { ok: false, because: result.because + hint, ...(result.silent ? { silent: true } : {}) }, beganAt, isLast)
    if (view.state === 'failed') return
    if (!result.ok) void look()
    // bad probes begin an interval apart, however long each has waited
    schedule(result.ok ? nextMs() : Math.max(0, nextMs() - (performance.now() - began)))
  }

  function judge(result: ProbeResult, beganAt: number, isLast = false) {
    if (result.ok) {
      failures = 0
      change({ state: 'ready', because: result.because, ...(health.kind === 'none' ? {} : { goodAt: beganAt, goodSince: view.goodSince ?? beganAt }) })
      return
    }
    if (failures++ === 0) badSince = beganAt
    if (view.state === 'starting') {
      if (isLast) change({ state: 'failed', because: `it did not become ready within ${formatDuration(health.startupMs)}: ${result.because}` })
      else view = { state: 'starting', because: `not ready yet: ${result.because}`, ...(result.closed ? { early: true } : {}) }
      return
    }
    const allowed = health.kind === 'none' ? 1 : health.failures
    if (failures >= allowed) change({ state: 'unhealthy', cause: result.silent ? 'hang' : 'check', badSince, badAt: beganAt, because: `its health check failed ${failures} times in a row: ${result.because}` })
    else view = { ...view, because: `its health check failed ${failures} of ${allowed} times: ${result.because}` }
  }

  const isOutOfTime = () => view.state === 'starting' && startedAt + health.startupMs <= now()

  /** While it is starting now and then, and once more when its time is up: somebody may be waiting for the reason. */
  async function lookForPort(closed: boolean, isLast: boolean) {
    if (view.state !== 'starting' || !closed) hint = ''
    if (isLast) hint = await portHint()
    else if (view.state === 'starting' && closed && now() - hintedAt >= hintEveryMs) {
      hintedAt = now()
      const seen = await portHint()
      hint = seen === noPort ? '' : seen // it may still be about to
    }
  }

  /** What it does instead of listening where it should, which is the commonest reason for not getting ready. */
  async function portHint(): Promise<string> {
    const port = target.address?.port
    if (port === undefined) return ''
    const ports = await options.listening()
    if (ports.length === 0) return noPort
    const there = ports.find((one) => one.port === port)
    if (there === undefined) return `; it listens on ${ports.map((one) => one.port).join(', ')} instead (let it listen on $PORT)`
    return there.loopback && target.address?.host !== '127.0.0.1' ? '; it listens on 127.0.0.1 only, where nobody else reaches it (let it listen on 0.0.0.0)' : ''
  }

  const isServing = () => view.state === 'ready' || view.state === 'doubtful'

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
        if (view.state === 'doubtful') judge(result, beganAt)
        break
      }
      if (++missed >= missedLooks && view.state === 'ready') change({ state: 'doubtful', because: `${result.because}; it is out of rotation until it answers` })
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
    if (view.state !== 'starting') return health.intervalMs
    eager = Math.min(eagerMs.max, eager * 1.5)
    return Math.min(eager, Math.max(1, startedAt + health.startupMs - now()))
  }

  if (health.kind === 'none') schedule(options.wasReady ? 0 : Math.max(0, startedAt + health.settleMs - now()))
  else schedule(0)
  const freezes = health.kind === 'http' ? undefined : setInterval(() => void look(), frozenEveryMs)

  return {
    view: () => view,
    hurry() {
      if (view.state === 'failed' || now() - lastHurry < hurryApartMs) return
      lastHurry = now()
      void look()
      void askLong()
      if (!probing && health.kind !== 'none' && failures === 0) schedule(0)
    },
    close() {
      closing.abort()
      clearTimeout(timer)
      clearInterval(freezes)
    },
  }
}

const noPort = '; it listens on no port'
const frozenNow: ProbeResult = { ok: false, because: 'it is stopped and runs no code' }
