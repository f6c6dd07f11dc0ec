/** What every store does with the lines that it finds, wherever they are kept: a page of them, and counts of them. */
import type { LogLine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { PlaceCounter, StepCounter, isCounted, linesOf, onlyWanted } from './counts.ts'
import { type LineFilter, lineFilter } from './filter.ts'
import { type LogPage, type LogPageQuery, type LogQuery, type Position, type SourceLabels, type StoredLine, cursorOf, parseCursor, toLogLine } from './model.ts'
import type { CountWindow, LogCounts, LogTally } from './port.ts'
import { type Bounds, minuteCounts, placeCounts } from './read-rows.ts'

/** A line with who wrote it. */
export type Line = { row: StoredLine; labels: SourceLabels }
/** Lines newest first; `below`: all down to it was looked through. It ended because that is as many as asked for, all the time there was, or all there is. */
export type Found = { lines: Line[]; below: Position | undefined; end: 'full' | 'partial' | 'all' }
/** @param maxLine  none that arrived later */
export type Find = (query: LogPageQuery, maxLine?: number) => Promise<Found>

const defaultBudgetMs = 2000
/** Lines taken together when lines are counted. */
const countPage = 10_000

/** What a question for lines means. `deadline` as `performance.now()` counts. Throws `invalid` for a bad cursor. */
export function searchOf(query: LogPageQuery, maxLine?: number): { limit: number; deadline: number; filter: LineFilter; bounds: Bounds; below: Position | undefined } {
  const { limit = 100, budgetMs = defaultBudgetMs, after, before, since, until } = query
  const bounds: Bounds = { above: after === undefined ? undefined : parseCursor(after), sinceMs: since?.getTime(), untilMs: until?.getTime(), maxLine }
  return { limit, deadline: performance.now() + budgetMs, filter: lineFilter(query), bounds, below: before === undefined ? undefined : parseCursor(before) }
}

export async function readPage(find: Find, query: LogPageQuery, maxLine?: number): Promise<LogPage> {
  const { lines, below, end } = await find(query, maxLine)
  return { lines: lines.reverse().map(({ row, labels }) => toLogLine(row, labels)), partial: end === 'partial', next: end === 'all' || below === undefined ? null : cursorOf(below) }
}

/** What a stream begins with, in order of arrival: one that breaks there goes on after the right line. */
export async function* firstLines(find: Find, query: LogQuery, limit: number, maxLine: number): AsyncGenerator<LogLine> {
  const { lines } = await find({ ...query, limit }, maxLine)
  for (const { row, labels } of lines.sort((a, b) => a.row.line - b.row.line)) yield toLogLine(row, labels)
}

/** From the counts of minutes where they tell; else line by line, as far back as the time allows. */
export async function countLines(db: Database, find: Find, query: LogQuery, window: CountWindow): Promise<LogCounts> {
  if (isCounted(query, window.stepMs)) return { counts: onlyWanted(query, await minuteCounts(db, query, lineFilter(query), window)), partialBefore: null }
  const counter = new StepCounter(window.stepMs)
  const partialBefore = await eachLine(find, query, window, ({ row }) => counter.add(row.atMs, row.level))
  return { counts: counter.counts(), partialBefore }
}

/** As `countLines`, by service. */
export async function tallyLines(db: Database, find: Find, query: LogQuery, window: CountWindow): Promise<LogTally> {
  if (isCounted(query, window.stepMs)) {
    const rows = onlyWanted(query, await placeCounts(db, query, lineFilter(query), window))
    return { counts: rows.map((row) => ({ atMs: row.atMs, app: row.app, environment: row.environment, service: row.service, lines: linesOf(row) })), partialBefore: null }
  }
  const counter = new PlaceCounter(window)
  const partialBefore = await eachLine(find, query, window, ({ row, labels }) => counter.add(row.atMs, labels))
  return { counts: counter.counts(), partialBefore }
}

/** Newest first, as far back as the time allows: null, or earlier than what was not looked at. */
async function eachLine(find: Find, query: LogQuery, { since, until, budgetMs = defaultBudgetMs }: CountWindow, add: (line: Line) => void): Promise<Date | null> {
  const deadline = performance.now() + budgetMs
  let before: string | undefined
  while (true) {
    const { lines, below, end } = await find({ ...query, since, until: new Date(until.getTime() - 1), before, limit: countPage, budgetMs: Math.max(0, deadline - performance.now()) })
    lines.forEach(add)
    if (end === 'all' || below === undefined) return null
    if (performance.now() > deadline) return new Date(below.atMs)
    before = cursorOf(below)
  }
}
