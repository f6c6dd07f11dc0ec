/** What is remembered of minutes whose lines were counted, and how much time counting may take. No database; `nowMs` is given. */
import type { PlaceCount } from '#watch/logs/port.ts'

export const minuteMs = 60_000
/** Minutes that no rule asked for since are forgotten. */
const forgetMs = 10 * minuteMs
const mostCells = 200_000

/** `settled`: it is not counted again. */
export type Minute = { places: PlaceCount[]; complete: boolean; settled: boolean; usedMs: number }
export type Minutes = Map<number, Minute>

/** Minutes by question, the one asked last at the end: it is forgotten last. */
export class CountedMinutes {
  readonly #known = new Map<string, Minutes>()

  of(question: string): Minutes {
    const minutes = this.#known.get(question) ?? new Map<number, Minute>()
    this.#known.delete(question)
    this.#known.set(question, minutes)
    return minutes
  }

  forget(nowMs: number): void {
    for (const [question, minutes] of this.#known) {
      for (const [at, { usedMs }] of minutes) if (nowMs - usedMs > forgetMs) minutes.delete(at)
      if (minutes.size === 0) this.#known.delete(question)
    }
    let cells = this.#known.values().reduce((sum, minutes) => sum + cellsOf(minutes), 0)
    for (const [question, minutes] of this.#known) {
      if (cells <= mostCells) return
      cells -= cellsOf(minutes)
      this.#known.delete(question)
    }
  }
}

const cellsOf = (minutes: Minutes): number => minutes.values().reduce((all, { places }) => all + 1 + places.length, 0)

/** Spans of minutes that are not settled, newest first. */
export function runsOf(minutes: ReadonlyMap<number, Pick<Minute, 'settled'>>, fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
  const runs: { fromMs: number; toMs: number }[] = []
  for (let at = toMs - minuteMs; at >= fromMs; at -= minuteMs) {
    if (minutes.get(at)?.settled === true) continue
    const last = runs.at(-1)
    if (last?.fromMs === at + minuteMs) last.fromMs = at
    else runs.push({ fromMs: at, toMs: at + minuteMs })
  }
  return runs
}

/** Of reading lines: `askMs` a question, and `totalMs` in every `everyMs`. */
export type CountBudget = { askMs: number; totalMs: number; everyMs: number }
/** A sixth of the time at most, however many rules there are. */
export const turnBudget: CountBudget = { askMs: 1000, totalMs: 5000, everyMs: 30_000 }
export const trialBudget: CountBudget = { askMs: 5000, totalMs: 8000, everyMs: Number.POSITIVE_INFINITY }

export class Spending {
  readonly #budget: CountBudget
  #sinceMs = 0
  #spentMs = 0
  constructor(budget: CountBudget) {
    this.#budget = budget
  }
  /** For one question more. */
  leftMs(nowMs: number): number {
    const { askMs, totalMs, everyMs } = this.#budget
    if (nowMs - this.#sinceMs >= everyMs) [this.#sinceMs, this.#spentMs] = [nowMs, 0]
    return Math.min(askMs, totalMs - this.#spentMs)
  }
  spend(ms: number): void {
    this.#spentMs += ms
  }
}
