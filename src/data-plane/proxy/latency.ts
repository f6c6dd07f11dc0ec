/**
 * What a service's answers take, and from when on silence is odd: the estimator that TCP has for its retransmission timer
 * (RFC 6298 §2: smoothed mean plus four mean deviations; one second before the first sample). It follows a service that
 * becomes slower within some ten answers, and costs two multiplications an answer.
 */
const firstPatienceMs = 1_000
const leastPatienceMs = 250

export class Latency {
  #meanMs = -1
  #deviationMs = 0

  /** `ms`: from the request's last write to the response head. */
  add(ms: number): void {
    if (this.#meanMs === -1) {
      this.#meanMs = ms
      this.#deviationMs = ms / 2
      return
    }
    this.#deviationMs += (Math.abs(ms - this.#meanMs) - this.#deviationMs) / 4
    this.#meanMs += (ms - this.#meanMs) / 8
  }

  /** How long an instance that owes answers may be silent. */
  get patienceMs(): number {
    return this.#meanMs === -1 ? firstPatienceMs : Math.max(leastPatienceMs, this.#meanMs + 4 * this.#deviationMs)
  }
}
