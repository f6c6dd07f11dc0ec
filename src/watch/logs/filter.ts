/** A query as tests of lines and of those who wrote them. Pure. */
import { logStreams } from '#contract/wire.ts'
import { type LogQuery, type SourceLabels, fold } from './model.ts'
import { type Matcher, Candidate, matcherOf } from './query/matcher.ts'
import { type Must, mustOf, needlesOf } from './query/prune.ts'

/** What is wanted of a line; `null` = anything. */
export type LineFilter = {
  levels: number[] | null
  streams: number[] | null
  /** folded */
  text: string | null
  /** Folded texts that every line must hold, `text` among them. */
  needles: readonly string[]
  /** What `matches` implies, for a store to pass lines over. */
  must: Must | null
  matches: Matcher | null
}

export function lineFilter({ level, streams, text, where }: LogQuery): LineFilter {
  const wanted = { debug: null, info: [0, 2, 3, 4], warn: [3, 4], error: [4] } as const
  const graver = level === undefined ? null : wanted[level]
  const needle = text === undefined || text === '' ? null : fold(text)
  const must = where ? mustOf(where) : null
  return {
    levels: graver === null ? null : [...graver],
    streams: streams === undefined ? null : streams.map((stream) => logStreams.indexOf(stream)).filter((place) => place >= 0),
    text: needle,
    needles: [...(needle === null ? [] : [needle]), ...needlesOf(must)],
    must,
    matches: where ? matcherOf(where) : null,
  }
}

/** What can be told of a line without knowing who wrote it. */
export function fitsRow(filter: LineFilter, row: { level: number; stream: number; text: string }): boolean {
  if (filter.levels !== null && !filter.levels.includes(row.level)) return false
  if (filter.streams !== null && !filter.streams.includes(row.stream)) return false
  if (filter.needles.length === 0) return true
  const folded = fold(row.text)
  return filter.needles.every((needle) => folded.includes(needle))
}

export function fitsLine(filter: LineFilter, row: { level: number; stream: number; text: string }, labels: SourceLabels): boolean {
  return fitsRow(filter, row) && (filter.matches === null || filter.matches(new Candidate(row, labels)))
}

export function fitsSource(query: LogQuery, labels: SourceLabels & { source?: string }): boolean {
  return (
    (query.apps == null || query.apps.includes(labels.app)) &&
    (query.app === undefined || query.app === labels.app) &&
    (query.environment === undefined || query.environment === labels.environment) &&
    (query.service === undefined || query.service === labels.service) &&
    (query.instance === undefined || query.instance === labels.instance) &&
    (query.release === undefined || query.release === labels.release)
  )
}
