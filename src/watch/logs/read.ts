/**
 * Reading logs: a page of the past, and the stream of what arrives.
 *
 * A page is a merge, newest first, of hot lines and of chunks that overlap in time. A line may be given once every chunk
 * that could hold a later one has been opened. Sealing, merging and retention go on meanwhile and change nothing: hot lines
 * come with the boundary below which all is in chunks, and the chunks are read in one snapshot.
 */
import type { LogLine } from '#contract/model.ts'
import type { LogStream } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { Tail } from '#watch/tail.ts'
import { openChunk } from './chunk.ts'
import { Labels } from './labels.ts'
import {
  type LineFilter, type LogPage, type LogPageQuery, type LogQuery, type Position, type SourceLabels, type StoredLine, comparePositions, cursorOf, fitsLine,
  fitsSource, lineFilter, parseCursor, toLogLine,
} from './model.ts'
import { type ChunkHead, type ChunkSnapshot, type LevelCounts, hotLines, minuteCounts, withChunks } from './read-rows.ts'
import { logsChannel } from './store.ts'

/** What is shown when nobody says which streams: what an app says, and what we say about it. */
export const defaultStreams: readonly LogStream[] = ['stdout', 'stderr', 'release', 'run', 'system']

export type StreamOptions = {
  /** A cursor: go on after it, in order of arrival. Wins over `backlog`. */
  after?: string | undefined
  /** Start with so many lines of the past. */
  backlog?: number | undefined
  signal: AbortSignal
}

export type LogReader = {
  /** Oldest first, the newest lines that fit. Throws `invalid` for a bad cursor. */
  read(query: LogPageQuery): Promise<LogPage>
  /** Lines in order of arrival, for ever; ends when the signal aborts. */
  stream(query: LogQuery, options: StreamOptions): AsyncGenerator<LogLine>
  /** Lines per minute and level, oldest first, without empty minutes. */
  counts(query: Pick<LogQuery, 'apps' | 'app' | 'environment' | 'service'>, since: Date, until: Date): Promise<LevelCounts[]>
  close(): void
}

/** A line with who wrote it. */
type Line = { row: StoredLine; labels: SourceLabels }

const defaultBudgetMs = 2000
const headPage = 100
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
    return labels.attach(opened.flat())
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
          if (row.line <= at || !fitsSource(query, who) || !fitsLine(filter, row)) continue
          if (signal.aborted) return
          yield toLogLine(row, who)
        }
        at = Math.max(at, next.upTo)
        if (next.items.length === 0) await tail.wait(at, signal)
      }
    },
    counts: (query, since, until) => minuteCounts(db, query, since, until),
    close: () => tail.close(),
  }
}

type OpenAll = (chunks: ChunkSnapshot, heads: readonly ChunkHead[], filter: LineFilter) => Promise<Line[]>

/** What has been found so far, and how far down everything has been looked through. */
type Progress = { found: Line[]; below: Position | undefined; end: 'full' | 'partial' | 'all' | 'more-hot' }

async function readPage(db: Database, openAll: OpenAll, query: LogPageQuery, maxLine?: number): Promise<LogPage> {
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
    const hot = await hotLines(db, query, filter, { ...bounds, below: progress.below }, 'newest', wanted + 1)
    const pending = hot.lines.filter((line) => fitsLine(filter, line)).map((line) => ({ row: line, labels: line }))
    /** Hot lines below this one were not fetched. */
    const hotFrom = hot.lines.length > wanted ? hot.lines.at(-1) : undefined
    await withChunks(db, query, filter, hot.sealedBelow, (chunks) => merge(progress, { pending, hotFrom, chunks, bounds, filter, openAll, limit, deadline }))
  }
  const lines = progress.found.reverse().map(({ row, labels }) => toLogLine(row, labels))
  return { lines, partial: progress.end === 'partial', next: progress.end === 'all' || !progress.below ? null : cursorOf(progress.below) }
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
    if (open === hotFrom) return void (progress.end = 'more-hot')
    if (heads.length === 0) return void (progress.end = 'all')
    // however little time there is, each call gets further
    const further = start === undefined || comparePositions(progress.below, start) < 0
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
