/** Which questions for counts the stored counts of minutes answer, and counting lines one by one for the others. Pure. */
import type { CountWindow, LevelCounts, PlaceCount } from './port.ts'
import { type LogQuery, type SourceLabels, levels } from './model.ts'
import { lineFilter } from './filter.ts'
import { type Expression, isLeaf } from './query/ast.ts'

const minuteMs = 60_000
/** What a histogram's steps may be: each is a whole number of the ones that a person counts in. */
const stepsMs = [1000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000]

/** The shortest step that needs no more than so many of them, and the window widened to whole ones. */
export function countWindow(since: Date, until: Date, most: number): { since: Date; until: Date; stepMs: number } {
  const spanMs = Math.max(1, until.getTime() - since.getTime())
  const stepMs = stepsMs.find((step) => spanMs / step <= most) ?? Math.ceil(spanMs / most / 86_400_000) * 86_400_000
  const down = (ms: number) => Math.floor(ms / stepMs) * stepMs
  return { since: new Date(down(since.getTime())), until: new Date(down(until.getTime() - 1) + stepMs), stepMs }
}

/** Minutes are counted by app, environment, service, stream and level; whatever else is asked needs the lines. */
export function isCounted(query: LogQuery, stepMs: number): boolean {
  const { instance, release, source, text } = query
  if (stepMs % minuteMs !== 0 || instance !== undefined || release !== undefined || source !== undefined || (text ?? '') !== '') return false
  return query.where == null || parts(query.where).every((part) => part.kind === 'level' || part.kind === 'stream' || (part.kind === 'label' && (part.label === 'app' || part.label === 'environment' || part.label === 'service')))
}

function parts(tree: Expression): readonly Expression[] {
  return isLeaf(tree) || tree.kind !== 'all' ? [tree] : tree.of
}

/** Of a counted query: the levels it wants, as places. */
function wantedLevels(query: LogQuery): ReadonlySet<number> {
  let wanted: number[] = lineFilter(query).levels ?? levels.map((_, place) => place)
  for (const part of query.where == null ? [] : parts(query.where)) if (part.kind === 'level') wanted = wanted.filter((place) => part.places.includes(place))
  return new Set(wanted)
}

export class StepCounter {
  readonly #steps = new Map<number, LevelCounts>()
  readonly #stepMs: number
  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }
  add(atMs: number, level: number): void {
    const from = atMs - (atMs % this.#stepMs)
    const step = this.#steps.get(from) ?? { at: new Date(from), unknown: 0, debug: 0, info: 0, warn: 0, error: 0 }
    this.#steps.set(from, step)
    step[levels[level] ?? 'unknown']++
  }
  counts(): LevelCounts[] {
    return [...this.#steps.values()].sort((a, b) => a.at.getTime() - b.at.getTime())
  }
}

export class PlaceCounter {
  readonly #places = new Map<string, PlaceCount>()
  readonly #window: CountWindow
  constructor(window: CountWindow) {
    this.#window = window
  }
  add(atMs: number, { app, environment, service }: Pick<SourceLabels, 'app' | 'environment' | 'service'>, lines = 1): void {
    const { since, stepMs } = this.#window
    const from = atMs - ((atMs - since.getTime()) % stepMs)
    const key = `${from}\0${app}\0${environment}\0${service}`
    const place = this.#places.get(key)
    if (place === undefined) this.#places.set(key, { atMs: from, app, environment, service, lines })
    else place.lines += lines
  }
  counts(): PlaceCount[] {
    return [...this.#places.values()].sort((a, b) => a.atMs - b.atMs)
  }
}

/** Stored counts with the wanted levels alone. */
export function onlyWanted<Row extends Omit<LevelCounts, 'at'>>(query: LogQuery, rows: readonly Row[]): Row[] {
  const wanted = wantedLevels(query)
  const others = Object.fromEntries(levels.flatMap((level, place) => (wanted.has(place) ? [] : [[level, 0]])))
  return rows.map((row) => ({ ...row, ...others })).filter((row) => levels.some((level) => row[level] > 0))
}

export const linesOf = (row: Omit<LevelCounts, 'at'>): number => levels.reduce((sum, level) => sum + row[level], 0)
