/** The writing SQL of traces. Rows go in by arrays, one statement a batch: what is kept is a sample, some hundreds a second at most. */
import { spanKinds, spanStatuses } from '#contract/traces.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import type { NewSpan } from './model.ts'
import type { TraceRow } from './summary.ts'

const dayMs = 86_400_000

function partitionOf(day: number): string {
  return `spans_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`
}

/** Makes the partitions of these days since 1970. Outside of a transaction: making one waits for those who read. */
export async function ensureDays(db: Db, days: Iterable<number>): Promise<void> {
  for (const day of days) {
    const [from, to] = [day, day + 1].map((one) => new Date(one * dayMs).toISOString())
    await db.query(`CREATE TABLE IF NOT EXISTS ${partitionOf(day)} PARTITION OF spans FOR VALUES FROM ('${from}') TO ('${to}')`)
  }
}

export async function insertSpans(tx: Db, spans: readonly NewSpan[]): Promise<void> {
  const column = <T>(of: (span: NewSpan) => T) => spans.map(of)
  await tx.query(
    `INSERT INTO spans (at, duration_us, kind, status, by_proxy, trace_id, span_id, parent_id, app, environment, service, instance, name, attributes, events)
     SELECT to_timestamp(at / 1000000.0), duration, kind, status, by_proxy, trace, span, parent, app, environment, service, instance, name, attributes::jsonb, events::jsonb
     FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::smallint[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
       AS s (at, duration, kind, status, by_proxy, trace, span, parent, app, environment, service, instance, name, attributes, events)`,
    [column((s) => Math.round(s.atMs * 1000)), column((s) => Math.round(s.durationMs * 1000)), column((s) => spanKinds.indexOf(s.kind)), column((s) => spanStatuses.indexOf(s.status)), column((s) => s.byProxy),
      column((s) => s.traceId), column((s) => s.spanId), column((s) => s.parentId), column((s) => s.app), column((s) => s.environment), column((s) => s.service), column((s) => s.instance), column((s) => s.name),
      column((s) => JSON.stringify(s.attributes)), column((s) => JSON.stringify(s.events))],
  )
}

/** Adds to what is known of each trace. */
export async function mergeTraces(tx: Db, rows: readonly TraceRow[]): Promise<void> {
  for (const row of rows.toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1))) {
    await tx.query(
      `INSERT INTO traces AS t (trace_id, app, environment, at, ends_at, spans, errors, services, root_rank, root_service, root_name, because)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ON CONFLICT (trace_id, app, environment) DO UPDATE SET at = least(t.at, excluded.at), ends_at = greatest(t.ends_at, excluded.ends_at), spans = t.spans + excluded.spans, errors = t.errors + excluded.errors,
         services = ARRAY(SELECT DISTINCT unnest(t.services || excluded.services) ORDER BY 1), because = CASE WHEN excluded.errors > 0 THEN 'error' ELSE t.because END,
         root_service = CASE WHEN (excluded.root_rank, excluded.at) < (t.root_rank, t.at) THEN excluded.root_service ELSE t.root_service END,
         root_name = CASE WHEN (excluded.root_rank, excluded.at) < (t.root_rank, t.at) THEN excluded.root_name ELSE t.root_name END,
         root_rank = least(t.root_rank, excluded.root_rank)`,
      [row.traceId, row.app, row.environment, new Date(row.startMs), new Date(Math.ceil(row.endMs)), row.spans, row.errors, row.services, row.rootRank, row.rootService, row.rootName, row.because],
    )
  }
}

export type DayPartition = { name: string; day: number; bytes: number }

/** Oldest first. */
export async function dayPartitions(db: Db): Promise<DayPartition[]> {
  const rows = await db.query<{ name: string; bytes: number }>(
    "SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'spans'::regclass ORDER BY c.relname",
  )
  return rows.map(({ name, bytes }) => ({ name, bytes, day: Date.parse(name.replace(/^spans_(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')) / dayMs }))
}

/** Drops a day, and what stands for its traces. */
export async function dropDay(db: Database, partition: DayPartition): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(`DROP TABLE IF EXISTS ${partitionOf(partition.day)}`)
    await tx.query('DELETE FROM traces WHERE at < $1', [new Date((partition.day + 1) * dayMs)])
  })
}

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}
