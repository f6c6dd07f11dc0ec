/** What is looked for, said once for each contender. All want the newest 100 lines that fit. */
import type { LogPageQuery } from '#watch/logs/model.ts'
import { parseQuery } from '#watch/logs/query/parser.ts'
import { type Corpus, rare } from './corpus.ts'

export type Search = {
  name: string
  ours: LogPageQuery
  /** The condition in ClickHouse. */
  sql: string
  /** A pattern for ripgrep over everything; null: it knows no such thing. */
  pattern: string | null
  isRegex?: true
}

const budgetMs = 120_000

export function searchesOf({ untilMs }: Corpus): Search[] {
  const since = new Date(untilMs - 3_600_000)
  const hour = `ts >= ${since.getTime()}`
  const has = (text: string) => `positionCaseInsensitiveUTF8(text, '${text}') > 0`
  const searches: Search[] = [
    { name: 'the last 100 lines of one app', ours: { app: 'app-7' }, sql: "app = 'app-7'", pattern: null },
    { name: 'rare word, last hour (not there)', ours: { text: rare, since }, sql: `${hour} AND ${has(rare)}`, pattern: null },
    { name: 'rare word, all', ours: { text: rare }, sql: has(rare), pattern: rare },
    { name: 'common word, last hour', ours: { text: 'queue mail', since }, sql: `${hour} AND ${has('queue mail')}`, pattern: null },
    { name: 'common word, all', ours: { text: 'queue mail' }, sql: has('queue mail'), pattern: 'queue mail' },
    { name: 'one app, common word, all', ours: { app: 'app-7', text: 'queue mail' }, sql: `app = 'app-7' AND ${has('queue mail')}`, pattern: null },
    { name: 'level error, one app, all', ours: { app: 'app-7', level: 'error' }, sql: "app = 'app-7' AND level = 4", pattern: null },
    { name: 'number in a field, one app, all', ours: { app: 'app-7', where: parseQuery('responseTime:>=99.5') }, sql: "app = 'app-7' AND visitParamExtractFloat(text, 'responseTime') >= 99.5", pattern: null },
    { name: 'number in a field, last hour', ours: { where: parseQuery('responseTime:>=99.5'), since }, sql: `${hour} AND visitParamExtractFloat(text, 'responseTime') >= 99.5`, pattern: null },
    { name: 'regex, last hour', ours: { where: parseQuery('/took job [0-9a-f]{5}bee/'), since }, sql: `${hour} AND match(text, 'took job [0-9a-f]{5}bee')`, pattern: null },
    { name: 'regex, all', ours: { where: parseQuery('/took job [0-9a-f]{5}beef/') }, sql: "match(text, 'took job [0-9a-f]{5}beef')", pattern: 'took job [0-9a-f]{5}beef', isRegex: true },
    { name: 'no such word, all', ours: { text: 'zzz not there' }, sql: has('zzz not there'), pattern: 'zzz not there' },
    { name: 'no such three characters, all', ours: { text: '#z#' }, sql: has('#z#'), pattern: '#z#' },
  ]
  return searches.map((search) => ({ ...search, ours: { ...search.ours, budgetMs } }))
}
