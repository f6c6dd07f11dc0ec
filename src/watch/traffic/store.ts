import type { ReleaseCount, TrafficBatch, TrafficCount } from '#contract/wire.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'
import { grainMs } from '#watch/points.ts'

/** False if the batch was added before. */
export async function claimBatch(tx: Db, id: string, now: Date): Promise<boolean> {
  return (await tx.maybe('INSERT INTO traffic_batches (id, stored_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id', [id, now])) !== undefined
}

/** Ids of keys, in the order given; makes those that are new. */
async function keyIds(tx: Db, counts: readonly TrafficCount[]): Promise<number[]> {
  const columns = [counts.map((c) => c.key), counts.map((c) => c.app), counts.map((c) => c.environment), counts.map((c) => c.service), counts.map((c) => c.from)]
  const unnest = 'unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS c (key, app, environment, service, from_service, nth)'
  const find = () =>
    tx.query<{ nth: number; id: number | null }>(
      `SELECT c.nth, k.id FROM ${unnest} LEFT JOIN traffic_keys k ON k.key = c.key AND k.app = c.app AND k.environment = c.environment
         AND k.service = c.service AND k.from_service IS NOT DISTINCT FROM c.from_service ORDER BY c.nth`,
      columns,
    )
  let rows = await find()
  if (rows.some((row) => row.id === null)) {
    await tx.query(
      `INSERT INTO traffic_keys (key, app, environment, service, from_service) SELECT DISTINCT c.key, c.app, c.environment, c.service, c.from_service FROM ${unnest}
       WHERE NOT EXISTS (SELECT FROM traffic_keys k WHERE k.key = c.key AND k.app = c.app AND k.environment = c.environment AND k.service = c.service AND k.from_service IS NOT DISTINCT FROM c.from_service)
       ORDER BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING`,
      columns,
    )
    rows = await find()
  }
  return rows.map((row) => row.id as number)
}

/** Adds the counts of a batch to the ten seconds in which most of it lies. */
export async function addCounts(tx: Db, batch: TrafficBatch, middleMs: number): Promise<void> {
  const ids = await keyIds(tx, batch.counts)
  // a key twice in one statement would be a conflict with itself
  const sums = new Map<number, TrafficCount>()
  batch.counts.forEach((count, at) => {
    const id = ids[at] as number
    const sum = sums.get(id)
    sums.set(id, sum ? added(sum, count) : count)
  })
  const rows = [...sums].sort(([a], [b]) => a - b) // in one order everywhere: no deadlock between machines
  const at = new Date(middleMs - (middleMs % grainMs))
  const latency = rows.map(([, count]) => `{${latencyOf(count).join(',')}}`)
  const column = (of: (count: TrafficCount) => number) => rows.map(([, count]) => of(count))
  await tx.query(
    `INSERT INTO traffic_points AS p (at, key, requests, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx, aborted, failed, bytes_in, bytes_out, connections, latency, stale)
     SELECT $1, key, requests, s1, s2, s3, s4, s5, aborted, failed, bytes_in, bytes_out, connections, latency::int[], stale
     FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::bigint[], $12::bigint[], $13::int[], $14::text[], $15::int[])
       AS c (key, requests, s1, s2, s3, s4, s5, aborted, failed, bytes_in, bytes_out, connections, latency, stale)
     ON CONFLICT (key, at) DO UPDATE SET requests = p.requests + excluded.requests, status_1xx = p.status_1xx + excluded.status_1xx,
       status_2xx = p.status_2xx + excluded.status_2xx, status_3xx = p.status_3xx + excluded.status_3xx, status_4xx = p.status_4xx + excluded.status_4xx,
       status_5xx = p.status_5xx + excluded.status_5xx, aborted = p.aborted + excluded.aborted, failed = p.failed + excluded.failed,
       bytes_in = p.bytes_in + excluded.bytes_in, bytes_out = p.bytes_out + excluded.bytes_out, connections = p.connections + excluded.connections, stale = p.stale + excluded.stale,
       latency = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(p.latency, excluded.latency) AS l (a, b))`,
    [at, rows.map(([id]) => id), column((c) => c.requests), column((c) => c.status['1xx']), column((c) => c.status['2xx']), column((c) => c.status['3xx']),
      column((c) => c.status['4xx']), column((c) => c.status['5xx']), column((c) => c.status.aborted), column((c) => c.status.failed), column((c) => c.bytesIn),
      column((c) => c.bytesOut), column((c) => c.connections), latency, column((c) => c.stale ?? 0)],
  )
}

