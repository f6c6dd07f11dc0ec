/** What a kind of drain is. Kinds never retry, never read settings, never write our tables. */
import type { DrainKindName } from '#contract/drains.ts'
import type { LogLine } from '#contract/model.ts'

/** Where to, as an operator gave it; secrets included. */
export type Target = {
  url: URL
  headers: Readonly<Record<string, string>>
  /** PEM of the authority that signed its certificate; undefined: those that the system believes. */
  ca: string | undefined
  /** May be on this machine or a private network. */
  anyAddress: boolean
}

export type Sender = {
  /** Resolves when the receiver has the lines, as far as its protocol can say so. Throws `DeliveryError`. */
  send(lines: readonly LogLine[], signal: AbortSignal): Promise<void>
  close(): void
}

export type DrainKind = {
  name: DrainKindName
  /** Of the addresses that mean this kind: `syslog`, `syslog+tls`. */
  schemes: readonly string[]
  /** How such an address looks, for people. */
  example: string
  /** Creating one has no effect until it sends. */
  open(target: Target): Sender
}

/**
 * again: later it may work, after `retryAfterMs` at the soonest · smaller: too much at once ·
 * never: the receiver refuses these very lines, however often they are sent
 */
export class DeliveryError extends Error {
  readonly verdict: 'again' | 'smaller' | 'never'
  readonly retryAfterMs: number
  constructor(message: string, verdict: 'again' | 'smaller' | 'never', options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause })
    this.verdict = verdict
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
