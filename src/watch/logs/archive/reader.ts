/** Reading where sealed lines are in another engine: hot rows of PostgreSQL and lines of the archive, merged. The same answers as `read.ts`; its streams share nothing. */
import { createBell } from '#kernel/bell.ts'
import type { Database } from '#kernel/db/db.ts'
import { type LineFilter, fitsLine, fitsSource, lineFilter } from '../filter.ts'
import { type Find, type Found, type Line, countLines, firstLines, readPage, searchOf, tallyLines } from '../found.ts'
import { Labels } from '../labels.ts'
import { type LogPageQuery, type LogQuery, comparePositions, parseCursor, toLogLine } from '../model.ts'
import type { LogReader } from '../port.ts'
import { type Bounds, hotLines, querySources, topLine } from '../read-rows.ts'
import { logsChannel } from '../store.ts'
import type { Archive } from './port.ts'

const searchPage = 1000
const streamPage = 2000
const pollMs = 1000

export function createArchiveReader(db: Database, archive: Archive): LogReader {
  const labels = new Labels(db)
  const bell = createBell()
  const unlisten = db.listen(logsChannel, () => bell.ring())
  const sealed: Sealed = async (query, filter, bounds, sealedBelow, order, limit) => {
    const sources = await querySources(db.query, query, filter)
    if (sources !== null && sources.length === 0) return []
    return labels.attach(await archive.select({ query, filter, sources, bounds, sealedBelow, order, limit }))
  }
  const find: Find = (query, maxLine) => findLines(db, sealed, query, maxLine)

  return {
    read: (query) => readPage(find, query),
    async *stream(query, { after, backlog = 0, signal }) {
      const filter = lineFilter(query)
      let at = after === undefined ? await topLine(db) : parseCursor(after).line
      if (after === undefined && backlog > 0) yield* firstLines(find, query, backlog, at)
      while (!signal.aborted) {
        const rung = bell.next(pollMs, signal)
        const { lines, upTo } = await readArrived(db, sealed, query, filter, at)
        for (const { row, labels: who } of lines) {
          if (signal.aborted) return
          if (row.line > at && fitsSource(query, who) && fitsLine(filter, row, who)) yield toLogLine(row, who)
        }
        at = Math.max(at, upTo)
        if (lines.length === 0) await rung
      }
    },
    counts: (query, window) => countLines(db, find, query, window),
    tally: (query, window) => tallyLines(db, find, query, window),
    close: unlisten,
  }
}

/** Lines of the archive, in order; may be more than `limit`, never fewer. */
type Sealed = (query: LogQuery, filter: LineFilter, bounds: Bounds, sealedBelow: number, order: 'newest' | 'arrival', limit: number) => Promise<Line[]>

async function findLines(db: Database, sealed: Sealed, query: LogPageQuery, maxLine?: number): Promise<Found> {
  const { limit, deadline, filter, bounds, below } = searchOf(query, maxLine)
  const found: Found = { lines: [], below, end: 'all' }
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

/** Lines that arrived after one, all up to `upTo`; may be more than fit. */
async function readArrived(db: Database, sealed: Sealed, query: LogQuery, filter: LineFilter, after: number): Promise<{ lines: Line[]; upTo: number }> {
  const hot = await hotLines(db, query, filter, { afterLine: after }, 'arrival', streamPage)
  if (after >= hot.sealedBelow - 1) return { lines: hot.lines.map((line) => ({ row: line, labels: line })), upTo: hot.lines.length < streamPage ? hot.top : (hot.lines.at(-1)?.line ?? after) }
  const lines = await sealed(query, filter, { afterLine: after }, hot.sealedBelow, 'arrival', streamPage)
  return { lines, upTo: lines.length < streamPage ? hot.sealedBelow - 1 : (lines.at(-1)?.row.line ?? after) }
}
