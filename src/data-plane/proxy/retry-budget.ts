import type { Limits } from './limits.ts'
import { SlidingWindow } from './sliding-window.ts'

/**
 * How much may be sent again for one service: a share of its requests of the last 10 s, plus a floor. The share keeps a
 * service that fails under load from getting several times that load (Google's SRE book, "Handling Overload", has 10 %;
 * Finagle and Linkerd 20 %). The floor is what one death may cost: everything in flight at the only instance is due again
 * at once, and more than `parkedPerService` could not wait for the next one anyway, so the floor is that number.
 * Either way a request is sent `1 + maxRetries + 1` times at most.
 */
const windowSlots = 10
const slotMs = 1_000
const requests = 0
const retries = 1

export class RetryBudget {
  readonly #window = new SlidingWindow(windowSlots, slotMs, 2)
  readonly #limits: Pick<Limits, 'retryShare' | 'retryFloor'>

  constructor(limits: Pick<Limits, 'retryShare' | 'retryFloor'>) {
    this.#limits = limits
  }

  /** A request has come. */
  earn(nowMs: number): void {
    this.#window.add(requests, 1, nowMs)
  }

  /** True: one may be sent again, and is counted. */
  spend(nowMs: number): boolean {
    const allowed = this.#limits.retryFloor + this.#limits.retryShare * this.#window.sum(requests, nowMs)
    if (this.#window.sum(retries, nowMs) + 1 > allowed) return false
    this.#window.add(retries, 1, nowMs)
    return true
  }
}
