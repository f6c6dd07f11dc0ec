import { backoffMs } from '#base/backoff.ts'
import type { Instance } from './instance.ts'

/**
 * Every decision about where a request goes, and whether it may go once more. Pure: it looks and answers.
 *
 * Least outstanding; among many by the power of two choices (Mitzenmacher 2001), which is nearly as even as looking
 * at all of them and costs the same for any number.
 */
const looksAtAll = 3

/**
 * `tried`: instances that already failed this request. Undefined: nobody can take it now. Ejected ones are taken when there
 * is nobody else; one that has just become ready is passed over as often as it lacks warmth, unless all are cold.
 */
export function pickInstance(
  eligible: readonly Instance[],
  tried: readonly Instance[],
  nowMs: number,
  random: () => number = Math.random,
): Instance | undefined {
  const one = pickAmong(eligible, tried, nowMs, random)
  if (one !== undefined || !eligible.some((each) => each.ejected)) return one
  return chosen(eligible.filter((each) => each.ejected && isAble(each, tried, nowMs)), nowMs, random)
}

/** The same without ejected ones: for a part of a service, while another part may be better. */
export function pickAmong(some: readonly Instance[], tried: readonly Instance[], nowMs: number, random: () => number = Math.random): Instance | undefined {
  return chosen(allOpen(some, tried, nowMs) ? some : some.filter((one) => isOpen(one, tried, nowMs)), nowMs, random)
}

function chosen(open: readonly Instance[], nowMs: number, random: () => number): Instance | undefined {
  const { length } = open
  if (length <= 1) return open[0]
  const start = Math.floor(random() * length)
  if (length > looksAtAll) {
    const one = open[start] as Instance
    const other = open[(start + 1 + Math.floor(random() * (length - 1))) % length] as Instance
    if (one.coldUntil > nowMs && other.coldUntil <= nowMs && random() >= warmth(one, nowMs)) return other
    if (other.coldUntil > nowMs && one.coldUntil <= nowMs && random() >= warmth(other, nowMs)) return one
    return lesser(one, other)
  }
  const someWarm = open.some((one) => one.coldUntil <= nowMs)
  let best: Instance | undefined
  for (let i = 0; i < length; i++) {
    const one = open[(start + i) % length] as Instance
    if (someWarm && one.coldUntil > nowMs && random() >= warmth(one, nowMs)) continue
    best = best === undefined ? one : lesser(best, one)
  }
  return best
}

const leastWarmth = 0.1

/** The share of its share that an instance gets: from a tenth when it became ready to all of it. */
export function warmth(instance: Pick<Instance, 'coldUntil' | 'coldMs'>, nowMs: number): number {
  return instance.coldUntil <= nowMs ? 1 : Math.max(leastWarmth, 1 - (instance.coldUntil - nowMs) / instance.coldMs)
}

function lesser(a: Instance, b: Instance): Instance {
  return b.outstanding < a.outstanding ? b : a
}

function allOpen(eligible: readonly Instance[], tried: readonly Instance[], nowMs: number): boolean {
  for (const instance of eligible) if (!isOpen(instance, tried, nowMs)) return false
  return true
}

function isOpen(instance: Instance, tried: readonly Instance[], nowMs: number): boolean {
  return !instance.ejected && isAble(instance, tried, nowMs)
}

function isAble(instance: Instance, tried: readonly Instance[], nowMs: number): boolean {
  return instance.suspendedUntil <= nowMs && !tried.includes(instance)
}

/** How long an instance that refused `failures` connections in a row is passed over: 50 ms, doubling to 1 s. */
export function suspensionMs(failures: number): number {
  return backoffMs(50, 1_000, failures - 1)
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
