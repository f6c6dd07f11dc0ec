/**
 * By when the response of a request must begin, where its service or its caller has said so; requests without such a bound
 * have no deadline and no timer of their own. It counts from the moment the whole request is here, so that an upload is not
 * cut for its size, and over waiting, retries and recalls.
 *
 * The app is told what is left of it in X-Request-Timeout-Ms, and hands that on by copying the field into its own calls,
 * where it shortens their bound. A span and not a time of day, because clocks of machines and containers differ; with its
 * unit, and beside X-Request-ID and X-Request-Start, which apps have from us already. (gRPC and Envoy send spans as well.)
 */
export const timeoutField = 'x-request-timeout-ms'

/** A timer takes no more (2^31 - 1 ms, 24.8 days). */
const longestMs = 2_147_483_647

export class Deadline {
  /** The caller is in more of a hurry than the service promises: being late for it is no fault of the instance. */
  readonly hurried: boolean
  readonly #boundMs: number
  #dueAt = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  private constructor(boundMs: number, hurried: boolean) {
    this.#boundMs = boundMs
    this.hurried = hurried
  }

  /** `serviceMs`: of the route table; `callerMs`: what the caller has left, -1 when it did not say. Null: no bound. */
  static of(serviceMs: number | null, callerMs: number): Deadline | null {
    if (serviceMs === null && callerMs === -1) return null
    const hurried = callerMs !== -1 && (serviceMs === null || callerMs < serviceMs)
    return new Deadline(Math.min(longestMs, hurried ? callerMs : (serviceMs as number)), hurried)
  }

  /** The whole request is here. */
  start(nowMs: number, onDue: () => void): void {
    this.#dueAt = nowMs + this.#boundMs
    this.#timer = setTimeout(onDue, this.#boundMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** The field for the app, with its CRLF. */
  line(nowMs: number): string {
    const leftMs = this.#timer === undefined ? this.#boundMs : this.#dueAt - nowMs
    return `X-Request-Timeout-Ms: ${Math.max(1, Math.ceil(leftMs))}\r\n`
  }
}
