/** How a command fails: `error: what (way out)` on stderr; 2 for a wrong call, 1 for everything else. */
import { isAppError, messageOf } from '#base/errors.ts'
import { type Output, harmless } from './output.ts'

/** The command line itself is wrong: exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const wayOut: Partial<Record<string, string>> = {
  unauthenticated: 'log in again: nightshift login (or check NIGHTSHIFT_TOKEN)',
  forbidden: 'this credential may not do that; nightshift whoami shows what it may',
}

/** Prints any thrown thing and answers the exit code. */
export function reportError(out: Output, error: unknown): number {
  const word = out.paintNote('red', 'error:')
  if (error instanceof UsageError) {
    out.io.stderr.write(`${word} ${error.message}\n`)
    return 2
  }
  const expected = isAppError(error) || isSystemError(error)
  const detail = harmless(messageOf(error))
  out.io.stderr.write(`${word} ${detail}\n`)
  if (isAppError(error)) {
    // what the sentence above has said is not said again
    for (const fault of error.fields) if (!detail.includes(harmless(fault.message))) out.io.stderr.write(`  ${harmless(fault.path)}: ${harmless(fault.message)}\n`)
    const hint = wayOut[error.code]
    if (hint !== undefined && !detail.includes('nightshift ')) out.note(`  ${hint}`)
  }
  if (!expected && error instanceof Error) out.note(`this is a defect of nightshift, please report it:\n${error.stack ?? ''}`)
  return 1
}

/** An error of the operating system (ENOENT, EACCES …): its message names the file and needs no stack. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}
