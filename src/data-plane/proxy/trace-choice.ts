import type { Outcome } from './counter.ts'

/** At most `perSecond` in the long run, `burst` at once. Monotonic milliseconds. */
export class TraceBudget {
  readonly #perMs: number
  readonly #burst: number
  #left: number
  #atMs = 0

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000
    this.#burst = burst
    this.#left = burst
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}

const renewEvery = 1_000
/** Below this a service has answered too seldom for a hundredth of it to mean anything. */
const leastAnswers = 200
const alwaysSlowMs = 1_000

/**
 * Above which latency an answer of a service is slow: its 99th percentile of late, at most one second. Quarters of powers of
 * two as buckets, halved with every thousand answers, so that it follows the service; an integer operation or two an answer.
 */
export class SlowLine {
  readonly #buckets = new Uint32Array(128)
  #answers = 0
  #since = 0
  aboveMs = alwaysSlowMs

  /** True: this one is slow. */
  add(ms: number): boolean {
    const slow = ms > this.aboveMs
    const bucket = bucketOf(ms)
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
    this.#answers++
    if (++this.#since >= renewEvery) this.#renew()
    return slow
  }

  #renew(): void {
    this.#since = 0
    this.aboveMs = this.#answers < leastAnswers ? alwaysSlowMs : Math.min(alwaysSlowMs, this.#p99())
    this.#answers = 0
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      const half = (this.#buckets[bucket] as number) >>> 1
      this.#buckets[bucket] = half
      this.#answers += half
    }
  }

  #p99(): number {
    let beyond = this.#answers / 100
    let bucket = this.#buckets.length - 1
    while (bucket > 0 && (beyond -= this.#buckets[bucket] as number) >= 0) bucket--
    return upperMs(bucket)
  }
}

function bucketOf(ms: number): number {
  const micros = Math.min(0x7fffffff, Math.max(4, (ms * 1_000) | 0))
  const power = 31 - Math.clz32(micros)
  return power * 4 + ((micros >> (power - 2)) & 3)
}

/** The end of a bucket, in milliseconds. */
function upperMs(bucket: number): number {
  return (2 ** (bucket >> 2) * (1 + ((bucket & 3) + 1) / 4)) / 1_000
}

export type KeptBecause = 'error' | 'slow' | 'sampled'

/** Why the span of a request that ended is kept; null: it is not. */
export function keepBecause(outcome: Outcome, status: number, slow: boolean, sampled: boolean): KeptBecause | null {
  if (outcome === 'failed' || outcome === 'stale' || (outcome === 'answered' && status >= 500)) return 'error'
  if (slow) return 'slow'
  return sampled ? 'sampled' : null
}
