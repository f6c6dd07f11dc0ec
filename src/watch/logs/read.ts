/**
 * Reading logs: a page of the past, and the stream of what arrives.
 *
 * A page is a merge, newest first, of hot lines and of chunks that overlap in time. A line may be given once every chunk
 * that could hold a later one has been opened. Sealing, merging and retention go on meanwhile and change nothing: hot lines
 * come with the boundary below which all is in chunks, and the chunks are read in one snapshot.
 */
import type { Database } from '#kernel/db/db.ts'
import { Tail } from '#watch/tail.ts'
import { openChunk } from './chunk.ts'
import { Labels } from './labels.ts'
import { type LineFilter, fitsLine, fitsSource, lineFilter } from './filter.ts'
import { type LogPage, type LogPageQuery, type LogQuery, type Position, type SourceLabels, type StoredLine, comparePositions, cursorOf, parseCursor, toLogLine } from './model.ts'
import { type ChunkHead, type ChunkSnapshot, hotLines, minuteCounts, placeCounts, withChunks } from './read-rows.ts'
import { PlaceCounter, StepCounter, isCounted, linesOf, onlyWanted } from './counts.ts'
import type { CountWindow, LogCounts, LogReader, LogTally } from './port.ts'
import { logsChannel } from './store.ts'

/** A line with who wrote it. */
type Line = { row: StoredLine; labels: SourceLabels }

const defaultBudgetMs = 2000
const headPage = 100
/** Hot lines looked at together when the database cannot say which of them are found. */
const searchPage = 2000
/** Lines taken together when lines are counted. */
const countPage = 10_000
/** Chunks fetched and opened at once. */
const maxBatch = 16
/** How many chunks to go forward at once, beside those that have begun already. */
const arrivedChunks = 16
/** Lines that all streams share in memory; a stream that falls behind them reads from the database. */
const tailLines = 20_000
const tailPage = 2000

export function createLogReader(db: Database): LogReader {
  const labels = new Labels(db)
  const tail = new Tail<Line>({
    keep: tailLines,
    listen: (wake) => db.listen(logsChannel, wake),
    position: ({ row }) => row.line,
    async top() {
      return (await hotLines(db, {}, lineFilter({}), { afterLine: Number.MAX_SAFE_INTEGER }, 'arrival', 1)).top
    },
    async after(position) {
      const page = await hotLines(db, {}, lineFilter({}), { afterLine: position }, 'arrival', tailPage)
      if (page.sealedBelow > position + 1) return { from: page.sealedBelow - 1, upTo: page.sealedBelow - 1, items: [], more: true } // slept too long: those in between are in chunks
      const more = page.lines.length === tailPage
      return { from: position, upTo: more ? (page.lines.at(-1)?.line ?? position) : page.top, items: page.lines.map((line) => ({ row: line, labels: line })), more }
    },
  })

  async function openAll(chunks: ChunkSnapshot, heads: readonly ChunkHead[], filter: LineFilter): Promise<Line[]> {
    const bodies = await chunks.bodies(heads.map((head) => head.id))
    const sources = chunks.sources === null ? null : new Set(chunks.sources)
    const opened = await Promise.all([...bodies.values()].map((data) => openChunk(data, filter, sources)))
    const lines = await labels.attach(opened.flat())
    return filter.matches === null ? lines : lines.filter((line) => fitsLine(filter, line.row, line.labels))
  }

  return {
    read: (query) => readPage(db, openAll, query),
    async *stream(query, { after, backlog = 0, signal }) {
      const filter = lineFilter(query)
      let at: number
      if (after !== undefined) at = parseCursor(after).line
      else {
        at = await tail.top()
        if (backlog > 0) {
          const page = await readPage(db, openAll, { ...query, limit: backlog }, at)
          // in order of arrival, so that a stream that breaks here goes on after the right line
          for (const line of page.lines.sort((a, b) => parseCursor(a.cursor).line - parseCursor(b.cursor).line)) yield line
        }
      }
      using _open = tail.open()
      while (!signal.aborted) {
        const next = tail.since(at) ?? (await readArrived(db, openAll, query, filter, at))
        for (const { row, labels: who } of next.items) {
          if (row.line <= at || !fitsSource(query, who) || !fitsLine(filter, row, who)) continue
          if (signal.aborted) return
          yield toLogLine(row, who)
        }
        at = Math.max(at, next.upTo)
        if (next.items.length === 0) await tail.wait(at, signal)
      }
    },
    counts: (query, window) => countLines(db, openAll, query, window),
    tally: (query, window) => tallyLines(db, openAll, query, window),
    close: () => tail.close(),
  }
}

