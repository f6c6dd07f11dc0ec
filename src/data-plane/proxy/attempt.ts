import type { Fleet } from './fleet.ts'
import type { Instance } from './instance.ts'
import type { UpstreamConnection } from './upstream.ts'

/**
 * One try of a request at one instance: it holds a place there from the choice to the answer, the loss or the recall. An
 * exchange makes one after another, never two at once. Times are monotonic milliseconds.
 */
export class Attempt {
  readonly instance: Instance
  readonly sinceMs: number
  connection: UpstreamConnection | null = null
  /** The request is written, or being written. */
  sent = false
  /** On a connection that had carried another before. */
  reused = false
  readonly #fleet: Fleet
  /** When it was sent, while nothing but informational heads has come back; -1 otherwise. */
  #askedAt = -1

  constructor(instance: Instance, fleet: Fleet, nowMs: number) {
    this.instance = instance
    this.#fleet = fleet
    this.sinceMs = nowMs
    instance.inFlight++
  }

  asked(nowMs: number): void {
    this.#askedAt = nowMs
    this.instance.asked(nowMs)
  }

  /** The response head is here. Returns how long it took, in milliseconds. */
  responded(status: number, nowMs: number): number {
    const tookMs = nowMs - this.#askedAt
    this.#askedAt = -1
    this.instance.settled()
    this.instance.score.answered(status, tookMs, nowMs)
    return tookMs
  }

  /** It did not do what it should: its peers may do better, and the agent may look at it. */
  blame(because: string, nowMs: number): void {
    this.instance.score.failed(nowMs)
    this.#fleet.suspect(this.instance, because, nowMs)
  }

  /** Gives up the place. Once. */
  end(): void {
    if (this.#askedAt !== -1) this.instance.settled()
    this.#askedAt = -1
    this.#fleet.ended(this.instance)
  }
}
