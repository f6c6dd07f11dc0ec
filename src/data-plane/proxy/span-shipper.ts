import { isAppError, messageOf } from '#base/errors.ts'
import type { ProxySpan, SpanBatch } from '#contract/wire.ts'
import type { ControlClient } from '../control-client.ts'
import type { LinkLog } from '../link.ts'

/**
 * Hands kept spans to control, in memory only: they are a sample, and are not worth a disk. At most `maxHeld` wait while
 * control is away; what comes beyond is dropped, counted and told with the next batch.
 */
export type SpanShipperOptions = { machine: string; control: Pick<ControlClient, 'post'>; log: LinkLog; periodMs?: number; maxHeld?: number }

const batchSpans = 500

export class SpanShipper {
  readonly #options: Required<SpanShipperOptions>
  #held: ProxySpan[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | null = null
  #complained = false
  #closed = false

  constructor(options: SpanShipperOptions) {
    this.#options = { periodMs: 2_000, maxHeld: 2_000, ...options }
  }

  add(span: ProxySpan): void {
    if (this.#held.length >= this.#options.maxHeld) this.#dropped++
    else this.#held.push(span)
    this.#arm()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#sending
    await this.#send()
  }

  #arm(): void {
    if (this.#closed || this.#sending !== null) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#sending = this.#send().finally(() => {
        this.#sending = null
        if (this.#held.length > 0) this.#arm()
      })
    }, this.#options.periodMs)
  }

  async #send(): Promise<void> {
    while (this.#held.length > 0) {
      const spans = this.#held.slice(0, batchSpans)
      const batch: SpanBatch = { machine: this.#options.machine, dropped: this.#dropped, spans }
      try {
        await this.#options.control.post('/internal/spans', batch)
        this.#complained = false
      } catch (error) {
        if (!this.#complained) this.#options.log('warn', `control takes no spans: ${messageOf(error)} (at most ${this.#options.maxHeld} are held)`)
        this.#complained = true
        if (!isAppError(error, 'invalid')) return
      }
      this.#held.splice(0, spans.length)
      this.#dropped -= batch.dropped
    }
  }
}
