/**
 * "Something may have changed": loops and streams wait for a ring or a timeout and then read again. A ring that comes
 * between reading and waiting is not lost, because `next` is asked for before reading.
 */
export type Bell = { ring(): void; next(timeoutMs: number, signal?: AbortSignal): Promise<void> }

export function createBell(): Bell {
  let waiters = new Set<() => void>()
  return {
    ring() {
      const ringing = waiters
      waiters = new Set()
      for (const wake of ringing) wake()
    },
    next(timeoutMs, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiters.delete(done)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        waiters.add(done)
        if (signal?.aborted) done()
        else signal?.addEventListener('abort', done, { once: true })
      })
    },
  }
}
