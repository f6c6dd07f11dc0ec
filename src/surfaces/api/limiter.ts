import { AppError } from '#base/errors.ts'

const windowMs = 60_000
const maxFailures = 10
const maxAddresses = 10_000

/** Slows guessing of login codes: ten failures a minute and address. In memory on purpose: a restart costs a guesser more than it gives. */
export function loginLimiter() {
  const failures = new Map<string, { count: number; since: number }>()
  return {
    assertAllowed(address: string, now: Date): void {
      const entry = failures.get(address)
      if (entry === undefined) return
      const left = entry.since + windowMs - now.getTime()
      if (left <= 0) failures.delete(address)
      else if (entry.count >= maxFailures) throw new AppError('limited', 'too many failed sign-ins from this address; wait a minute', { retryAfterSeconds: Math.ceil(left / 1000) })
    },
    failed(address: string, now: Date): void {
      const entry = failures.get(address) ?? { count: 0, since: now.getTime() }
      entry.count++
      if (failures.size >= maxAddresses) for (const [old, { since }] of failures) if (since + windowMs <= now.getTime()) failures.delete(old)
      if (failures.size < maxAddresses || failures.has(address)) failures.set(address, entry)
    },
    succeeded(address: string): void {
      failures.delete(address)
    },
  }
}
