/**
 * The lines of one question: those in the list, changed in place (100 000 lines are not copied for each new one), and those
 * that have arrived and wait. Pure but for what it holds.
 */
import type { LogLine } from '#contract/model.ts'

export const maxLines = 100_000
/** How many lines back a late one may be put. */
const lateLines = 500

export class LineBuffer {
  lines: LogLine[] = []
  /** Where older lines go on; null: there is nothing older. */
  next: string | null = null
  /** How many lines were put before the first one so far. */
  prepended = 0
  /** An older page has been asked for. */
  isAsking = false
  #waiting: LogLine[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  begin(page: { lines: readonly LogLine[]; next: string | null }): void {
    this.lines = [...page.lines]
    this.next = page.next
  }

  /** Waits until `settle`; beyond the bound the oldest that wait are lost. */
  arrive(line: LogLine): void {
    this.#waiting.push(line)
    if (this.#waiting.length > maxLines) this.#waiting.shift()
  }

  /** Puts what waits into its place in time: machines send their lines a moment apart. False if there was nothing. */
  settle(): boolean {
    if (this.#waiting.length === 0) return false
    for (const line of this.#waiting.sort(byTime)) insert(this.lines, line)
    this.#waiting = []
    if (this.lines.length > maxLines) this.lines.splice(0, this.lines.length - maxLines * 0.9)
    return true
  }

  prepend(page: { lines: readonly LogLine[]; next: string | null }): void {
    this.lines.unshift(...page.lines)
    this.next = page.next
    this.prepended += page.lines.length
  }
}

const byTime = (a: LogLine, b: LogLine) => (a.cursor < b.cursor ? -1 : 1)

function insert(lines: LogLine[], line: LogLine): void {
  let place = lines.length
  while (place > 0 && lines.length - place < lateLines && (lines[place - 1] as LogLine).cursor > line.cursor) place--
  if (place === lines.length) lines.push(line)
  else lines.splice(place, 0, line)
}
