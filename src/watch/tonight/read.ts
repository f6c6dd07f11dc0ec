import type { Tonight } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { type Moment, type Reach, readApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { eventsSince } from '#watch/journal/read.ts'
import { sparklines } from '#watch/traffic/read.ts'
import type { MissingSecrets } from './needs.ts'
import { tonight } from './tonight.ts'

const dayMs = 24 * 3_600_000
const mostAlerts = 100

export type TonightDeps = { db: Database; reach: Reach; moment: () => Promise<Moment> }

/** `seen`: the apps that the caller may see; null: all, and the machines. */
export async function readTonight({ db, reach, moment }: TonightDeps, seen: readonly string[] | null, now: Date): Promise<Tonight> {
  const [apps, events, machines, lines, missing, alerts] = await Promise.all([
    moment().then((current) => readApps(db, reach, current, { apps: seen })),
    eventsSince(db, { apps: seen }, new Date(now.getTime() - dayMs)),
    seen === null ? readMachines(db) : [],
    sparklines(db, now, { minutes: 60, count: 30, apps: seen }),
    missingSecrets(db, seen),
    listAlerts(db, { apps: seen, open: true, limit: mostAlerts }),
  ])
  return tonight({ apps, events, machines, missingSecrets: missing, alerts, sparklines: lines, now })
}

/** Environments whose newest rollout failed for want of a secret that is still not set. */
export async function missingSecrets(db: Db, apps: readonly string[] | null): Promise<MissingSecrets[]> {
  const rows = await db.query<{ app: string; environment: string; names: string[]; started_at: Date }>(
    `SELECT o.app, o.environment, o.started_at, array_agg(DISTINCT needed.name) AS names
     FROM (SELECT DISTINCT ON (app, environment) * FROM rollouts ORDER BY app, environment, started_at DESC) o
     JOIN releases r ON r.app = o.app AND r.environment = o.environment AND r.number = o.release
     CROSS JOIN LATERAL (SELECT jsonb_array_elements_text(s.value->'secrets') AS name FROM jsonb_each(r.manifest->'services') s) needed
     WHERE o.state = 'failed' AND NOT r.secrets ? needed.name AND ($1::text[] IS NULL OR o.app = ANY ($1))
       AND NOT EXISTS (SELECT FROM (SELECT sealed FROM secret_versions v WHERE v.app = o.app AND v.environment = o.environment AND v.name = needed.name ORDER BY version DESC LIMIT 1) newest WHERE newest.sealed IS NOT NULL)
     GROUP BY 1, 2, 3`,
    [apps],
  )
  return rows.map((row) => ({ app: row.app, environment: row.environment, names: row.names, since: row.started_at.toISOString() }))
}
