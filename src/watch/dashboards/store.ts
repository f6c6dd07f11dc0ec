/** The only SQL that writes dashboards. */
import type { DashboardSpec } from '#contract/dashboards.ts'
import type { Db } from '#kernel/db/db.ts'

export async function saveDashboard(tx: Db, id: string, { app, ...spec }: DashboardSpec, by: string, now: Date): Promise<void> {
  await tx.query('INSERT INTO dashboards (id, app, spec, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET app = $2, spec = $3, changed_by = $4, changed_at = $5', [id, app, spec, by, now])
}

export async function deleteDashboard(tx: Db, id: string): Promise<boolean> {
  return (await tx.query('DELETE FROM dashboards WHERE id = $1 RETURNING id', [id])).length > 0
}
