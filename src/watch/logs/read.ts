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
import { type Find, type Found, type Line, countLines, firstLines, readPage, searchOf, tallyLines } from './found.ts'
import { type LogPageQuery, type LogQuery, type Position, type StoredLine, comparePositions, parseCursor, toLogLine } from './model.ts'
import { type Bounds, type ChunkBody, type ChunkHead, type ChunkSnapshot, hotLines, withChunks } from './read-rows.ts'
import type { LogReader } from './port.ts'
import { logsChannel } from './store.ts'

const headPage = 100
/** Hot lines looked at together when the database cannot say which of them are found. */
const searchPage = 2000
/** Chunks fetched and opened at once. */
const maxBatch = 16
/** How many chunks to go forward at once, beside those that have begun already. */
const arrivedChunks = 16
/** Lines that all streams share in memory; a stream that falls behind them reads from the database. */
const tailLines = 20_000
const tailPage = 2000

export function createLogReader(db: Database): LogReader {
  const labels = new Labels(db)
  const tail = openTail(db)

  async function openAll(chunks: ChunkSnapshot, bodies: readonly ChunkBody[], filter: LineFilter): Promise<Line[]> {
    const sources = chunks.sources === null ? null : new Set(chunks.sources)
    const opened = await Promise.all(bodies.map(({ data, rawBytes }) => openChunk(data, filter, sources, rawBytes)))
    const lines = await labels.attach(opened.flat())
    return filter.matches === null ? lines : lines.filter((line) => fitsLine(filter, line.row, line.labels))
  }

  const find: Find = (query, maxLine) => findLines(db, openAll, query, maxLine)
  return {
    read: (query) => readPage(find, query),
    async *stream(query, { after, backlog = 0, signal }) {
      const filter = lineFilter(query)
      let at = after === undefined ? await tail.top() : parseCursor(after).line
      if (after === undefined && backlog > 0) yield* firstLines(find, query, backlog, at)
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
    counts: (query, window) => countLines(db, find, query, window),
    tally: (query, window) => tallyLines(db, find, query, window),
    close: () => tail.close(),
  }
}

/** The newest lines, which all streams share. */
function openTail(db: Database): Tail<Line> {
  const arrived = (afterLine: number, limit: number) => hotLines(db, {}, lineFilter({}), { afterLine }, 'arrival', limit)
  return new Tail<Line>({
    keep: tailLines,
    listen: (wake) => db.listen(logsChannel, wake),
    position: ({ row }) => row.line,
    top: async () => (await arrived(Number.MAX_SAFE_INTEGER, 1)).top,
    async after(position) {
      const page = await arrived(position, tailPage)
      if (page.sealedBelow > position + 1) return { from: page.sealedBelow - 1, upTo: page.sealedBelow - 1, items: [], more: true } // slept too long: those in between are in chunks
      const more = page.lines.length === tailPage
      return { from: position, upTo: more ? (page.lines.at(-1)?.line ?? position) : page.top, items: page.lines.map((line) => ({ row: line, labels: line })), more }
    },
  })
}

type OpenAll = (chunks: ChunkSnapshot, bodies: readonly ChunkBody[], filter: LineFilter) => Promise<Line[]>

/** What has been found so far. `more-hot`: hot lines further down were not fetched yet. */
type Progress = Omit<Found, 'end'> & { end: Found['end'] | 'more-hot' }

async function findLines(db: Database, openAll: OpenAll, query: LogPageQuery, maxLine?: number): Promise<Found> {
  const { limit, deadline, filter, bounds, below } = searchOf(query, maxLine)
  const progress: Progress = { lines: [], below, end: 'more-hot' }
  while (progress.end === 'more-hot') {
    const wanted = limit - progress.lines.length
    const page = filter.matches === null ? wanted + 1 : Math.max(wanted + 1, searchPage)
    const hot = await hotLines(db, query, filter, { ...bounds, below: progress.below }, 'newest', page)
    const pending = hot.lines.filter((line) => fitsLine(filter, line, line)).map((line) => ({ row: line, labels: line }))
    /** Hot lines below this one were not fetched. */
    const hotFrom = hot.lines.length === page ? hot.lines.at(-1) : undefined
    await withChunks(db, query, filter, hot.sealedBelow, (chunks) => merge(progress, { pending, hotFrom, chunks, bounds, filter, openAll, limit, deadline }))
  }
  return { ...progress, end: progress.end }
}

type Merge = {
  pending: Line[]
  hotFrom: Position | undefined
  chunks: ChunkSnapshot
  bounds: Bounds
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
  let ahead: Promise<ChunkBody[]> | undefined
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
    const given = pending.splice(0, Math.min(firstOpen === -1 ? pending.length : firstOpen, limit - progress.lines.length))
    progress.lines.push(...given)
    progress.below = given.at(-1)?.row ?? progress.below
    if (progress.lines.length >= limit) return void (progress.end = 'full')
    if (progress.below === undefined || comparePositions(open, progress.below) < 0) progress.below = open
    // however little time there is, each call gets further
    const further = start === undefined || comparePositions(progress.below, start) < 0
    if (open === hotFrom) return void (progress.end = further && performance.now() > deadline ? 'partial' : 'more-hot')
    if (heads.length === 0) return void (progress.end = 'all')
    if (further && performance.now() > deadline) return void (progress.end = 'partial')
    const edge = progress.below
    const fetched = heads.splice(0, batch)
    const bodies = await (ahead ?? chunks.bodies(fetched))
    // a search that goes deep has the next ones read while it looks through these
    ahead = fetched.length === maxBatch && heads.length > 0 ? chunks.bodies(heads.slice(0, maxBatch)) : undefined
    ahead?.catch(() => {}) // said where they are waited for
    for (const line of await openAll(chunks, bodies, filter))
      if (line.row.line < chunks.sealedBelow && comparePositions(line.row, edge) < 0 && inBounds(line.row, bounds)) pending.push(line)
    batch = Math.min(batch * 2, maxBatch)
  }
}

function inBounds(row: StoredLine, { above, sinceMs, untilMs, maxLine }: Bounds): boolean {
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
    const opened = heads.length === 0 ? [] : await openAll(chunks, await chunks.bodies(heads), filter)
    // lines that come after the start of a chunk not yet opened have to wait for it
    const upTo = (next?.firstLine ?? hot.sealedBelow) - 1
    return { items: opened.filter(({ row }) => row.line > after && row.line <= upTo).sort((a, b) => a.row.line - b.row.line), upTo }
  })
}
