import type { Alert } from '#contract/healing.ts'
import type { Db } from '#kernel/db/db.ts'
import type { AlertRow } from './model.ts'

export async function openAlerts(db: Db): Promise<AlertRow[]> {
  return db.query('SELECT * FROM alerts WHERE cleared_at IS NULL ORDER BY raised_at, id')
}

/** Newest first. `apps`: what the caller may see; alerts of no app are seen only by callers who see all. */
export async function listAlerts(db: Db, filter: { apps: readonly string[] | null; app?: string | undefined; open: boolean; limit: number }): Promise<Alert[]> {
  const rows = await db.query<AlertRow>(
    `SELECT * FROM alerts WHERE ($1::text[] IS NULL OR app = ANY ($1)) AND ($2::text IS NULL OR app = $2) AND (NOT $3 OR cleared_at IS NULL) ORDER BY raised_at DESC, id DESC LIMIT $4`,
    [filter.apps, filter.app ?? null, filter.open, filter.limit],
  )
  return rows.map(alertView)
}

export function alertView({ way_out, raised_at, cleared_at, ...row }: AlertRow): Alert {
  return { ...row, wayOut: way_out, raisedAt: raised_at.toISOString(), clearedAt: cleared_at?.toISOString() ?? null }
}
