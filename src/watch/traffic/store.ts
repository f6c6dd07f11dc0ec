/** The only SQL that writes traffic: sums over ten seconds a key, each batch added once. */
import type { TrafficBatch, TrafficCount } from '#contract/wire.ts'
import type { Database, Db } from '#kernel/db/db.ts'

export const grainMs = 10_000
export const keepMs = 24 * 3_600_000

export async function addTraffic(db: Database, batch: TrafficBatch, now: Date): Promise<void> {
  const at = new Date(Math.floor(new Date(batch.from).getTime() / grainMs) * grainMs)
  await db.transaction(async (tx) => {
    const fresh = await tx.query('INSERT INTO traffic_batches (id, stored_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id', [batch.id, now])
    if (fresh.length === 0) return
    // one order for all, so that two batches cannot wait for each other
    for (const count of [...batch.counts].sort((a, b) => a.key.localeCompare(b.key))) await addPoint(tx, await keyId(tx, count), at, count)
  })
}

async function keyId(tx: Db, count: TrafficCount): Promise<number> {
  const values = [count.key, count.app, count.environment, count.service, count.from]
  const known = await tx.maybe<{ id: number }>('SELECT id FROM traffic_keys WHERE key = $1 AND app = $2 AND environment = $3 AND service = $4 AND from_service IS NOT DISTINCT FROM $5', values)
  if (known) return known.id
  const row = await tx.one<{ id: number }>(
    `INSERT INTO traffic_keys (key, app, environment, service, from_service) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (key, app, environment, service, from_service) DO UPDATE SET key = excluded.key RETURNING id`,
    values,
  )
  return row.id
}

async function addPoint(tx: Db, key: number, at: Date, count: TrafficCount): Promise<void> {
  const { status } = count
  await tx.query(
    `INSERT INTO traffic_points AS p (key, at, requests, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, aborted, failed, connections, bytes_in, bytes_out, latency)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (key, at) DO UPDATE SET
       requests = p.requests + excluded.requests, status_1xx = p.status_1xx + excluded.status_1xx, status_2xx = p.status_2xx + excluded.status_2xx,
       status_3xx = p.status_3xx + excluded.status_3xx, status_4xx = p.status_4xx + excluded.status_4xx, status_5xx = p.status_5xx + excluded.status_5xx,
       aborted = p.aborted + excluded.aborted, failed = p.failed + excluded.failed, connections = p.connections + excluded.connections,
       bytes_in = p.bytes_in + excluded.bytes_in, bytes_out = p.bytes_out + excluded.bytes_out,
       latency = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY n) FROM unnest(p.latency, excluded.latency) WITH ORDINALITY AS u(a, b, n))`,
    [key, at, count.requests, status['1xx'], status['2xx'], status['3xx'], status['4xx'], status['5xx'], status.aborted, status.failed, count.connections, count.bytesIn, count.bytesOut, count.latency],
  )
}

/** Forgets what is older than a day. Answers how many points went. */
export async function forgetTraffic(db: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepMs)
  await db.query('DELETE FROM traffic_batches WHERE stored_at < $1', [before])
  return (await db.query('DELETE FROM traffic_points WHERE at < $1 RETURNING key', [before])).length
}
