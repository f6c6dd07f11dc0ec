/** What the map asks the database. */
import type { EventKind } from '#contract/events.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Alert } from '#contract/healing.ts'
import type { Machine } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { AlertRow } from '#watch/alerts/model.ts'
import { alertView } from '#watch/alerts/read.ts'
import type { TracedCall } from './map.ts'
import type { Known, PastRows } from './past.ts'

type Apps = readonly string[] | null

/** Calls from one service to another that spans tell of, parent and child. */
export async function tracedCalls(db: Db, apps: Apps, since: Date, until: Date): Promise<TracedCall[]> {
  const rows = await db.query<{ from_app: string; from_environment: string; from_service: string; app: string; environment: string; service: string; calls: number; errors: number; p95: number }>(
    `SELECT p.app AS from_app, p.environment AS from_environment, p.service AS from_service, c.app, c.environment, c.service, count(*)::int AS calls,
       count(*) FILTER (WHERE c.status = 2)::int AS errors, percentile_cont(0.95) WITHIN GROUP (ORDER BY c.duration_us) / 1000 AS p95
     FROM spans c JOIN spans p ON p.trace_id = c.trace_id AND p.span_id = c.parent_id
     WHERE c.at >= $2 AND c.at < $3 AND p.at >= $2::timestamptz - interval '1 hour' AND p.at < $3 AND ($1::text[] IS NULL OR (c.app = ANY ($1) AND p.app = ANY ($1)))
       AND (p.app, p.environment, p.service) <> (c.app, c.environment, c.service)
     GROUP BY 1, 2, 3, 4, 5, 6`,
    [apps, since, until],
  )
  return rows.map((row) => ({ from: { app: row.from_app, environment: row.from_environment, service: row.from_service }, to: { app: row.app, environment: row.environment, service: row.service }, calls: row.calls, errors: row.errors, p95Ms: row.p95 }))
}

export async function alertsAt(db: Db, apps: Apps, at: Date): Promise<Alert[]> {
  const rows = await db.query<AlertRow>('SELECT * FROM alerts WHERE raised_at <= $2 AND (cleared_at IS NULL OR cleared_at > $2) AND ($1::text[] IS NULL OR app = ANY ($1)) ORDER BY raised_at DESC LIMIT 200', [apps, at])
  return rows.map(alertView)
}

export async function pastRows(db: Db, apps: Apps, at: Date, machines: readonly Machine[]): Promise<PastRows> {
  const releases = await db.query<{ app: string; environment: string; number: number; manifest: Manifest; changing: boolean }>(
    `SELECT e.app, e.name AS environment, r.number, r.manifest,
       EXISTS (SELECT FROM rollouts WHERE app = e.app AND environment = e.name AND started_at <= $2 AND (finished_at IS NULL OR finished_at > $2)) AS changing
     FROM environments e
     JOIN LATERAL (SELECT release FROM rollouts WHERE app = e.app AND environment = e.name AND state = 'finished' AND finished_at <= $2 ORDER BY finished_at DESC LIMIT 1) o ON true
     JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = o.release
     WHERE e.created_at <= $2 AND ($1::text[] IS NULL OR e.app = ANY ($1)) ORDER BY 1, 2`,
    [apps, at],
  )
  const instances = await db.query<PastRows['instances'][number]>(
    `SELECT i.id, i.app, i.environment, i.service, i.ordinal, i.machine, (i.retired_at IS NOT NULL AND i.retired_at <= $2) AS retired, n.kind AS newest, n.summary AS because
     FROM instances i
     LEFT JOIN LATERAL (SELECT kind, summary FROM events WHERE data ->> 'id' = i.id AND starts_with(kind, 'instance.') AND at <= $2 ORDER BY id DESC LIMIT 1) n ON true
     WHERE i.kind = 'service' AND i.created_at <= $2 AND (i.gone_at IS NULL OR i.gone_at > $2) AND ($1::text[] IS NULL OR i.app = ANY ($1)) ORDER BY i.app, i.environment, i.service, i.ordinal, i.created_at`,
    [apps, at],
  )
  const words = await db.query<{ machine: string; kind: EventKind }>("SELECT DISTINCT ON (machine) machine, kind FROM events WHERE kind IN ('machine.connected', 'machine.lost') AND at <= $1 ORDER BY machine, id DESC", [at])
  return { releases, instances, machines, lost: new Set(words.filter(({ kind }) => kind === 'machine.lost').map(({ machine }) => machine)) }
}

export async function knownAt(db: Db, apps: Apps, at: Date): Promise<Known> {
  const begins = await db.one<{ journal: Date | null; traffic: Date | null }>('SELECT (SELECT min(at) FROM events) AS journal, (SELECT min(at) FROM traffic_points) AS traffic')
  const destroyed = await db.query<{ app: string; at: Date }>("SELECT app, max(at) AS at FROM events WHERE kind = 'app.destroyed' AND at > $2 AND ($1::text[] IS NULL OR app = ANY ($1)) GROUP BY app ORDER BY app", [apps, at])
  return { journalSince: begins.journal, trafficSince: begins.traffic, destroyed }
}
