/**
 * The writing SQL of the metric store. A point is in a hot partition or in a chunk, never in both: chunks are written in the transaction
 * that drops their partition. Sums of a span may lie in several chunks, since points arrive late; readers add them up.
 */
import type { Db } from '#kernel/db/db.ts'
import { locks } from '#kernel/db/locks.ts'
import type { Labels, Point, SeriesKind } from './model.ts'

export type NewSeries = { key: string; name: string; kind: SeriesKind; labels: Labels; atMs: number }

/** Ids by key; makes those that are new. A series keeps the kind that it was made with. */
export async function seriesIds(db: Db, series: readonly NewSeries[], now: Date): Promise<Map<string, number>> {
  const sorted = series.toSorted((a, b) => (a.key < b.key ? -1 : 1)) // in one order everywhere: no deadlock
  const rows = await db.query<{ id: number; key: string }>(
    `INSERT INTO metric_series (key, name, kind, app, labels, created_at, last_ms)
     SELECT key, name, kind, nullif(labels::jsonb ->> 'app', ''), labels::jsonb, $6, at_ms FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS s (key, name, kind, labels, at_ms)
     ON CONFLICT (key) DO UPDATE SET last_ms = greatest(metric_series.last_ms, excluded.last_ms) RETURNING id, key`,
    [sorted.map((one) => one.key), sorted.map((one) => one.name), sorted.map((one) => one.kind), sorted.map((one) => JSON.stringify(one.labels)), sorted.map((one) => one.atMs), now],
  )
  return new Map(rows.map(({ id, key }) => [key, id]))
}

export async function appendPoints(db: Db, points: readonly { series: number; atMs: number; value: number }[]): Promise<void> {
  // the partition cannot be sealed between this statement's reading of it and its commit: rotation waits for the lock on the row
  await db.query(
    `WITH state AS (SELECT part FROM metric_state FOR SHARE)
     INSERT INTO metric_hot (part, series, at_ms, value) SELECT part, series, at_ms, value FROM state, unnest($1::int[], $2::bigint[], $3::float8[]) AS p (series, at_ms, value)`,
    [points.map((one) => one.series), points.map((one) => one.atMs), points.map((one) => one.value)],
  )
}

/** `ours`: of names that Nightshift gives. */
export async function countSeries(db: Db): Promise<{ app: string | null; ours: boolean; count: number }[]> {
  return db.query(`SELECT app, starts_with(name, 'nightshift_') AS ours, count(*) AS count FROM metric_series GROUP BY 1, 2`)
}

// ---------------------------------------------------------------- sealing

export async function readState(db: Db): Promise<{ part: number; startedAt: Date; oldest: number }> {
  return db.one(
    `SELECT part, started_at AS "startedAt", (SELECT min(substr(c.relname, 12)::int) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'metric_hot'::regclass) AS oldest FROM metric_state`,
  )
}

/** New points go to a new partition from now on. Waits for writers under way. */
export async function rotateHot(tx: Db, part: number, now: Date): Promise<void> {
  const state = await tx.one<{ part: number }>('SELECT part FROM metric_state FOR UPDATE')
  if (state.part !== part) return
  const next = part + 1
  await tx.query(`CREATE TABLE metric_hot_${next} (LIKE metric_hot INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`)
  await tx.query(`ALTER TABLE metric_hot ATTACH PARTITION metric_hot_${next} FOR VALUES IN (${next})`)
  await tx.query('UPDATE metric_state SET part = $1, started_at = $2', [next, now])
}

