import { type Dashboard, type DashboardName, dashboardSpecSchema } from '#contract/dashboards.ts'
import type { Db } from '#kernel/db/db.ts'

/** All of them, by title. `apps`: what the caller may see; null: all, also those of no app. */
export async function readDashboards(db: Db, apps: readonly string[] | null): Promise<DashboardName[]> {
  const rows = await db.query<Omit<DashboardName, 'changedAt'> & { changedAt: Date }>(
    `SELECT id, spec ->> 'title' AS title, app, (SELECT coalesce(sum(jsonb_array_length(r)), 0)::int FROM jsonb_array_elements(spec -> 'rows') r) AS graphs, changed_by AS "changedBy", changed_at AS "changedAt"
     FROM dashboards WHERE $1::text[] IS NULL OR app = ANY ($1) ORDER BY title, id`,
    [apps],
  )
  return rows.map((row) => ({ ...row, changedAt: row.changedAt.toISOString() }))
}

export async function readDashboard(db: Db, id: string, apps: readonly string[] | null): Promise<Dashboard | undefined> {
  const [row] = await db.query<{ app: string | null; spec: object; changed_by: string; changed_at: Date }>('SELECT app, spec, changed_by, changed_at FROM dashboards WHERE id = $1 AND ($2::text[] IS NULL OR app = ANY ($2))', [id, apps])
  return row === undefined ? undefined : { ...dashboardSpecSchema.parse({ ...row.spec, app: row.app }), id, changedBy: row.changed_by, changedAt: row.changed_at.toISOString() }
}

/** Whether the id is taken, by whomever. */
export async function countDashboards(db: Db, id: string): Promise<{ all: number; taken: boolean }> {
  return db.one('SELECT count(*)::int AS "all", coalesce(bool_or(id = $1), false) AS taken FROM dashboards', [id])
}
