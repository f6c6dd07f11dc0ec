/**
 * The newest lines of each instance, over its attempts, so that a crash loop can be told with what the program itself said.
 * In memory only: after a restart of the agent there is less to say until the program writes again.
 */
export const keptLines = 30
/** Of each line: programs that print whole documents must not be held whole. */
const keptChars = 1_000
const longestChars = 200

export class Tails {
  readonly #lines = new Map<string, string[]>()

  note(instance: string, lines: readonly string[]): void {
    const kept = (this.#lines.get(instance) ?? []).concat(lines.slice(-keptLines).map(shortened)).slice(-keptLines)
    this.#lines.set(instance, kept)
  }

  telling(instance: string): string | null {
    return tellingLine(this.#lines.get(instance) ?? [])
  }

  /** Forgets all other instances. */
  keep(instances: ReadonlySet<string>): void {
    for (const instance of this.#lines.keys()) if (!instances.has(instance)) this.#lines.delete(instance)
  }
}

/** A copy: a slice would hold all of the line. */
function shortened(line: string): string {
  return line.length <= keptChars ? line : Buffer.from(line.slice(0, keptChars)).toString()
}

/** The line that says most of why a program ended: the newest that speaks of a fault, else the newest that says anything. */
export function tellingLine(lines: readonly string[]): string | null {
  // frames of a stack name errors and say nothing
  const said = lines.map((line) => line.trim()).filter((line) => line !== '' && !/^at .*[():]/.test(line) && !/^File ".*", line \d+/.test(line))
  const fault = said.findLast((line) => /error|exception|panic|fatal|traceback|cannot|could not|refused|denied/i.test(line)) ?? said.at(-1)
  return fault === undefined ? null : fault.length > longestChars ? `${fault.slice(0, longestChars)}…` : fault
}