type OpenAll = (chunks: ChunkSnapshot, heads: readonly ChunkHead[], filter: LineFilter) => Promise<Line[]>

/** What has been found so far, and how far down everything has been looked through. */
type Progress = { found: Line[]; below: Position | undefined; end: 'full' | 'partial' | 'all' | 'more-hot' }

async function readPage(db: Database, openAll: OpenAll, query: LogPageQuery, maxLine?: number): Promise<LogPage> {
  const { found, below, end } = await readLines(db, openAll, query, maxLine)
  const lines = found.reverse().map(({ row, labels }) => toLogLine(row, labels))
  return { lines, partial: end === 'partial', next: end === 'all' || !below ? null : cursorOf(below) }
}

/** From the counts of minutes where they tell; else line by line, as far back as the time allows. */
async function countLines(db: Database, openAll: OpenAll, query: LogQuery, window: CountWindow): Promise<LogCounts> {
  if (isCounted(query, window.stepMs)) return { counts: onlyWanted(query, await minuteCounts(db, query, lineFilter(query), window)), partialBefore: null }
  const counter = new StepCounter(window.stepMs)
  const partialBefore = await eachLine(db, openAll, query, window, ({ row }) => counter.add(row.atMs, row.level))
  return { counts: counter.counts(), partialBefore }
}

async function tallyLines(db: Database, openAll: OpenAll, query: LogQuery, window: CountWindow): Promise<LogTally> {
  if (isCounted(query, window.stepMs)) {
    const rows = onlyWanted(query, await placeCounts(db, query, lineFilter(query), window))
    return { counts: rows.map((row) => ({ atMs: row.atMs, app: row.app, environment: row.environment, service: row.service, lines: linesOf(row) })), partialBefore: null }
  }
  const counter = new PlaceCounter(window)
  const partialBefore = await eachLine(db, openAll, query, window, ({ row, labels }) => counter.add(row.atMs, labels))
  return { counts: counter.counts(), partialBefore }
}

/** Newest first, as far back as the time allows: null, or earlier than what was not looked at. */
async function eachLine(db: Database, openAll: OpenAll, query: LogQuery, { since, until, budgetMs = defaultBudgetMs }: CountWindow, add: (line: Line) => void): Promise<Date | null> {
  const deadline = performance.now() + budgetMs
  let before: string | undefined
  while (true) {
    const { found, below, end } = await readLines(db, openAll, { ...query, since, until: new Date(until.getTime() - 1), before, limit: countPage, budgetMs: Math.max(0, deadline - performance.now()) })
    found.forEach(add)
    if (end === 'all' || below === undefined) return null
    if (performance.now() > deadline) return new Date(below.atMs)
    before = cursorOf(below)
  }
}

/** Newest first. */
async function readLines(db: Database, openAll: OpenAll, query: LogPageQuery, maxLine?: number): Promise<Progress> {
  const limit = query.limit ?? 100
  const deadline = performance.now() + (query.budgetMs ?? defaultBudgetMs)
  const filter = lineFilter(query)
  const bounds = {
    above: query.after === undefined ? undefined : parseCursor(query.after),
    sinceMs: query.since?.getTime(),
    untilMs: query.until?.getTime(),
    maxLine,
  }
  const progress: Progress = { found: [], below: query.before === undefined ? undefined : parseCursor(query.before), end: 'more-hot' }
  while (progress.end === 'more-hot') {
    const wanted = limit - progress.found.length
    const page = filter.matches === null ? wanted + 1 : Math.max(wanted + 1, searchPage)
    const hot = await hotLines(db, query, filter, { ...bounds, below: progress.below }, 'newest', page)
    const pending = hot.lines.filter((line) => fitsLine(filter, line, line)).map((line) => ({ row: line, labels: line }))
    /** Hot lines below this one were not fetched. */
    const hotFrom = hot.lines.length === page ? hot.lines.at(-1) : undefined
    await withChunks(db, query, filter, hot.sealedBelow, (chunks) => merge(progress, { pending, hotFrom, chunks, bounds, filter, openAll, limit, deadline }))
  }
  return progress
}

