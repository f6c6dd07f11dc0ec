import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'

/**
 * Waits for a state, never for a time: asks `condition` until it gives something truthy, and returns that.
 * A condition that throws counts as not yet; its message is in the error.
 * @param options.because  what is waited for, in words: `the shop answers`
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; because: string; everyMs?: number },
): Promise<Exclude<T, false | undefined | null | 0 | ''>> {
  const timeoutMs = options.timeoutMs ?? 30_000 // long enough for a machine several times slower than ours
  const end = performance.now() + timeoutMs
  for (let last = ''; ; ) {
    try {
      const value = await condition()
      if (value) return value as Exclude<T, false | undefined | null | 0 | ''>
      last = `it gave ${JSON.stringify(value)}`
    } catch (error) {
      last = messageOf(error)
    }
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms until ${options.because}: ${last}`)
    await sleep(options.everyMs ?? 20)
  }
}
