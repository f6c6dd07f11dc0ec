/**
 * How often the requests of one service may be sent again, over a sliding ten seconds. Without a bound a service that is
 * overloaded, and so drops connections, would get all its requests thrice.
 *
 * A fifth of the requests keeps the load of a storm near what it was (the share of Finagle's and Envoy's budgets). The floor
 * is as many as may wait for one service at once (`parkedPerService`): when its only instance dies, whatever was in flight
 * may be sent again.
 */
const slotMs = 1_000
const slots = 10
const share = 0.2
const floor = 1_000

export class RetryBudget {
  readonly #requests = new Uint32Array(slots)
  readonly #retries = new Uint32Array(slots)
  #slot = 0

  /** Monotonic ms. */
  request(nowMs: number): void {
    this.#count(this.#requests, nowMs)
  }

  /** True: one more may be sent again, and is counted. */
  take(nowMs: number): boolean {
    this.#turn(nowMs)
    if (sum(this.#retries) >= floor + share * sum(this.#requests)) return false
    this.#count(this.#retries, nowMs)
    return true
  }

  #count(counts: Uint32Array, nowMs: number): void {
    this.#turn(nowMs)
    counts[this.#slot % slots] = (counts[this.#slot % slots] as number) + 1
  }

  /** Slots that have passed since the last call start again from nothing. */
  #turn(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    for (let passed = Math.max(this.#slot + 1, slot - slots + 1); passed <= slot; passed++) this.#requests[passed % slots] = this.#retries[passed % slots] = 0
    this.#slot = Math.max(this.#slot, slot)
  }
}

function sum(counts: Uint32Array): number {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i] as number
  return total
}
