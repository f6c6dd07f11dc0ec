/** Rates, errors and latency of routes and edges over a window of the last day. */
import type { TrafficSeries } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { ServiceRate } from '#run/apps/read.ts'
import { addCounts, percentile } from './percentile.ts'
import { grainMs } from './store.ts'

export type TrafficFilter = { apps?: readonly string[] | null; app?: string | undefined; environment?: string | undefined; minutes: number }

type PointRow = { key: string; app: string; environment: string; service: string; from_service: string | null; at: Date; requests: number; errors: number; latency: number[] }

const maxPoints = 120

export async function readTraffic(db: Db, filter: TrafficFilter, now: Date): Promise<TrafficSeries[]> {
  const stepMs = Math.max(grainMs, Math.ceil((filter.minutes * 60_000) / maxPoints / grainMs) * grainMs)
  const since = new Date(Math.floor((now.getTime() - filter.minutes * 60_000) / stepMs) * stepMs)
  const rows = await db.query<PointRow>(
    `SELECT k.key, k.app, k.environment, k.service, k.from_service, p.at, p.requests, p.status_5xx + p.failed AS errors, p.latency
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $1 AND ($2::text[] IS NULL OR k.app = ANY ($2)) AND ($3::text IS NULL OR k.app = $3) AND ($4::text IS NULL OR k.environment = $4)
     ORDER BY k.app, k.environment, k.key, p.at`,
    [since, filter.apps ?? null, filter.app ?? null, filter.environment ?? null],
  )
  const seconds = filter.minutes * 60
  return [...Map.groupBy(rows, (row) => `${row.app} ${row.environment} ${row.key}`).values()].map((points) => seriesOf(points, stepMs, seconds))
}

function seriesOf(rows: PointRow[], stepMs: number, seconds: number): TrafficSeries {
  const { key, app, environment, service, from_service } = rows[0] as PointRow
  const whole = sum(rows)
  const steps = Map.groupBy(rows, (row) => Math.floor(row.at.getTime() / stepMs) * stepMs)
  return {
    key, app, environment, service, from: from_service,
    requestRate: whole.requests / seconds,
    errorShare: whole.requests === 0 ? 0 : whole.errors / whole.requests,
    p50Ms: percentile(whole.latency, 0.5),
    p99Ms: percentile(whole.latency, 0.99),
    points: [...steps].map(([at, points]) => {
      const { requests, errors, latency } = sum(points)
      return { at: new Date(at).toISOString(), requests: requests / (stepMs / 1000), errors: errors / (stepMs / 1000), p50Ms: percentile(latency, 0.5), p99Ms: percentile(latency, 0.99) }
    }),
  }
}

function sum(rows: PointRow[]): { requests: number; errors: number; latency: number[] } {
  let requests = 0
  let errors = 0
  let latency: number[] = []
  for (const row of rows) {
    requests += row.requests
    errors += row.errors
    latency = addCounts(latency, row.latency)
  }
  return { requests, errors, latency }
}

/** Requests per second through the ingress over the last whole minute, by service. */
export async function currentRates(db: Db, now: Date, app?: string): Promise<ServiceRate[]> {
  const until = new Date(Math.floor(now.getTime() / grainMs) * grainMs)
  return db.query<ServiceRate>(
    `SELECT k.app, k.environment, k.service, sum(p.requests)::float8 / 60 AS "requestRate",
            coalesce(sum(p.status_5xx + p.failed)::float8 / nullif(sum(p.requests), 0), 0) AS "errorShare"
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key
     WHERE p.at >= $1 AND k.from_service IS NULL AND ($2::text IS NULL OR k.app = $2) GROUP BY 1, 2, 3`,
    [new Date(until.getTime() - 60_000), app ?? null],
  )
}

/** Requests per second in `count` equal steps of the window, oldest first, by `app/environment`; for sparklines. */
export async function sparklines(db: Db, now: Date, minutes: number, count: number): Promise<Map<string, number[]>> {
  const stepMs = (minutes * 60_000) / count
  const since = new Date(now.getTime() - minutes * 60_000)
  const rows = await db.query<{ app: string; environment: string; step: number; requests: number }>(
    `SELECT k.app, k.environment, floor(extract(epoch FROM p.at - $1::timestamptz) * 1000 / $2)::int AS step, sum(p.requests)::float8 AS requests
     FROM traffic_points p JOIN traffic_keys k ON k.id = p.key WHERE p.at >= $1 AND k.from_service IS NULL GROUP BY 1, 2, 3`,
    [since, stepMs],
  )
  const lines = new Map<string, number[]>()
  for (const row of rows) {
    const key = `${row.app}/${row.environment}`
    const line = lines.get(key) ?? Array.from({ length: count }, () => 0)
    if (row.step >= 0 && row.step < count) line[row.step] = row.requests / (stepMs / 1000)
    lines.set(key, line)
  }
  return lines
}
