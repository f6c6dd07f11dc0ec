/** Samples of series after a place in each: for whoever takes all that is stored, a page of series at a time. */
import type { Db } from '#kernel/db/db.ts'
import { inOrder } from './buckets.ts'
import { decodePoints } from './codec.ts'
import type { Labels, Point, SeriesKind } from './model.ts'

export type SeriesRow = { id: number; name: string; kind: SeriesKind; labels: Labels }
/** `more`: there are points up to `upToMs` that were not read. */
export type SeriesAfter = SeriesRow & { points: Point[]; more: boolean }

export function seriesPage(db: Db, afterId: number, most: number): Promise<SeriesRow[]> {
  return db.query('SELECT id, name, kind, labels FROM metric_series WHERE id > $1 ORDER BY id LIMIT $2', [afterId, most])
}

/** Of each series the points after `afterMs` and not after `upToMs`, oldest first: those of one chunk, or about `most`. */
export async function pointsAfter(db: Db, series: readonly (SeriesRow & { afterMs: number })[], upToMs: number, most: number): Promise<SeriesAfter[]> {
  const places = [series.map(({ id }) => id), series.map(({ afterMs }) => afterMs)]
  // no snapshot, and hot points first: what is sealed meanwhile is in both answers, and never in neither
  const hot = await db.query<Point & { series: number }>(
    `SELECT g.series, h.at_ms AS "atMs", h.value FROM unnest($1::int[], $2::bigint[]) AS g (series, after_ms),
       LATERAL (SELECT at_ms, value FROM metric_hot m WHERE m.series = g.series AND m.at_ms > g.after_ms AND m.at_ms <= $3 ORDER BY m.at_ms LIMIT $4) h`,
    [...places, upToMs, most],
  )
  const chunks = await db.query<{ series: number; toMs: number; data: Buffer }>(
    `SELECT g.series, c.to_ms AS "toMs", c.data FROM unnest($1::int[], $2::bigint[]) AS g (series, after_ms),
       LATERAL (SELECT to_ms, data FROM metric_chunks m WHERE m.series = g.series AND m.level = 'raw' AND m.to_ms > g.after_ms ORDER BY m.to_ms LIMIT 1) c`,
    places,
  )
  const hotOf = Map.groupBy(hot, (point) => point.series)
  const chunkOf = new Map(chunks.map((chunk) => [chunk.series, chunk]))
  return series.map(({ afterMs, ...row }) => {
    const fresh = (hotOf.get(row.id) ?? []).map(({ atMs, value }) => ({ atMs, value }))
    const chunk = chunkOf.get(row.id)
    if (chunk === undefined) return { ...row, points: inOrder(fresh), more: fresh.length >= most }
    // later chunks may hold what lies before later hot points
    const sealed = decodePoints(chunk.data).filter(({ atMs }) => atMs > afterMs && atMs <= upToMs)
    return { ...row, points: inOrder([...sealed, ...fresh.filter(({ atMs }) => atMs <= chunk.toMs)]), more: chunk.toMs < upToMs }
  })
}
