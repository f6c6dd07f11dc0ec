import type { Instance } from './instance.ts'

/**
 * Every decision about where a request goes, and whether it may go once more. Pure: it looks and answers.
 *
 * Least outstanding; among many by the power of two choices (Mitzenmacher 2001), which is nearly as even as looking
 * at all of them and costs the same for any number.
 */
const looksAtAll = 3

/** `tried`: instances that already failed this request. Undefined: nobody can take it now. */
export function pickInstance(
  eligible: readonly Instance[],
  tried: readonly Instance[],
  nowMs: number,
  random: () => number = Math.random,
): Instance | undefined {
  const open = eligible.length > 0 && allOpen(eligible, tried, nowMs) ? eligible : eligible.filter((one) => isOpen(one, tried, nowMs))
  const { length } = open
  if (length <= 1) return open[0]
  const start = Math.floor(random() * length)
  if (length > looksAtAll) {
    const other = (start + 1 + Math.floor(random() * (length - 1))) % length
    return lesser(open[start] as Instance, open[other] as Instance)
  }
  let best = open[start] as Instance
  for (let i = 1; i < length; i++) best = lesser(best, open[(start + i) % length] as Instance)
  return best
}

function lesser(a: Instance, b: Instance): Instance {
  return b.outstanding < a.outstanding ? b : a
}

function allOpen(eligible: readonly Instance[], tried: readonly Instance[], nowMs: number): boolean {
  for (const instance of eligible) if (!isOpen(instance, tried, nowMs)) return false
  return true
}

function isOpen(instance: Instance, tried: readonly Instance[], nowMs: number): boolean {
  return instance.suspendedUntil <= nowMs && !tried.includes(instance)
}

/** How long an instance that refused `failures` connections in a row is passed over: 50 ms, doubling to 1 s. */
export function suspensionMs(failures: number): number {
  return Math.min(1_000, 50 * 2 ** Math.min(failures - 1, 10))
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
/** RFC 9110 §9.2.2. */
export function isIdempotent(method: string): boolean {
  return idempotent.has(method)
}

export type Loss = {
  /** Any byte of the response has come. */
  answered: boolean
  idempotent: boolean
  /** All of the request is still at hand. */
  replayable: boolean
  retries: number
}

/** Of one request. With three instances lost under it, the request is the likeliest cause. */
export const maxRetries = 2

/**
 * A connection ended under a request that was sent on it. RFC 9110 §9.2.2 allows another try only to idempotent methods.
 * Whether the connection was a fresh one does not matter: a crash is as good a reason as a race with a keep-alive time-out.
 */
export function mayRetry(loss: Loss): boolean {
  return !loss.answered && loss.idempotent && loss.replayable && loss.retries < maxRetries
}

/**
 * The agent said that the instance is not ready, or gone, and nothing has come back of this request: take it away from
 * there and send it elsewhere? Once a request: with two instances that take turns in being unready it would go on for ever.
 */
export function mayRecall(loss: Loss, recalls: number): boolean {
  return recalls === 0 && !loss.answered && loss.idempotent && loss.replayable
}

/**
 * How long a request waits before it goes to the instance that has just lost it, because there is no other. A kept
 * connection had most likely timed out: no wait. A fresh one: the instance is most likely ending, and will refuse, or be
 * announced as gone, in a moment; without the wait both retries would be spent before that.
 */
export function retryPauseMs(reused: boolean, retries: number): number {
  return reused ? 0 : retries <= 1 ? 50 : 250
}
