/** Questions about traffic: series for charts, and the rates of the moment. */
import type { TrafficSeries } from '#contract/model.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'
import type { ServiceRate } from '#run/apps/read.ts'
import { grainMs, stepMs } from '#watch/points.ts'
import { percentile } from './percentile.ts'

export type TrafficQuery = { apps?: readonly string[] | null | undefined; app?: string | undefined; environment?: string | undefined; minutes: number }

type PointRow = { id: number; key: string; app: string; environment: string; service: string; from_service: string | null; slot: number; requests: number; errors: number; stale: number; latency: number[] }

const latencySums = Array.from({ length: latencyBucketsMs.length + 1 }, (_, bucket) => `sum(p.latency[${bucket + 1}])::int`).join(', ')

/** The end of the newest ten seconds that are complete: a batch comes up to half a grain after the slot of its middle has ended. */
function completeUntil(now: Date): number {
  const ms = now.getTime() - grainMs / 2 - 1000
  return ms - (ms % grainMs)
}

/**
 * Every route and edge with traffic in the window, which ends with the newest complete ten seconds. `points` lie one
 * step apart without gaps and hold the counts of a step, named by its beginning. What counts as a request on a TCP edge
 * is a connection.
 */
export async function readTraffic(db: Db, { apps = null, app, environment, minutes }: TrafficQuery, now: Date): Promise<TrafficSeries[]> {
  const step = stepMs(minutes)
  const count = Math.ceil((minutes * 60_000) / step)
  const until = completeUntil(now)
  const from = until - count * step
  const rows = await db.query<PointRow>(
    `SELECT k.id, k.key, k.app, k.environment, k.service, k.from_service, floor((extract(epoch FROM p.at) * 1000 - $1) / $2)::int AS slot,
       sum(greatest(p.requests, p.connections))::int AS requests, sum(p.status_5xx + p.failed)::int AS errors, sum(p.stale)::int AS stale, ARRAY[${latencySums}] AS latency
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $3 AND p.at < $4 AND ($5::text[] IS NULL OR k.app = ANY($5)) AND ($6::text IS NULL OR k.app = $6) AND ($7::text IS NULL OR k.environment = $7)
     GROUP BY k.id, slot ORDER BY k.app, k.environment, k.from_service NULLS FIRST, k.service, k.key, slot`,
    [from, step, new Date(from), new Date(until), apps, app ?? null, environment ?? null],
  )
  const byKey = Map.groupBy(rows, (row) => row.id)
  return [...byKey.values()].map((points) => series(points, { from, count, step }))
}

function series(rows: PointRow[], { from, count, step }: { from: number; count: number; step: number }): TrafficSeries {
  const { key, app, environment, service, from_service } = rows[0] as PointRow
  const bySlot = new Map(rows.map((row) => [row.slot, row]))
  const requests = rows.reduce((sum, row) => sum + row.requests, 0)
  const errors = rows.reduce((sum, row) => sum + row.errors, 0)
  const stale = rows.reduce((sum, row) => sum + row.stale, 0)
  const latency = (rows[0] as PointRow).latency.map((_, bucket) => rows.reduce((sum, row) => sum + (row.latency[bucket] as number), 0))
  return {
    key, app, environment, service, from: from_service,
    requestRate: requests / ((count * step) / 1000),
    errorShare: share(errors, requests),
    staleShare: share(stale, requests),
    p50Ms: percentile(latency, 0.5),
    p95Ms: percentile(latency, 0.95),
    p99Ms: percentile(latency, 0.99),
    points: Array.from({ length: count }, (_, nth) => {
      const at = new Date(from + nth * step).toISOString()
      const row = bySlot.get(nth)
      if (!row) return { at, requests: 0, errors: 0, p50Ms: null, p99Ms: null }
      return { at, requests: row.requests, errors: row.errors, p50Ms: percentile(row.latency, 0.5), p99Ms: percentile(row.latency, 0.99) }
    }),
  }
}

function share(errors: number, requests: number): number {
  return requests === 0 ? (errors > 0 ? 1 : 0) : Math.min(1, errors / requests)
}

/** Requests per second and the share of failed ones, from outside, over the last minute. Services without traffic are left out. */
export async function recentRates(db: Db, now: Date, { apps = null, app }: { apps?: readonly string[] | null; app?: string | undefined } = {}): Promise<ServiceRate[]> {
  const until = completeUntil(now)
  const rows = await db.query<{ app: string; environment: string; service: string; requests: number; errors: number }>(
    `SELECT k.app, k.environment, k.service, sum(p.requests)::int AS requests, sum(p.status_5xx + p.failed)::int AS errors
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $1 AND p.at < $2 AND k.from_service IS NULL AND ($3::text[] IS NULL OR k.app = ANY($3)) AND ($4::text IS NULL OR k.app = $4)
     GROUP BY k.app, k.environment, k.service ORDER BY 1, 2, 3`,
    [new Date(until - 60_000), new Date(until), apps, app ?? null],
  )
  return rows.map(({ requests, errors, ...names }) => ({ ...names, requestRate: requests / 60, errorShare: share(errors, requests) }))
}

/**
 * What each service was asked in the last complete minute and the last ten, from outside and by other services, and what of it failed: also where
 * a copy stood in, since the service needs mending all the same.
 */
