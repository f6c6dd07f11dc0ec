/** The writing SQL of forwards. */
import type { Db } from '#kernel/db/db.ts'
import type { DrainState } from '#watch/drains/plan.ts'
import type { ForwardRow } from './model.ts'

export async function insertForward(tx: Db, row: Pick<ForwardRow, 'id' | 'shown' | 'sealed' | 'labels' | 'created_at' | 'created_by' | 'position_ms'>): Promise<void> {
  await tx.query('INSERT INTO metric_forwards (id, shown, sealed, labels, created_at, created_by, position_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)', [row.id, row.shown, row.sealed, row.labels, row.created_at, row.created_by, row.position_ms])
}

export async function deleteForward(tx: Db, id: string): Promise<boolean> {
  return (await tx.maybe('DELETE FROM metric_forwards WHERE id = $1 RETURNING id', [id])) !== undefined
}

/** False: it was removed meanwhile. */
export async function saveState(tx: Db, id: string, state: DrainState): Promise<boolean> {
  const row = await tx.maybe(
    `UPDATE metric_forwards SET sent = $2, dropped = $3, untold = $4, told_at = $5, last_sent_at = $6, failures = $7, failing_since = $8, failing_told = $9, retry_at = $10, last_error = $11
     WHERE id = $1 RETURNING id`,
    [id, state.sent, state.dropped, state.untold, state.told_at, state.last_sent_at, state.failures, state.failing_since, state.failing_told, state.retry_at, state.last_error],
  )
  return row !== undefined
}

export async function savePosition(db: Db, id: string, positionMs: number): Promise<void> {
  await db.query('UPDATE metric_forwards SET position_ms = greatest(position_ms, $2) WHERE id = $1', [id, positionMs])
}
