import { latencyBucketsMs, type ReleaseCount, type TrafficCount } from '#contract/wire.ts'

export type CounterNames = Pick<TrafficCount, 'key' | 'app' | 'environment' | 'service' | 'from'>

/** How an exchange ended, as counted: `stale`, with a copy in place of the app's answer. A request is in exactly one class. */
export type Outcome = 'answered' | 'stale' | 'aborted' | 'failed'

/** What happened on one route or edge since the last `take`. */
export class Counter {
  names: CounterNames
  #requests = 0
  readonly #classes = new Uint32Array(6)
  #aborted = 0
  #failed = 0
  #stale = 0
  readonly #latency = new Uint32Array(latencyBucketsMs.length + 1)
  #bytesIn = 0
  #bytesOut = 0
  #connections = 0
  readonly #releases = new Map<number, Tally>()

  readonly #onRelease: (names: CounterNames, release: number) => void

  /** `onRelease`: a release was asked, the first time since the last `take`. */
  constructor(names: CounterNames, onRelease: (names: CounterNames, release: number) => void) {
    this.names = names
    this.#onRelease = onRelease
  }

  /**
   * `firstByteMs`: from the whole request head to the response head; a long stream is not a slow answer. `release`: the one
   * that was asked, null when it reached no instance. `parkedMs`: how much of `firstByteMs` went by while there was no instance.
   * `warming`: the instance had just become ready.
   */
  request(outcome: Outcome, status: number, firstByteMs: number, bytesIn: number, bytesOut: number, release: number | null, parkedMs = 0, warming = false): void {
    this.#requests++
    if (outcome === 'aborted') this.#aborted++
    else if (outcome === 'failed') this.#failed++
    else this.#classes[Math.floor(status / 100)] = (this.#classes[Math.floor(status / 100)] ?? 0) + 1
    if (outcome === 'stale') this.#stale++
    const bucket = bucketOf(firstByteMs)
    if (outcome !== 'aborted') this.#latency[bucket] = (this.#latency[bucket] as number) + 1
    this.#bytesIn += bytesIn
    this.#bytesOut += bytesOut
    if (release === null) return
    const tally = this.#tally(release)
    // the caller got an answer, and the release did not give it
    const error = outcome === 'failed' || outcome === 'stale' || (outcome === 'answered' && status >= 500) ? 1 : 0
    tally.requests++
    tally.errors += error
    if (warming) {
      tally.warming.requests++
      tally.warming.errors += error
    }
    // a release is not slow because callers waited for it to be there
    const own = bucketOf(firstByteMs - parkedMs)
    if (outcome !== 'aborted') tally.latency[own] = (tally.latency[own] as number) + 1
  }

  #tally(release: number): Tally {
    let tally = this.#releases.get(release)
    if (tally === undefined) {
      tally = { requests: 0, errors: 0, latency: new Uint32Array(latencyBucketsMs.length + 1), warming: { requests: 0, errors: 0 } }
      this.#releases.set(release, tally)
      this.#onRelease(this.names, release)
    }
    return tally
  }

  connection(): void {
    this.#connections++
  }

  /** A TCP connection that found no instance. */
  connectionFailed(): void {
    this.#connections++
    this.#failed++
  }

  bytes(bytesIn: number, bytesOut: number): void {
    this.#bytesIn += bytesIn
    this.#bytesOut += bytesOut
  }

  /** The counts since the last time, which start again from nothing; null when nothing happened. */
  take(): TrafficCount | null {
    if (this.#requests + this.#connections + this.#bytesIn + this.#bytesOut === 0) return null
    const [, one = 0, two = 0, three = 0, four = 0, five = 0] = this.#classes
    const count: TrafficCount = {
      ...this.names,
      requests: this.#requests,
      status: { '1xx': one, '2xx': two, '3xx': three, '4xx': four, '5xx': five, aborted: this.#aborted, failed: this.#failed },
      stale: this.#stale,
      latency: [...this.#latency],
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      connections: this.#connections,
      releases: [...this.#releases].map(([release, { latency, ...tally }]): ReleaseCount => ({ release, ...tally, latency: [...latency] })),
    }
    this.#requests = this.#aborted = this.#failed = this.#stale = this.#bytesIn = this.#bytesOut = this.#connections = 0
    this.#classes.fill(0)
    this.#latency.fill(0)
    this.#releases.clear()
    return count
  }
}

function bucketOf(ms: number): number {
  let bucket = 0
  while (bucket < latencyBucketsMs.length && ms > (latencyBucketsMs[bucket] as number)) bucket++
  return bucket
}

type Tally = { requests: number; errors: number; latency: Uint32Array; warming: { requests: number; errors: number } }
