/**
 * Keeps a few processes running: observe → plan → apply, several times a second. It owns none of them: they are detached,
 * found again by their records, and live on when it dies. What it decides stands in plan.ts; nothing here decides.
 */
import { type Clock, sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '../log.ts'
import { boundLog } from './log-file.ts'
import type { Found, Health, Managed } from './managed.ts'
import { type History, type Observed, type Wait, plan, stableMs } from './plan.ts'

const periodMs = 200
const logCheckMs = 30_000

export type ProcessView = {
  name: string
  pid: number | null
  startedAt: string | null
  health: Health | 'down'
  /** Starts after the first one that this supervisor made. */
  restarts: number
  because: string
}

export type Supervisor = {
  /** Resolves when everything wanted has been ready at the same time. Rejects when stopped before. */
  ready: Promise<void>
  view(): ProcessView[]
  /** Ends supervision; the processes run on. Resolves when no action is under way. */
  stop(): Promise<void>
}

type Track = { health: Health; since: number; pid: number; probedAt: number; probing: boolean; restarts: number; because: string; found: Found | undefined }

export function supervise(options: { managed: () => Managed[]; clock: Clock; log: Logger; onChange: (view: ProcessView[]) => void }): Supervisor {
  const { clock, log } = options
  const tracks = new Map<string, Track>()
  const histories = new Map<string, History>()
  const busy = new Map<string, Promise<void>>()
  const ended = new AbortController()
  let wake = () => {}
  let lastView = ''
  let logsCheckedAt = 0
  const ready = Promise.withResolvers<void>()
  ready.promise.catch(() => {}) // whoever waits for it sees the rejection; nobody need wait

  function trackOf(name: string): Track {
    return tracks.getOrInsertComputed(name, () => ({ health: 'starting', since: 0, pid: 0, probedAt: 0, probing: false, restarts: 0, because: '', found: undefined }))
  }

  async function observe(each: Managed): Promise<Observed | undefined> {
    const now = clock.now().getTime()
    const track = trackOf(each.name)
    const found = await each.find()
    track.found = found
    if (!found) {
      track.pid = 0
      return undefined
    }
    if (found.pid !== track.pid) Object.assign(track, { pid: found.pid, health: 'starting', since: now, probedAt: 0 } satisfies Partial<Track>)
    const due = track.health === 'ready' ? each.probeEveryMs : periodMs
    if (!track.probing && now - track.probedAt >= due) void probe(each, track)
    return { name: each.name, fingerprint: found.fingerprint, health: track.health, forMs: now - track.since }
  }

  async function probe(each: Managed, track: Track): Promise<void> {
    const { pid } = track
    track.probing = true
    track.probedAt = clock.now().getTime()
    // a process that never was ready and does not answer is still starting
    const answer = await each.probe().catch((): Health => 'silent')
    track.probing = false
    if (track.pid !== pid) return
    const health = answer === 'silent' && track.health === 'starting' ? 'starting' : answer
    if (health === track.health) return
    track.health = health
    track.since = clock.now().getTime()
    wake()
  }

  function apply(each: Managed, action: 'start' | 'replace' | 'kill', because: string): void {
    const track = trackOf(each.name)
    track.because = because
    log.info({ name: each.name, pid: track.found?.pid, because }, action)
    const work = async () => {
      if (action === 'replace') return each.stop()
      if (action === 'kill') return each.kill()
      const history = histories.get(each.name)
      if (history) track.restarts++
      histories.set(each.name, { starts: (history?.starts ?? 0) + 1, lastStartAt: clock.now().getTime() })
      await each.start(() => wake())
    }
    const done = work()
      .catch((error: unknown) => {
        track.because = `${action} failed: ${messageOf(error)}`
        log.error({ name: each.name, err: error }, `${action} failed`)
      })
      .finally(() => {
        busy.delete(each.name)
        wake()
      })
    busy.set(each.name, done)
  }

  function remember(observed: Observed[]): void {
    for (const each of observed) {
      const history = histories.get(each.name)
      if (each.health !== 'ready' || each.forMs < stableMs) continue
      // one that was found running and then ends has been started once, by somebody
      if (history === undefined || history.starts > 1) histories.set(each.name, { starts: 1, lastStartAt: history?.lastStartAt ?? 0 })
    }
  }

  function view(waiting: Wait[] = []): ProcessView[] {
    return options.managed().map(({ name }) => {
      const track = trackOf(name)
      const because = waiting.find((wait) => wait.name === name)?.because ?? track.because
      return { name, pid: track.found?.pid ?? null, startedAt: track.found?.startedAt ?? null, health: track.found ? track.health : 'down', restarts: track.restarts, because }
    })
  }

  async function turn(): Promise<void> {
    const managed = options.managed()
    // before looking: what an action changes meanwhile was not seen, and must not be acted on
    const idle = managed.filter((each) => !busy.has(each.name))
    const observed = (await Promise.all(managed.map(observe))).filter((each) => each !== undefined)
    const now = clock.now().getTime()
    remember(observed)
    const { actions, waiting } = plan(idle, observed, histories, now)
    for (const action of actions) apply(managed.find((each) => each.name === action.name) as Managed, action.do, action.because)
    // one that answers and is about to be replaced is not what was asked for
    if (busy.size === 0 && managed.every((each) => observed.some((seen) => seen.name === each.name && seen.health === 'ready'))) ready.resolve()
    const current = view(waiting)
    const text = JSON.stringify(current.map(({ name, pid, health, restarts }) => [name, pid, health, restarts]))
    if (text !== lastView) options.onChange(current)
    lastView = text
    if (now - logsCheckedAt > logCheckMs) {
      logsCheckedAt = now
      for (const each of managed) boundLog(each.logFile)
    }
  }

  async function loop(): Promise<void> {
    while (!ended.signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      try {
        await turn()
      } catch (error) {
        log.error({ err: error }, 'a turn of the supervisor failed')
      }
      const pause = new AbortController()
      await Promise.race([sleep(periodMs, AbortSignal.any([ended.signal, pause.signal])).catch(() => {}), woken])
      pause.abort()
    }
  }

  const running = loop()
  return {
    ready: ready.promise,
    view: () => view(),
    async stop() {
      ended.abort()
      ready.reject(new Error('supervision was stopped'))
      await running
      await Promise.all(busy.values())
    },
  }
}
