import { formatDuration } from '#base/units.ts'
import type { Edge } from '#contract/wire.ts'
import { type CallOutcome, type Circuit, type CircuitEvent, closed, nextCircuit } from './circuit.ts'
import type { Note } from './ejection.ts'
import type { Service } from './service.ts'
import { SlidingWindow } from './sliding-window.ts'

/** What a call may do: pass, be the trial that decides, or be answered at once. */
export type Admission = 'pass' | 'trial' | 'refuse'

const calls = 0
const failures = 1

/** Holds the circuit of one edge, with the window that it is judged by. It outlives route tables. */
export class Breaker {
  readonly service: Service
  readonly #edge: Pick<Edge, 'id' | 'app' | 'environment' | 'from'>
  readonly #note: Note
  readonly #window = new SlidingWindow(10, 1_000, 2)
  #circuit: Circuit = closed
  #openedAt = 0

  constructor(edge: Pick<Edge, 'id' | 'app' | 'environment' | 'from'>, service: Service, note: Note) {
    this.#edge = edge
    this.service = service
    this.#note = note
  }

  admit(nowMs: number): Admission {
    if (this.#circuit.state === 'closed') return 'pass'
    const before = this.#circuit
    this.#move({ t: 'asked', readyMs: this.service.readyMs }, nowMs)
    return this.#circuit === before ? 'refuse' : 'trial'
  }

  /** When a call may try again, in whole seconds from now. */
  retryAfterSeconds(nowMs: number): number {
    return this.#circuit.state === 'open' ? Math.max(1, Math.ceil((this.#circuit.untilMs - nowMs) / 1_000)) : 1
  }

  /** A call that was admitted has ended. */
  ended(admission: Admission, outcome: CallOutcome, nowMs: number): void {
    if (admission === 'trial') return this.#move({ t: 'tried', outcome }, nowMs)
    if (outcome === 'unknown' || this.#circuit.state !== 'closed') return
    this.#window.add(calls, 1, nowMs)
    if (outcome === 'passed') return
    this.#window.add(failures, 1, nowMs)
    this.#move({ t: 'counted', calls: this.#window.sum(calls, nowMs), failed: this.#window.sum(failures, nowMs) }, nowMs)
  }

  #move(event: CircuitEvent, nowMs: number): void {
    const before = this.#circuit
    const next = nextCircuit(before, event, nowMs)
    this.#circuit = next
    if (before.state === 'closed' && next.state === 'open' && event.t === 'counted') {
      this.#openedAt = nowMs
      this.#tell('edge.opened', `${event.failed} of ${event.calls} failed within 10 s`, { calls: event.calls, failed: event.failed, trialAfterMs: next.untilMs - nowMs })
    } else if (before.state === 'half-open' && next.state === 'closed') {
      this.#window.clear()
      const openMs = Math.round(nowMs - this.#openedAt)
      this.#tell('edge.closed', `a trial was answered, after ${formatDuration(openMs)}`, { openMs, trials: before.openings })
    }
  }

  #tell(kind: 'edge.opened' | 'edge.closed', because: string, numbers: Record<string, number>): void {
    const { id, app, environment, from } = this.#edge
    const who = { app, environment, service: this.service.name, instance: null, release: null }
    this.#note({ kind, who, about: `${id} ${new Date().toISOString()}`, data: { edge: id, from, to: this.service.name, because, ...numbers } })
  }
}
