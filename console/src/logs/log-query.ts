import type { CallInput } from '#contract/endpoints.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { LogFilter, NewRuleFilter } from '../paths.ts'

export type LogQuery = Pick<NonNullable<CallInput<'logs.list'>['query']>, 'q' | 'app' | 'environment' | 'service' | 'instance' | 'level' | 'streams'>
export type TimeRange = { since: string; until: string }

export const levels = ['debug', 'info', 'warn', 'error'] as const

/** What can be asked for with one choice, and how people call it. */
export const streams: Readonly<Record<string, string>> = { 'stdout,stderr': 'output of apps', build: 'builds', release: 'release commands', access: 'requests', system: 'lost lines' }

/** The filter in the address as the API's question; what is not there is not asked. */
export function queryOf(filter: LogFilter): LogQuery {
  const level = levels.find((one) => one === filter.level)
  return {
    ...(filter.app === undefined ? {} : { app: filter.app, environment: filter.env ?? 'production' }),
    ...(filter.service === undefined ? {} : { service: filter.service }),
    ...(filter.instance === undefined ? {} : { instance: filter.instance }),
    ...(filter.streams === undefined || !Object.hasOwn(streams, filter.streams) ? {} : { streams: filter.streams }),
    ...(filter.q === undefined ? {} : { q: filter.q }),
    ...(level === undefined ? {} : { level }),
  }
}

/** A rule that counts what is shown: places stand in `where`, the rest is the search. */
export function ruleOf(filter: LogFilter): NewRuleFilter {
  const { app, environment, service, instance, q, level, streams: wanted } = queryOf(filter)
  const ofStreams = wanted?.split(',').map((one) => `stream:${one}`).join(' or ')
  const narrowed = [...(ofStreams === undefined ? [] : [ofStreams.includes(' ') ? `(${ofStreams})` : ofStreams]), ...(level === undefined ? [] : [`level>=${level}`]), ...(instance === undefined ? [] : [`instance:${instance}`])]
  const search = q === undefined || q.trim() === '' ? [] : [narrowed.length === 0 ? q.trim() : `(${q.trim()})`]
  const where = Object.entries({ app, environment, service }).filter(([, value]) => value !== undefined).map((pair) => pair.join('='))
  return { metric: logLinesMetric, logs: [...narrowed, ...search].join(' '), where: where.join(',') }
}

export function rangeOf({ since, until }: LogFilter): TimeRange | null {
  return since !== undefined && until !== undefined && Number.isFinite(Date.parse(since)) && Number.isFinite(Date.parse(until)) ? { since, until } : null
}

export const spans: Readonly<Record<string, { ms: number; text: string }>> = {
  '15m': { ms: 15 * 60_000, text: '15 minutes' },
  '1h': { ms: 3_600_000, text: 'hour' },
  '6h': { ms: 6 * 3_600_000, text: '6 hours' },
  '1d': { ms: 86_400_000, text: 'day' },
  '7d': { ms: 7 * 86_400_000, text: '7 days' },
}
export const spanOf = ({ span }: LogFilter) => (span !== undefined && Object.hasOwn(spans, span) ? span : '1h')
