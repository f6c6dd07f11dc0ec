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

/** Enough to get past one instance that dies and one that is about to; a request that kills whoever reads it must not go round. */
const mostRetries = 2

/** A connection ended under a request that was sent on it. RFC 9110 §9.2.2 allows another try only to idempotent methods. */
export function mayRetry(loss: Loss): boolean {
  return !loss.answered && loss.idempotent && loss.replayable && loss.retries < mostRetries
}

/** How long a request that met an early close waits before it goes to the same instance again: 50 ms, then 100 ms. */
export function retryPauseMs(retries: number): number {
  return 50 * 2 ** (retries - 1)
}
