/**
 * How long a service usually takes to answer, and from when on its silence is worth a look. The estimator of TCP's
 * retransmission timer (RFC 6298 §2): a smoothed mean, a smoothed deviation, and four deviations above the mean.
 * What follows from it is only a hint to the agent to probe, so being wrong is cheap.
 */
const leastMs = 250
const mostMs = 10_000

export class Patience {
  #meanMs = -1
  #deviationMs = 0

  /** An answer began after `ms`. */
  heard(ms: number): void {
    if (this.#meanMs === -1) {
      this.#meanMs = ms
      this.#deviationMs = ms / 2
    } else {
      this.#deviationMs += (Math.abs(ms - this.#meanMs) - this.#deviationMs) / 4
      this.#meanMs += (ms - this.#meanMs) / 8
    }
  }

  /** Nothing for longer than this is unusual. A service that was never heard gets the longest. */
  get ms(): number {
    if (this.#meanMs === -1) return mostMs
    return Math.min(mostMs, Math.max(leastMs, this.#meanMs + 4 * this.#deviationMs))
  }
}
