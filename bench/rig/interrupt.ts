/**
 * One Ctrl-C ends the wait that goes on, so that everything is disposed of on the way out; it is heard between
 * two waits too. A second one is not waited for.
 */
import { sleep } from '#base/clock.ts'

const controller = new AbortController()

export const interrupted: AbortSignal = controller.signal

export function hearInterrupts(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (interrupted.aborted) process.exit(130)
      process.exitCode = 130
      process.stderr.write('  ending what was started\n')
      controller.abort(new Error(`interrupted by ${signal}`))
    })
}

/** The work, or an error when it takes longer than that or the run is interrupted. */
export function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController()
  const late = sleep(limitMs, AbortSignal.any([interrupted, over.signal])).then(() => Promise.reject(new Error(`${what} takes longer than ${limitMs / 1000} s`)))
  return Promise.race([work, late]).finally(() => over.abort())
}
