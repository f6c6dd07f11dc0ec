import type { Standing } from './outliers.ts'
import { SlidingWindow } from './sliding-window.ts'

/** How an instance has done in the last 10 s, for comparing it with its peers: four additions a request. */
const slots = 10
const slotMs = 1_000
const requests = 0
const errors = 1
const answers = 2
/** Of log2(1 + ms): their mean is one of orders of magnitude, which a few slow requests do not move. */
const logs = 3

export class Score {
  readonly #window = new SlidingWindow(slots, slotMs, 4)

  /** `ms`: from sending to the response head. Quick errors say nothing of the time that work takes. */
  answered(status: number, ms: number, nowMs: number): void {
    if (status >= 500) return this.failed(nowMs)
    this.#window.add(requests, 1, nowMs)
    this.#window.add(answers, 1, nowMs)
    this.#window.add(logs, Math.log2(1 + ms), nowMs)
  }

  /** It answered 5xx, or we had to answer for it. */
  failed(nowMs: number): void {
    this.#window.add(requests, 1, nowMs)
    this.#window.add(errors, 1, nowMs)
  }

  standing(id: string, ejected: boolean, nowMs: number): Standing {
    const count = this.#window.sum(answers, nowMs)
    const typicalMs = count === 0 ? 0 : 2 ** (this.#window.sum(logs, nowMs) / count) - 1
    return { id, ejected, requests: this.#window.sum(requests, nowMs), errors: this.#window.sum(errors, nowMs), answers: count, typicalMs }
  }

  clear(): void {
    this.#window.clear()
  }
}
