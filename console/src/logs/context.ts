import type { LogLine } from '#contract/model.ts'
import { api } from '../data/api.ts'
import type { LogQuery } from './log-query.ts'

const linesEachSide = 200

/** One line with what stands before and after it, of the same instance, service or app: whichever the address names most closely. */
export async function contextOf(query: LogQuery, cursor: string, signal: AbortSignal): Promise<{ lines: LogLine[]; next: string | null }> {
  const same = query.instance !== undefined ? 'instance' : query.service !== undefined ? 'service' : 'app'
  const found = await api.call('logs.context', { query: { cursor, same, lines: linesEachSide } }, signal)
  return { lines: found.lines, next: found.before ? (found.lines[0]?.cursor ?? null) : null }
}
