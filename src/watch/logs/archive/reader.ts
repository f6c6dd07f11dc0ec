/** Reading where sealed lines are in another engine: hot rows of PostgreSQL and lines of the archive, merged. The same answers as `read.ts`; its streams share nothing. */
import type { LogLine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { createBell } from '#kernel/bell.ts'
import { PlaceCounter, StepCounter, isCounted, linesOf, onlyWanted } from '../counts.ts'
import { type LineFilter, fitsLine, fitsSource, lineFilter } from '../filter.ts'
import { Labels } from '../labels.ts'
import { type LogPage, type LogPageQuery, type LogQuery, type Position, type SourceLabels, type StoredLine, comparePositions, cursorOf, parseCursor, toLogLine } from '../model.ts'
import type { CountWindow, LogCounts, LogReader, LogTally } from '../port.ts'
import { type Bounds, hotLines, minuteCounts, placeCounts, querySources, topLine } from '../read-rows.ts'
import { logsChannel } from '../store.ts'
import type { Archive } from './port.ts'

type Line = { row: StoredLine; labels: SourceLabels }
type Found = { lines: Line[]; below: Position | undefined; end: 'full' | 'partial' | 'all' }

const defaultBudgetMs = 2000
const searchPage = 1000
const streamPage = 2000
const countPage = 5000
const pollMs = 1000

export function createArchiveReader(db: Database, archive: Archive): LogReader {
  const labels = new Labels(db)
  const bell = createBell()
  const unlisten = db.listen(logsChannel, () => bell.ring())

  async function sealed(query: LogQuery, filter: LineFilter, bounds: Bounds, sealedBelow: number, order: 'newest' | 'arrival', limit: number): Promise<Line[]> {
    const sources = await querySources(db.query, query, filter)
    if (sources !== null && sources.length === 0) return []
    return labels.attach(await archive.select({ query, filter, sources, bounds, sealedBelow, order, limit }))
  }

  /** Newest first. */
  async function find(query: LogPageQuery, maxLine?: number): Promise<Found> {
    const limit = query.limit ?? 100
    const deadline = performance.now() + (query.budgetMs ?? defaultBudgetMs)
    const filter = lineFilter(query)
    const bounds: Bounds = { above: query.after === undefined ? undefined : parseCursor(query.after), sinceMs: query.since?.getTime(), untilMs: query.until?.getTime(), maxLine }
    const found: Found = { lines: [], below: query.before === undefined ? undefined : parseCursor(query.before), end: 'all' }
    for (;;) {
      const page = filter.matches === null && filter.needles.length === 0 ? limit - found.lines.length + 1 : searchPage
      // hot rows first: what is sealed meanwhile is in the archive before it is gone here
      const hot = await hotLines(db, query, filter, { ...bounds, below: found.below }, 'newest', page)
      const cold = await sealed(query, filter, { ...bounds, below: found.below }, hot.sealedBelow, 'newest', page)
      const ends = [hot.lines.length === page ? hot.lines.at(-1) : undefined, cold.length === page ? cold.at(-1)?.row : undefined].filter((one) => one !== undefined)
      // below this, not all lines were fetched
      const floor = ends.sort(comparePositions).at(-1)
      const lines = [...hot.lines.map((line): Line => ({ row: line, labels: line })), ...cold].sort((a, b) => comparePositions(b.row, a.row))
      for (const line of lines) {
        if (floor !== undefined && comparePositions(line.row, floor) < 0) break
        found.below = { atMs: line.row.atMs, line: line.row.line }
        if (fitsLine(filter, line.row, line.labels)) found.lines.push(line)
        if (found.lines.length >= limit) return { ...found, end: 'full' }
      }
      if (floor === undefined) return { ...found, end: 'all' }
      if (performance.now() > deadline) return { ...found, end: 'partial' }
    }
  }

  async function read(query: LogPageQuery, maxLine?: number): Promise<LogPage> {
    const { lines, below, end } = await find(query, maxLine)
    return { lines: lines.reverse().map(({ row, labels: who }) => toLogLine(row, who)), partial: end === 'partial', next: end === 'all' || below === undefined ? null : cursorOf(below) }
  }

  /** Lines that arrived after one, all up to `upTo`; may be more than fit. */
  async function arrived(query: LogQuery, filter: LineFilter, after: number): Promise<{ lines: Line[]; upTo: number }> {
    const hot = await hotLines(db, query, filter, { afterLine: after }, 'arrival', streamPage)
    if (after >= hot.sealedBelow - 1) return { lines: hot.lines.map((line) => ({ row: line, labels: line })), upTo: hot.lines.length < streamPage ? hot.top : (hot.lines.at(-1)?.line ?? after) }
    const lines = await sealed(query, filter, { afterLine: after }, hot.sealedBelow, 'arrival', streamPage)
    return { lines, upTo: lines.length < streamPage ? hot.sealedBelow - 1 : (lines.at(-1)?.row.line ?? after) }
  }

  async function* stream(query: LogQuery, { after, backlog = 0, signal }: { after?: string | undefined; backlog?: number | undefined; signal: AbortSignal }): AsyncGenerator<LogLine> {
    const filter = lineFilter(query)
    let at = after === undefined ? await topLine(db) : parseCursor(after).line
    if (after === undefined && backlog > 0) {
      const { lines } = await find({ ...query, limit: backlog }, at)
      for (const { row, labels: who } of lines.sort((a, b) => a.row.line - b.row.line)) yield toLogLine(row, who)
    }
    while (!signal.aborted) {
      const rung = bell.next(pollMs, signal)
      const { lines, upTo } = await arrived(query, filter, at)
      for (const { row, labels: who } of lines) {
        if (signal.aborted) return
        if (row.line > at && fitsSource(query, who) && fitsLine(filter, row, who)) yield toLogLine(row, who)
      }
      at = Math.max(at, upTo)
      if (lines.length === 0) await rung
    }
  }

  async function counts(query: LogQuery, window: CountWindow): Promise<LogCounts> {
    if (isCounted(query, window.stepMs)) return { counts: onlyWanted(query, await minuteCounts(db, query, lineFilter(query), window)), partialBefore: null }
    const counter = new StepCounter(window.stepMs)
    const partialBefore = await eachLine(query, window, ({ row }) => counter.add(row.atMs, row.level))
    return { counts: counter.counts(), partialBefore }
  }

  async function tally(query: LogQuery, window: CountWindow): Promise<LogTally> {
    if (isCounted(query, window.stepMs)) {
      const rows = onlyWanted(query, await placeCounts(db, query, lineFilter(query), window))
      return { counts: rows.map((row) => ({ atMs: row.atMs, app: row.app, environment: row.environment, service: row.service, lines: linesOf(row) })), partialBefore: null }
    }
    const counter = new PlaceCounter(window)
    const partialBefore = await eachLine(query, window, ({ row, labels: who }) => counter.add(row.atMs, who))
    return { counts: counter.counts(), partialBefore }
  }

  async function eachLine(query: LogQuery, { since, until, budgetMs = defaultBudgetMs }: CountWindow, add: (line: Line) => void): Promise<Date | null> {
    const deadline = performance.now() + budgetMs
    for (let before: string | undefined; ; ) {
      const { lines, below, end } = await find({ ...query, since, until: new Date(until.getTime() - 1), before, limit: countPage, budgetMs: Math.max(0, deadline - performance.now()) })
      lines.forEach(add)
      if (end === 'all' || below === undefined) return null
      if (performance.now() > deadline) return new Date(below.atMs)
      before = cursorOf(below)
    }
  }

  return { read: (query) => read(query), stream, counts, tally, close: unlisten }
}
