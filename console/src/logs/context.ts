import type { LogLine } from '#contract/model.ts'
import { api } from '../data/api.ts'
import type { LogQuery } from './log-query.ts'

const linesEachSide = 200

/** One line with what stands before and after it. The line itself is found by its time, because positions exclude themselves. */
export async function contextOf(query: LogQuery, { cursor, at }: { cursor: string; at: string }, signal: AbortSignal): Promise<{ lines: LogLine[]; next: string | null }> {
  const justAfter = new Date(Date.parse(at) + 1).toISOString()
  const [before, itself, after] = await Promise.all([
    api.call('logs.list', { query: { ...query, before: cursor, limit: linesEachSide } }, signal),
    api.call('logs.list', { query: { ...query, since: at, until: justAfter, limit: 1000 } }, signal),
    api.call('logs.list', { query: { ...query, after: cursor, limit: linesEachSide } }, signal),
  ])
  const line = itself.lines.find((one) => one.cursor === cursor)
  return { lines: [...before.lines, ...(line ? [line] : []), ...after.lines], next: before.next }
}