export async function recentCounts(db: Db, now: Date): Promise<{ minute: ServiceCount[]; tenMinutes: ServiceCount[] }> {
  const until = completeUntil(now)
  return { minute: await countsBetween(db, until - 60_000, until, null), tenMinutes: await countsBetween(db, until - 10 * 60_000, until, null) }
}

/** What services usually are asked and answer: in the hour before the last ten minutes. */
export async function usualCounts(db: Db, services: readonly { app: string; environment: string; service: string }[], now: Date): Promise<ServiceCount[]> {
  const until = completeUntil(now) - 10 * 60_000
  return services.length === 0 ? [] : countsBetween(db, until - 60 * 60_000, until, services.map(({ app, environment, service }) => `${app}/${environment}/${service}`))
}

/** `outside`: asked by callers from outside, not by another service. `atMs`: the end of the minute. */
export type MinuteCount = ServiceCount & { outside: boolean; atMs: number }

/** What services were asked and what of it failed, minute by minute, in the minutes that end in (from, to]; where a copy stood in, callers saw no failure. */
export async function minuteCounts(db: Db, from: Date, to: Date, environments: readonly string[]): Promise<MinuteCount[]> {
  return db.query(
    `SELECT k.app, k.environment, k.service, k.from_service IS NULL AS outside, (floor(extract(epoch FROM p.at) / 60) + 1) * 60000 AS "atMs",
       sum(p.requests)::int AS requests, sum(p.status_5xx + p.failed)::int AS errors, ARRAY[${latencySums}] AS latency
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $1 AND p.at < $2 AND k.app || '/' || k.environment = ANY ($3) GROUP BY 1, 2, 3, 4, 5`,
    [from, to, environments],
  ).then((rows) => (rows as MinuteCount[]).map((row) => ({ ...row, atMs: Number(row.atMs) })))
}

/** `latency`: counts by `latencyBucketsMs`, and the open bucket. */
export type ServiceCount = { app: string; environment: string; service: string; requests: number; errors: number; latency: number[] }

async function countsBetween(db: Db, from: number, to: number, services: readonly string[] | null): Promise<ServiceCount[]> {
  return db.query(
    `SELECT k.app, k.environment, k.service, sum(p.requests)::int AS requests, sum(p.status_5xx + p.failed + p.stale)::int AS errors, ARRAY[${latencySums}] AS latency
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $1 AND p.at < $2 AND ($3::text[] IS NULL OR k.app || '/' || k.environment || '/' || k.service = ANY ($3)) GROUP BY 1, 2, 3`,
    [new Date(from), new Date(to), services],
  )
}

/** What a service of a release was asked and answered. `warming`: of that, of instances that had just become ready. `latency` as above. */
export type ReleaseTraffic = { requests: number; errors: number; latency: number[]; warming: { requests: number; errors: number } }

/** What each service of a release was asked and answered from the ten seconds that hold `from` to `to`, by whomever. Services that were not asked are in none. */
export async function releaseTraffic(db: Db, where: { app: string; environment: string; release: number }, from: Date, to: Date): Promise<Record<string, ReleaseTraffic>> {
  const rows = await db.query<Omit<ReleaseTraffic, 'warming' | 'latency'> & { service: string; warming_requests: number; warming_errors: number; latency: (number | null)[] }>(
    `SELECT service, sum(requests)::int AS requests, sum(errors)::int AS errors, sum(warming_requests)::int AS warming_requests, sum(warming_errors)::int AS warming_errors, ARRAY[${latencySums}] AS latency
     FROM release_points p WHERE app = $1 AND environment = $2 AND release = $3 AND at >= $4 AND at < $5 GROUP BY service ORDER BY service`,
    [where.app, where.environment, where.release, new Date(from.getTime() - (from.getTime() % grainMs)), to],
  )
  return Object.fromEntries(rows.map(({ service, requests, errors, warming_requests, warming_errors, latency }) => [service, { requests, errors, latency: latency.map((count) => count ?? 0), warming: { requests: warming_requests, errors: warming_errors } }]))
}

/** Requests per second from outside, by `app/environment`, in `count` equal steps up to now. */
export async function sparklines(db: Db, now: Date, { minutes = 60, count = 48, apps = null }: { minutes?: number; count?: number; apps?: readonly string[] | null } = {}): Promise<Map<string, number[]>> {
  const until = completeUntil(now)
  const from = until - minutes * 60_000
  const step = (minutes * 60_000) / count
  const rows = await db.query<{ app: string; environment: string; slot: number; requests: number }>(
    `SELECT k.app, k.environment, floor((extract(epoch FROM p.at) * 1000 - $1) / $2)::int AS slot, sum(p.requests)::int AS requests
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $3 AND p.at < $4 AND k.from_service IS NULL AND ($5::text[] IS NULL OR k.app = ANY($5)) GROUP BY 1, 2, 3`,
    [from, step, new Date(from), new Date(until), apps],
  )
  const lines = new Map<string, number[]>()
  for (const { app, environment, slot, requests } of rows) {
    const line = lines.get(`${app}/${environment}`) ?? Array.from({ length: count }, () => 0)
    lines.set(`${app}/${environment}`, line)
    if (slot >= 0 && slot < count) line[slot] = Math.round((requests / (step / 1000)) * 100) / 100
  }
  return lines
}
