/** What stands before and after a line, of the same instance, service or app. Asks any log store. */
import { AppError } from '#base/errors.ts'
import type { LogLine } from '#contract/model.ts'
import { type LogPage, type LogPageQuery, type LogQuery, parseCursor } from './model.ts'
import { defaultStreams } from './port.ts'

type Read = (query: LogPageQuery) => Promise<LogPage>

/** Widths of time to look for what follows; a page answers the newest lines of a time, and here the oldest are wanted. */
const widthsMs = [1000, 30_000, 600_000, 7_200_000, 86_400_000, 40 * 86_400_000]
const pageLines = 1000

export async function contextOf(read: Read, apps: LogQuery['apps'], { cursor, same, lines: count }: { cursor: string; same: 'instance' | 'service' | 'app'; lines: number }): Promise<{ lines: LogLine[]; before: boolean; after: boolean }> {
  const line = await lineAt(read, apps, cursor)
  const query: LogQuery = {
    apps,
    app: line.app,
    environment: line.environment,
    streams: line.stream === 'access' ? ['access'] : defaultStreams,
    ...(same === 'app' ? {} : { service: line.service }),
    ...(same === 'instance' ? { instance: line.instance } : {}),
  }
  const earlier = await read({ ...query, before: cursor, limit: count })
  const later = await linesAfter(read, query, line, count)
  return { lines: [...earlier.lines, line, ...later.lines], before: earlier.next !== null, after: later.more }
}

async function lineAt(read: Read, apps: LogQuery['apps'], cursor: string): Promise<LogLine> {
  const at = new Date(parseCursor(cursor).atMs)
  for (let before: string | undefined; ; ) {
    const page = await read({ apps, since: at, until: at, before, limit: pageLines })
    const found = page.lines.find((line) => line.cursor === cursor)
    if (found) return found
    if (page.next === null) throw new AppError('not-found', 'this line is not stored any more (logs are kept for a time and up to a size: nightshift logs keep)')
    before = page.next
  }
}

async function linesAfter(read: Read, query: LogQuery, line: LogLine, count: number): Promise<{ lines: LogLine[]; more: boolean }> {
  const atMs = Date.parse(line.at)
  let found: LogLine[] = []
  for (const width of widthsMs) {
    found = []
    for (let before: string | undefined; ; ) {
      const page = await read({ ...query, after: line.cursor, until: new Date(atMs + width), before, limit: pageLines })
      found = [...page.lines, ...found.slice(0, count + 1)]
      if (page.next === null) break
      before = page.next
    }
    if (found.length > count) break
  }
  return { lines: found.slice(0, count), more: found.length > count }
}
