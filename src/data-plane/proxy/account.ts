import type { Outcome } from './counter.ts'
import { type RequestEntry, withoutQuery } from './relay.ts'
import type { RequestHead } from './request-head.ts'
import type { Target } from './target.ts'
import type { TraceContext } from './trace-context.ts'

/** What will be counted and logged of one request: where it went, how long it waited, how it was answered. Times are monotonic milliseconds. */
export class Account {
  readonly start = performance.now()
  /** Wall clock. */
  readonly at = Date.now()
  bytesIn: number
  bytesOut = 0
  /** Those it was sent to last. */
  instance: string | null = null
  release: number | null = null
  /** That instance had just become ready. */
  warming = false
  retries = 0
  recalls = 0
  /** 0: no head of an answer has come or was made. */
  status = 0
  readonly #head: RequestHead
  readonly #target: Target
  readonly #requestId: string
  readonly #client: string
  readonly #protocol: string
  #firstByteMs = 0
  #parkedSince = -1
  #parkedMs = 0

  constructor(head: RequestHead, target: Target, requestId: string, client: string, protocol: string) {
    this.#head = head
    this.#target = target
    this.#requestId = requestId
    this.#client = client
    this.#protocol = protocol
    this.bytesIn = head.target.length + head.kept.length
  }

  /** It waits for an instance; how long it has. */
  parked(now: number): number {
    if (this.#parkedSince === -1) this.#parkedSince = now
    return now - this.#parkedSince
  }

  unparked(now: number): void {
    if (this.#parkedSince !== -1) this.#parkedMs += now - this.#parkedSince
    this.#parkedSince = -1
  }

  /** The head of the answer is here, whoever gave it. The first time counts. */
  answered(status: number, now: number): void {
    if (this.status === 0) this.#firstByteMs = now - this.start
    this.status = status
  }

  entry(outcome: Outcome, error: string | null, trace: TraceContext, now: number): RequestEntry {
    this.unparked(now)
    return {
      at: this.at,
      target: this.#target,
      instance: this.instance,
      release: this.release,
      warming: this.warming,
      method: this.#head.method,
      host: this.#head.hostname,
      path: withoutQuery(this.#head.target),
      status: outcome === 'aborted' && this.status === 0 ? 499 : this.status,
      outcome,
      firstByteMs: this.#firstByteMs,
      ms: now - this.start,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      requestId: this.#requestId,
      client: this.#client,
      protocol: this.#protocol,
      error,
      trace,
      retries: this.retries + this.recalls,
      parkedMs: this.#parkedMs,
    }
  }
}
