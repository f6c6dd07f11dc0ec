/** The patterns of a question's lines, and those that came with a release. Asks any log store, page by page, newest first. */
import { accessText } from '#contract/log-text.ts'
import type { LogPattern } from '#contract/logs.ts'
import type { LogLine } from '#contract/model.ts'
import { type LogPage, type LogPageQuery, type LogQuery, levels } from '../model.ts'
import { allOf } from '../query/ast.ts'
import { type Cluster, Clusters } from './cluster.ts'

export type PatternQuery = { query: LogQuery; since: Date | undefined; until: Date; /** Only what no release before this one wrote. */ newSince: number | undefined; limit: number }
export type Patterns = { patterns: LogPattern[]; since: Date; lines: number; compared: number; partial: boolean }

type Read = (query: LogPageQuery) => Promise<LogPage>
type Group = Cluster & { sample: LogLine; levels: number[]; times: number[]; earlier: number }

const pageLines = 2000
const maxLines = 50_000
const budgetMs = 2000
const spreadParts = 30

export async function findPatterns(read: Read, { query, since, until, newSince, limit }: PatternQuery): Promise<Patterns> {
  let newest: LogLine | undefined
  const groups = new Clusters<Group>((words) => ({ words, sample: newest as LogLine, levels: levels.map(() => 0), times: [], earlier: 0 }))
  let firstMs = until.getTime()
  const take = (line: LogLine): void => {
    newest = line
    const group = groups.of(saidBy(line))
    if (group === undefined) return
    const atMs = Date.parse(line.at)
    firstMs = Math.min(firstMs, atMs)
    group.times.push(atMs)
    group.levels[levels.indexOf(line.level)]!++
  }
  const compare = (line: LogLine): void => {
    newest = line
    const group = groups.of(saidBy(line))
    if (group) group.earlier++
  }
  const range = { since, until }
  const ofRelease = (op: '>=' | '<', release: number): LogQuery => ({ ...query, where: allOf([...(query.where ? [query.where] : []), { kind: 'release', op, release }]) })
  const own = await walk(read, { ...(newSince === undefined ? query : ofRelease('>=', newSince)), ...range }, take)
  const earlier = newSince === undefined ? { lines: 0, partial: false } : await walk(read, ofRelease('<', newSince), compare)
  const from = since ?? new Date(firstMs)
  const found = groups.all.filter((group) => group.times.length > 0 && (newSince === undefined || group.earlier === 0))
  found.sort((a, b) => b.times.length - a.times.length || (a.words.join(' ') < b.words.join(' ') ? -1 : 1))
  return {
    patterns: found.slice(0, limit).map((group) => patternOf(group, from, until)),
    since: from,
    lines: own.lines,
    compared: earlier.lines,
    partial: own.partial || earlier.partial || groups.left > 0 || found.length > limit,
  }
}

async function walk(read: Read, query: LogPageQuery, take: (line: LogLine) => void): Promise<{ lines: number; partial: boolean }> {
  const deadline = performance.now() + budgetMs
  let lines = 0
  for (let before: string | undefined; ; ) {
    const page = await read({ ...query, before, limit: pageLines, budgetMs: Math.max(0, deadline - performance.now()) })
    for (const line of page.lines.reverse()) take(line)
    lines += page.lines.length
    if (page.next === null) return { lines, partial: false }
    if (lines >= maxLines || performance.now() > deadline) return { lines, partial: true }
    before = page.next
  }
}

/** What is compared: of a structured line its message, of a request what people read of it. */
function saidBy({ stream, text, message, fields }: Pick<LogLine, 'stream' | 'text' | 'message' | 'fields'>): string {
  if (stream === 'access' && fields !== undefined) return accessText(withoutCaller(fields)) ?? text
  return message ?? text
}

function withoutCaller({ client: _client, ms: _ms, ...fields }: NonNullable<LogLine['fields']>): NonNullable<LogLine['fields']> {
  return fields
}

function patternOf({ words, sample, levels: byLevel, times }: Group, since: Date, until: Date): LogPattern {
  const spread = Array.from({ length: spreadParts }, () => 0)
  const spanMs = Math.max(1, until.getTime() - since.getTime())
  for (const atMs of times) spread[Math.max(0, Math.min(spreadParts - 1, Math.floor(((atMs - since.getTime()) / spanMs) * spreadParts)))]!++
  const [unknown = 0, debug = 0, info = 0, warn = 0, error = 0] = byLevel
  const sorted = [times.at(-1) as number, times[0] as number] // lines came newest first
  return {
    pattern: words.join(' '),
    count: times.length,
    levels: { unknown, debug, info, warn, error },
    firstAt: new Date(sorted[0] as number).toISOString(),
    lastAt: new Date(sorted[1] as number).toISOString(),
    spread,
    sample,
  }
}
