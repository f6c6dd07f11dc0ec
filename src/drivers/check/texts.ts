/** What an answer must hold: plain text, or a regular expression between slashes. */
import { createContext, runInContext } from 'node:vm'

const regexMs = 200
const sandbox = createContext(Object.create(null))

/**
 * A regular expression that runs away is ended after a moment: the engine looks for an interruption while it backtracks.
 * Throws for one that is no expression, or that takes too long.
 */
export function matches(text: string, pattern: string): boolean {
  const regex = /^\/(.+)\/([imsu]*)$/s.exec(pattern)
  if (!regex) return text.includes(pattern)
  const source = `new RegExp(${JSON.stringify(regex[1])}, ${JSON.stringify(regex[2])}).test(${JSON.stringify(text)})`
  try {
    return runInContext(source, sandbox, { timeout: regexMs }) === true
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new Error(`${pattern} took more than ${regexMs} ms on the answer (write it so that it does not backtrack)`, { cause: error })
    throw error
  }
}

/** One line for a person: no control characters, bounded. */
export function brief(text: string, max = 200): string {
  const flat = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  return flat.length > max ? `${flat.slice(0, max)}…` : flat
}