function latencyOf(count: Pick<TrafficCount, 'latency'>): number[] {
  return Array.from({ length: latencyBucketsMs.length + 1 }, (_, bucket) => count.latency[bucket] ?? 0)
}

function added(a: TrafficCount, b: TrafficCount): TrafficCount {
  const status = { ...a.status }
  for (const name of Object.keys(status) as (keyof typeof status)[]) status[name] += b.status[name]
  const [left, right] = [latencyOf(a), latencyOf(b)]
  return {
    ...a, status, requests: a.requests + b.requests, latency: left.map((count, bucket) => count + (right[bucket] as number)),
    bytesIn: a.bytesIn + b.bytesIn, bytesOut: a.bytesOut + b.bytesOut, connections: a.connections + b.connections, stale: (a.stale ?? 0) + (b.stale ?? 0),
  }
}

type ReleaseSum = { app: string; environment: string; service: string; count: ReleaseCount }

/** Adds what each release was asked and answered, service by service, all edges of a service together. */
export async function addReleases(tx: Db, batch: TrafficBatch, middleMs: number): Promise<void> {
  const sums = new Map<string, ReleaseSum>()
  for (const { app, environment, service, releases } of batch.counts) {
    for (const count of releases) {
      const key = `${app}/${environment}/${service}/${count.release}`
      const sum = sums.get(key)?.count
      sums.set(key, { app, environment, service, count: sum ? addedReleases(sum, count) : count })
    }
  }
  const rows = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row) // in one order everywhere: no deadlock between machines
  if (rows.length === 0) return
  const column = (of: (count: ReleaseCount) => number) => rows.map(({ count }) => of(count))
  await tx.query(
    `INSERT INTO release_points AS p (at, app, environment, service, release, requests, errors, latency, warming_requests, warming_errors)
     SELECT $1, app, environment, service, release, requests, errors, latency::int[], warming_requests, warming_errors
     FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::text[], $9::int[], $10::int[]) AS c (app, environment, service, release, requests, errors, latency, warming_requests, warming_errors)
     ON CONFLICT (app, environment, release, at, service) DO UPDATE SET requests = p.requests + excluded.requests, errors = p.errors + excluded.errors,
       warming_requests = p.warming_requests + excluded.warming_requests, warming_errors = p.warming_errors + excluded.warming_errors,
       latency = ARRAY(SELECT coalesce(a, 0) + coalesce(b, 0) FROM unnest(p.latency, excluded.latency) AS l (a, b))`,
    [new Date(middleMs - (middleMs % grainMs)), rows.map((row) => row.app), rows.map((row) => row.environment), rows.map((row) => row.service), column((c) => c.release), column((c) => c.requests),
      column((c) => c.errors), rows.map(({ count }) => `{${latencyOf(count).join(',')}}`), column((c) => c.warming?.requests ?? 0), column((c) => c.warming?.errors ?? 0)],
  )
}

function addedReleases(a: ReleaseCount, b: ReleaseCount): ReleaseCount {
  const [left, right] = [latencyOf(a), latencyOf(b)]
  return {
    ...a, requests: a.requests + b.requests, errors: a.errors + b.errors, latency: left.map((count, bucket) => count + (right[bucket] as number)),
    warming: { requests: (a.warming?.requests ?? 0) + (b.warming?.requests ?? 0), errors: (a.warming?.errors ?? 0) + (b.warming?.errors ?? 0) },
  }
}

/** Forgets points, batches and unused keys from before `before`. How many points. */
export async function dropOldTraffic(db: Db, before: Date): Promise<number> {
  const gone = await db.one<{ n: number }>('WITH gone AS (DELETE FROM traffic_points WHERE at < $1 RETURNING 1) SELECT count(*)::int AS n FROM gone', [before])
  await db.query('DELETE FROM release_points WHERE at < $1', [before])
  // a proxy keeps batches for hours while control is away, so ids are remembered for longer than points
  await db.query('DELETE FROM traffic_batches WHERE stored_at < $1', [new Date(before.getTime() - 86_400_000)])
  // what an environment of that name has next gets keys of its own
  await db.query('DELETE FROM traffic_keys k WHERE NOT EXISTS (SELECT FROM environments e WHERE e.app = k.app AND e.name = k.environment) AND NOT EXISTS (SELECT FROM traffic_points p WHERE p.key = k.id)')
  return gone.n
}
