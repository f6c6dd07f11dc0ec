import { messageOf } from '#base/errors.ts'
import type { Log } from './log.ts'

/**
 * When the loop turns: at a wake-up, at the time the last turn asked for, and after a period at the latest. Turns never
 * overlap; wake-ups during one lead to exactly one more.
 */
export type Turns = {
  wake(): void
  /** Waits for the turn under way. */
  close(): Promise<void>
}

export function startTurns(options: { turn(): Promise<number | null>; onError(because: string): void; periodMs: number; now(): number; log: Log }): Turns {
  const { periodMs, now, log } = options
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> | undefined
  let again = false
  let closed = false
  let saidError = false

  async function turnUntilQuiet(): Promise<void> {
    do {
      again = false
      clearTimeout(timer)
      const wakeAt = await turnOnce()
      const delay = Math.min(periodMs, Math.max(0, (wakeAt ?? Infinity) - now()))
      if (!closed) timer = setTimeout(wake, delay)
    } while (again && !closed)
  }

  async function turnOnce(): Promise<number | null> {
    try {
      const wakeAt = await options.turn()
      if (saidError) log.info({}, 'the loop works again')
      saidError = false
      return wakeAt
    } catch (error) {
      if (!saidError) log.error({ error: messageOf(error) }, 'a turn of the loop failed; trying again')
      saidError = true
      options.onError(messageOf(error))
      return now() + Math.min(1_000, periodMs)
    }
  }

  function wake() {
    if (closed) return
    if (turning) {
      again = true
      return
    }
    turning = turnUntilQuiet().finally(() => {
      turning = undefined
      if (again) wake()
    })
  }

  return {
    wake,
    async close() {
      closed = true
      clearTimeout(timer)
      await turning
    },
  }
}