/** False: another control is at it. Held until the transaction ends. */
export async function lockSealing(tx: Db): Promise<boolean> {
  return (await tx.one<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS got', [locks.metricSealing])).got
}

export type HotSeries = { series: number; kind: SeriesKind; sealedMs: number | null; sealedValue: number | null; points: Point[] }

/** The points of a partition, some hundred series at a time, in order of time. */
export async function* hotSeries(tx: Db, part: number, seriesAtOnce = 300): AsyncGenerator<HotSeries[]> {
  for (let after = 0; ; ) {
    const rows = await tx.query<Omit<HotSeries, 'points'> & { times: number[]; values: number[] }>(
      `SELECT p.series, s.kind, s.sealed_ms AS "sealedMs", s.sealed_value AS "sealedValue", p.times, p.values
       FROM (SELECT series, array_agg(at_ms::float8 ORDER BY at_ms) AS times, array_agg(value ORDER BY at_ms) AS values FROM metric_hot_${part} WHERE series > $1 GROUP BY series ORDER BY series LIMIT $2) p
       JOIN metric_series s ON s.id = p.series ORDER BY p.series`,
      [after, seriesAtOnce],
    )
    if (rows.length === 0) return
    yield rows.map(({ times, values, ...row }) => ({ ...row, points: times.map((atMs, at) => ({ atMs, value: values[at] as number })) }))
    after = (rows.at(-1) as { series: number }).series
  }
}

/** Forgets a partition whose points are in chunks. Last in its transaction: readers wait from here to the commit. */
export async function dropPartition(tx: Db, part: number): Promise<void> {
  await tx.query("SET LOCAL lock_timeout = '3s'")
  await tx.query(`DROP TABLE metric_hot_${part}`)
}

export const levels = { 'raw': 0, '5m': 5 * 60_000, '1h': 3_600_000 } as const
export type Level = keyof typeof levels

const dayMs = 86_400_000
/** Start of the UTC day. A chunk of sums never reaches over its end, so that days can be summed up one by one. */
export const dayOf = (atMs: number): number => Math.floor(atMs / dayMs) * dayMs

export type NewChunk = { series: number; level: Level; fromMs: number; toMs: number; data: Buffer }

export async function insertChunks(tx: Db, chunks: readonly NewChunk[]): Promise<void> {
  await tx.query('INSERT INTO metric_chunks (series, level, from_ms, to_ms, data) SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])', [
    chunks.map((one) => one.series), chunks.map((one) => one.level), chunks.map((one) => one.fromMs), chunks.map((one) => one.toMs), chunks.map((one) => one.data),
  ])
}

/** Where the increase of a counter goes on. An older point never replaces a newer one. */
export async function noteSealed(tx: Db, series: readonly { id: number; atMs: number; value: number }[]): Promise<void> {
  await tx.query(
    `UPDATE metric_series s SET sealed_ms = n.at_ms, sealed_value = n.value, last_ms = greatest(s.last_ms, n.at_ms)
     FROM unnest($1::int[], $2::bigint[], $3::float8[]) AS n (id, at_ms, value) WHERE s.id = n.id AND (s.sealed_ms IS NULL OR s.sealed_ms < n.at_ms)`,
    [series.map((one) => one.id), series.map((one) => one.atMs), series.map((one) => one.value)],
  )
}

// ---------------------------------------------------------------- merging and forgetting

export type SeriesDay = { series: number; dayMs: number }

/** Days that are over and not yet in one chunk of five minutes and one of hours. */
export async function unmergedDays(db: Db, before: Date, most = 500): Promise<SeriesDay[]> {
  return db.query(
    `SELECT series, day * ${dayMs} AS "dayMs" FROM (SELECT series, from_ms / ${dayMs} AS day, count(*) AS parts FROM metric_chunks WHERE level = '5m' AND to_ms < $1 GROUP BY 1, 2) d
     WHERE parts > 1 OR NOT EXISTS (SELECT FROM metric_chunks h WHERE h.series = d.series AND h.level = '1h' AND h.from_ms / ${dayMs} = d.day)
     ORDER BY day, series LIMIT $2`,
    [before.getTime(), most],
  )
}

/** Takes the sums of a day out: those of five minutes, in the order in which they were written. */
export async function takeDay(tx: Db, { series, dayMs: day }: SeriesDay): Promise<Buffer[]> {
  const rows = await tx.query<{ id: number; level: Level; data: Buffer }>(
    `DELETE FROM metric_chunks WHERE series = $1 AND level IN ('5m', '1h') AND from_ms >= $2 AND from_ms < $3 RETURNING id, level, data`, [series, day, day + dayMs],
  )
  return rows.filter(({ level }) => level === '5m').sort((a, b) => a.id - b.id).map(({ data }) => data)
}

/** Removes at most `most` chunks of a level that end before `before`. How many it removed. */
export async function dropOldChunks(db: Db, level: Level, before: Date, most = 5000): Promise<number> {
  const gone = await db.query('DELETE FROM metric_chunks WHERE id IN (SELECT id FROM metric_chunks WHERE level = $1 AND to_ms < $2 ORDER BY to_ms LIMIT $3) RETURNING id', [level, before.getTime(), most])
  return gone.length
}

/** Forgets series of which nothing is kept. How many. */
export async function dropEmptySeries(db: Db, before: Date): Promise<number> {
  const gone = await db.query(
    `DELETE FROM metric_series s WHERE last_ms < $1 AND NOT EXISTS (SELECT FROM metric_chunks c WHERE c.series = s.id) AND NOT EXISTS (SELECT FROM metric_hot h WHERE h.series = s.id) RETURNING id`,
    [before.getTime()],
  )
  return gone.length
}
