/**
 * How many costly questions one caller may have under way: a search reads lines for seconds, a stream stays open, a check that is tried goes out
 * to somebody else. One that finds no place waits a little; whoever has many waiting already is told so. Each caller has places of their own,
 * so that a script that floods leaves the console of a colleague alone; all together are bounded too.
 */
import { AppError } from '#base/errors.ts'
import type { EndpointId } from '#contract/endpoints.ts'
import type { Caller } from '#kernel/handlers.ts'

export type Kind = 'reading' | 'streaming' | 'running'
/** `waiting`: of one caller; `waitMs` at most. */
type Bounds = { ofOne: number; ofAll: number; waiting: number; waitMs: number; what: string }

export const turnBounds: Readonly<Record<Kind, Bounds>> = {
  reading: { ofOne: 4, ofAll: 12, waiting: 12, waitMs: 20_000, what: 'searches' },
  streaming: { ofOne: 30, ofAll: 300, waiting: 0, waitMs: 0, what: 'streams' },
  running: { ofOne: 4, ofAll: 16, waiting: 8, waitMs: 20_000, what: 'tries' },
}

export const kindOf: Readonly<Partial<Record<EndpointId, Kind>>> = {
  'logs.list': 'reading', 'logs.counts': 'reading', 'logs.context': 'reading', 'logs.patterns': 'reading', 'rules.test': 'reading', 'rules.history': 'reading', 'slos.test': 'reading',
  'traces.list': 'reading', 'traces.read': 'reading', 'search.read': 'reading',
  'logs.stream': 'streaming', 'events.stream': 'streaming', 'builds.log': 'streaming', 'deploys.follow': 'streaming',
  'checks.test': 'running', 'drains.test': 'running', 'forwards.test': 'running',
}

type Waiting = { caller: string; begin: () => void }

export class Turns {
  readonly #bounds: Bounds
  readonly #running = new Map<string, number>()
  #waiting: Waiting[] = []
  #all = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Resolves with what gives the place back, once there is one. Throws `limited`, or the signal's reason. */
  async take({ actor, apps }: Caller, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted() // whoever has left already would wait for nobody
    const { ofOne, waiting, waitMs, what } = this.#bounds
    // names of credentials are not unique; those of other apps are other people
    const caller = JSON.stringify([actor.kind, actor.name, apps])
    if (!this.#hasPlace(caller)) {
      const mine = this.#waiting.filter((one) => one.caller === caller).length
      const full = () => new AppError('limited', `"${actor.name}" has ${this.#running.get(caller) ?? 0} ${what} under way (${ofOne} of one caller run at once, and ${this.#all} of all callers run now); wait until one has ended, and ask again`, { retryAfterSeconds: 2 })
      if (mine >= waiting) throw full()
      await this.#place(caller, AbortSignal.any([signal, AbortSignal.timeout(waitMs)])).catch(() => {
        signal.throwIfAborted()
        throw full()
      })
    } else this.#begin(caller)
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#end(caller)
    }
  }

  #hasPlace(caller: string): boolean {
    return this.#all < this.#bounds.ofAll && (this.#running.get(caller) ?? 0) < this.#bounds.ofOne
  }

  #place(caller: string, within: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const one = { caller, begin: resolve }
    this.#waiting.push(one)
    const onAbort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== one)
      reject(within.reason as Error)
    }
    within.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => within.removeEventListener('abort', onAbort))
  }

  #begin(caller: string): void {
    this.#running.set(caller, (this.#running.get(caller) ?? 0) + 1)
    this.#all++
  }

  #end(caller: string): void {
    const left = (this.#running.get(caller) ?? 1) - 1
    if (left === 0) this.#running.delete(caller)
    else this.#running.set(caller, left)
    this.#all--
    const next = this.#waiting.find((one) => this.#hasPlace(one.caller))
    if (next === undefined) return
    this.#waiting = this.#waiting.filter((one) => one !== next)
    this.#begin(next.caller)
    next.begin()
  }
}

export type TurnTaker = (id: EndpointId, caller: Caller, signal: AbortSignal) => Promise<() => void>

export function openTurns(): TurnTaker {
  const turns = { reading: new Turns(turnBounds.reading), streaming: new Turns(turnBounds.streaming), running: new Turns(turnBounds.running) }
  return async (id, caller, signal) => {
    const kind = kindOf[id]
    return kind === undefined ? () => {} : turns[kind].take(caller, signal)
  }
}