type Merge = {
  pending: Line[]
  hotFrom: Position | undefined
  chunks: ChunkSnapshot
  bounds: LineBounds
  filter: LineFilter
  openAll: OpenAll
  limit: number
  deadline: number
}

async function merge(progress: Progress, { pending, hotFrom, chunks, bounds, filter, openAll, limit, deadline }: Merge): Promise<void> {
  let heads: ChunkHead[] = []
  let last: ChunkHead | undefined
  let more = true
  const start = progress.below
  let batch = 1 // the first lines are in the newest chunk, most often; a search goes on through many
  while (true) {
    if (heads.length === 0 && more) {
      heads = await chunks.heads({ ...bounds, below: progress.below }, 'newest', headPage, last)
      more = heads.length === headPage
      last = heads.at(-1)
    }
    // all that is not opened or fetched yet is below this
    const nextMs = heads[0]?.lastMs ?? -1
    const open: Position = hotFrom !== undefined && hotFrom.atMs >= nextMs ? hotFrom : { atMs: nextMs + 1, line: 0 }
    pending.sort((a, b) => comparePositions(b.row, a.row))
    const firstOpen = pending.findIndex(({ row }) => comparePositions(row, open) < 0)
    const given = pending.splice(0, Math.min(firstOpen === -1 ? pending.length : firstOpen, limit - progress.found.length))
    progress.found.push(...given)
    progress.below = given.at(-1)?.row ?? progress.below
    if (progress.found.length >= limit) return void (progress.end = 'full')
    if (progress.below === undefined || comparePositions(open, progress.below) < 0) progress.below = open
    // however little time there is, each call gets further
    const further = start === undefined || comparePositions(progress.below, start) < 0
    if (open === hotFrom) return void (progress.end = further && performance.now() > deadline ? 'partial' : 'more-hot')
    if (heads.length === 0) return void (progress.end = 'all')
    if (further && performance.now() > deadline) return void (progress.end = 'partial')
    const edge = progress.below
    for (const line of await openAll(chunks, heads.splice(0, batch), filter))
      if (comparePositions(line.row, edge) < 0 && inBounds(line.row, bounds)) pending.push(line)
    batch = Math.min(batch * 2, maxBatch)
  }
}

type LineBounds = { above: Position | undefined; sinceMs: number | undefined; untilMs: number | undefined; maxLine: number | undefined }

function inBounds(row: StoredLine, { above, sinceMs, untilMs, maxLine }: LineBounds): boolean {
  return (
    (sinceMs === undefined || row.atMs >= sinceMs) &&
    (untilMs === undefined || row.atMs <= untilMs) &&
    (maxLine === undefined || row.line <= maxLine) &&
    (above === undefined || comparePositions(row, above) > 0)
  )
}

/** What arrived after a line, from chunks or hot partitions: some of it, all up to `upTo`. Items may be more than fit. */
async function readArrived(db: Database, openAll: OpenAll, query: LogQuery, filter: LineFilter, after: number): Promise<{ items: Line[]; upTo: number }> {
  const hot = await hotLines(db, query, filter, { afterLine: after }, 'arrival', tailPage)
  if (after >= hot.sealedBelow - 1) {
    const upTo = hot.lines.length < tailPage ? hot.top : (hot.lines.at(-1)?.line ?? after)
    return { items: hot.lines.map((line) => ({ row: line, labels: line })), upTo }
  }
  return withChunks(db, query, filter, hot.sealedBelow, async (chunks) => {
    const heads: ChunkHead[] = []
    let next: ChunkHead | undefined
    // environments write at the same time, so many chunks may have begun before `after`; those cannot wait
    for (let begun = 0, more = true; more && heads.length < begun + arrivedChunks; ) {
      const page = await chunks.heads({ afterLine: after }, 'arrival', headPage, heads.at(-1))
      heads.push(...page)
      more = page.length === headPage
      begun = heads.filter((head) => head.firstLine <= after + 1).length
      next = heads[begun + arrivedChunks]
      if (next) heads.length = begun + arrivedChunks
    }
    const opened = heads.length === 0 ? [] : await openAll(chunks, heads, filter)
    // lines that come after the start of a chunk not yet opened have to wait for it
    const upTo = (next?.firstLine ?? hot.sealedBelow) - 1
    return { items: opened.filter(({ row }) => row.line > after && row.line <= upTo).sort((a, b) => a.row.line - b.row.line), upTo }
  })
}
