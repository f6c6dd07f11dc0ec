import type { KeptTrace } from './tail.ts'
import type { NewSpan } from './model.ts'

/** A trace as one environment of an app took part in it. */
export type TraceRow = { traceId: string; app: string; environment: string; startMs: number; endMs: number; spans: number; errors: number; services: string[]; rootRank: 0 | 1; rootService: string; rootName: string; because: string }

export function traceRows({ traceId, because, spans }: KeptTrace): TraceRow[] {
  return [...Map.groupBy(spans, (span) => `${span.app}/${span.environment}`).values()].map((own) => {
    const first = firstOf(own)
    return {
      traceId, because, app: first.app, environment: first.environment,
      startMs: Math.min(...own.map((span) => span.atMs)), endMs: Math.max(...own.map((span) => span.atMs + span.durationMs)),
      spans: own.length, errors: own.filter((span) => span.status === 'error').length, services: [...new Set(own.map((span) => span.service))].sort(),
      rootRank: first.parentId === null ? 0 : 1, rootService: first.service, rootName: first.name,
    }
  })
}

/** One without a parent, if there is one, else the earliest. */
function firstOf(spans: readonly NewSpan[]): NewSpan {
  const rank = (span: NewSpan) => (span.parentId === null ? 0 : 1)
  return spans.toSorted((a, b) => rank(a) - rank(b) || a.atMs - b.atMs)[0] as NewSpan
}
