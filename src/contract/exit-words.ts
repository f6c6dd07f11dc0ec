/** How an instance ended last, in the few words of a list. Pure. */
import type { ExitStatus } from './wire.ts'

export function exitWords({ code, signal, oom }: Pick<ExitStatus, 'code' | 'signal' | 'oom'>): string {
  if (oom) return 'out of memory'
  return signal ?? (code === null ? 'nobody knows how' : `exit code ${code}`)
}
