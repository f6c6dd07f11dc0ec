import type { ServiceKey } from '#contract/names.ts'
import type { ServiceTarget, TrafficSplit } from '#contract/wire.ts'
import type { Instance } from './instance.ts'
import { Latency } from './latency.ts'
import type { Limits } from './limits.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Side } from './split.ts'
import { SlowLine, TraceBudget } from './trace-choice.ts'

/** Somebody who waits for a ready instance: a request, or a connection of a TCP edge. */
export interface Waiter {
  /** Try again now. */
  wake(): void
}

/** A service as the proxy sees it: who may serve it now, and who waits for that. It outlives route tables. */
export class Service {
  readonly key: ServiceKey
  app = ''
  environment = ''
  name = ''
  protocol: 'http' | 'tcp' = 'http'
  /** By when a response must begin; null: `responseMs` after the request was sent. */
  timeoutMs: number | null = null
  /** Something is meant to run, so waiting makes sense. */
  expected = false
  /** In the table. */
  known = false
  listed: ReadonlySet<string> = new Set()
  /** Listed by the table and ready by the agent's word. */
  eligible: readonly Instance[] = []
  split: TrafficSplit | null = null
  /** The eligible ones on each side of the split; null without one. */
  sides: Record<Side, readonly Instance[]> | null = null
  /** When an instance of it last became ready (monotonic ms). */
  readyMs = 0
  readonly retries: RetryBudget
  readonly latency = new Latency()
  readonly slow = new SlowLine()
  readonly traces: TraceBudget
  readonly #parked = new Set<Waiter>()

  constructor(key: ServiceKey, limits: Limits) {
    this.key = key
    this.retries = new RetryBudget(limits)
    this.traces = new TraceBudget(limits.tracesPerSecond, limits.traceBurst)
  }

  describe(target: ServiceTarget | undefined): void {
    this.known = target !== undefined
    this.expected = target?.expected ?? false
    this.listed = new Set(target?.instances)
    this.split = target?.split ?? null
    if (target === undefined) return
    this.app = target.app
    this.environment = target.environment
    this.name = target.service
    this.protocol = target.protocol
    this.timeoutMs = target.timeoutMs ?? null // a saved table of before has none
  }

  elect(eligible: readonly Instance[]): void {
    const { split } = this
    this.eligible = eligible
    this.sides = split && { in: eligible.filter((one) => one.release === split.release), out: eligible.filter((one) => one.release !== split.release) }
  }

  get parked(): number {
    return this.#parked.size
  }

  park(waiter: Waiter): void {
    this.#parked.add(waiter)
  }

  unpark(waiter: Waiter): void {
    this.#parked.delete(waiter)
  }

  /** In the order they came; who still finds nobody parks again. */
  wake(): void {
    if (this.#parked.size === 0) return
    const waiting = [...this.#parked]
    this.#parked.clear()
    for (const waiter of waiting) waiter.wake()
  }
}
