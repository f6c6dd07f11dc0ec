/**
 * One Ctrl-C ends the wait that goes on, so that everything is disposed of on the way out; it is heard between
 * two waits too. A second one is not waited for.
 */
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
