/** Questions about traces. */
import { AppError } from '#base/errors.ts'
import { type Span, type TraceList, type TraceSummary, type TracesQuery, spanStatuses } from '#contract/traces.ts'
import { durationBarsMs } from '#contract/waterfall.ts'
import type { Db } from '#kernel/db/db.ts'
import { kindAt } from './model.ts'

const dayMs = 86_400_000
const mostSpans = 2_000

type SummaryRow = { trace_id: string; app: string; environment: string; at: Date; ends_at: Date; spans: number; errors: number; services: string[]; root_service: string; root_name: string; because: TraceSummary['because'] }

const fitting = `($1::text[] IS NULL OR app = ANY ($1)) AND ($2::text IS NULL OR app = $2) AND ($3::text IS NULL OR environment = $3) AND ($4::text IS NULL OR $4 = ANY (services))
  AND ($5::text IS NULL OR root_name ILIKE $5) AND ($6::float8 IS NULL OR ends_at - at >= make_interval(secs => $6 / 1000)) AND (NOT $7 OR errors > 0) AND at >= $8 AND at <= $9`

function parameters(query: TracesQuery, apps: readonly string[] | null, now: Date): unknown[] {
  const until = query.until === undefined ? new Date(now.getTime() + 60_000) : new Date(query.until)
  const since = query.since === undefined ? new Date(now.getTime() - dayMs) : new Date(query.since)
  const operation = query.operation === undefined || query.operation === '' ? null : `%${query.operation.replace(/[\\%_]/g, '\\$&')}%`
  return [apps, query.app ?? null, query.environment ?? null, query.service ?? null, operation, query.minMs ?? null, query.errors ?? false, since, until]
}

/** Newest first; of the last day where nothing else is said. */
export async function listTraces(db: Db, query: TracesQuery, apps: readonly string[] | null, now: Date): Promise<TraceSummary[]> {
  const rows = await db.query<SummaryRow>(`SELECT * FROM traces WHERE ${fitting} ORDER BY at DESC, trace_id LIMIT $10`, [...parameters(query, apps, now), query.limit])
  return rows.map(({ trace_id, root_service, root_name, at, ends_at, ...row }) => ({
    traceId: trace_id, app: row.app, environment: row.environment, service: root_service, operation: root_name, at: at.toISOString(), durationMs: ends_at.getTime() - at.getTime(),
    spans: row.spans, errors: row.errors, services: row.services, because: row.because,
  }))
}

/** How long those take that fit: one count a bar. */
export async function traceDurations(db: Db, query: TracesQuery, apps: readonly string[] | null, now: Date): Promise<TraceList['durations']> {
  const bars = durationBarsMs.map((ms) => ms / 1000).join(', ')
  const rows = await db.query<{ bar: number; traces: number; errors: number }>(
    `SELECT width_bucket(extract(epoch FROM ends_at - at)::float8, ARRAY[${bars}]::float8[]) AS bar, count(*)::int AS traces, count(*) FILTER (WHERE errors > 0)::int AS errors FROM traces WHERE ${fitting} GROUP BY 1`,
    parameters(query, apps, now),
  )
  const found = new Map(rows.map((row) => [row.bar, row]))
  return Array.from({ length: durationBarsMs.length + 1 }, (_, bar) => ({ traces: found.get(bar)?.traces ?? 0, errors: found.get(bar)?.errors ?? 0 }))
}

type SpanRow = { at_us: number; duration_us: number; kind: number; status: number; by_proxy: boolean; trace_id: string; span_id: string; parent_id: string | null; app: string; environment: string; service: string; instance: string | null; name: string; attributes: Record<string, unknown>; events: Span['events'] }

/** By their beginning, each once. `not-found` where the caller sees none of it. */
export async function readSpans(db: Db, traceId: string, apps: readonly string[] | null): Promise<{ spans: Span[]; partial: boolean }> {
  const rows = await db.query<SpanRow>(
    `SELECT *, (extract(epoch FROM at) * 1000000)::bigint AS at_us FROM spans WHERE trace_id = $1 AND ($2::text[] IS NULL OR app = ANY ($2)) ORDER BY at, span_id LIMIT $3`,
    [traceId, apps, mostSpans + 1],
  )
  if (rows.length === 0) throw new AppError('not-found', `there is no trace ${traceId}: it was not sampled, is older than what is kept, or has not come yet (see: nightshift traces)`)
  const spans = rows.slice(0, mostSpans).map(spanOf)
  return { spans: [...new Map(spans.map((span) => [span.spanId, span])).values()], partial: rows.length > mostSpans }
}

function spanOf(row: SpanRow): Span {
  return {
    traceId: row.trace_id, spanId: row.span_id, parentId: row.parent_id, app: row.app, environment: row.environment, service: row.service, instance: row.instance, name: row.name,
    kind: kindAt(row.kind), status: spanStatuses[row.status] ?? 'unset', byProxy: row.by_proxy, atMs: row.at_us / 1000, durationMs: row.duration_us / 1000, attributes: row.attributes, events: row.events,
  }
}
