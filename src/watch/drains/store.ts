/** The writing SQL of drains. */
import type { Db } from '#kernel/db/db.ts'
import type { DrainRow } from './model.ts'
import type { DrainState } from './plan.ts'

export type NewDrainRow = Pick<DrainRow, 'id' | 'app' | 'kind' | 'shown' | 'sealed' | 'any_address' | 'created_at' | 'created_by' | 'cursor'>

export async function insertDrain(tx: Db, drain: NewDrainRow): Promise<void> {
  await tx.query('INSERT INTO drains (id, app, kind, shown, sealed, any_address, created_at, created_by, cursor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    drain.id, drain.app, drain.kind, drain.shown, drain.sealed, drain.any_address, drain.created_at, drain.created_by, drain.cursor,
  ])
}

export async function deleteDrain(tx: Db, id: string): Promise<boolean> {
  return (await tx.maybe('DELETE FROM drains WHERE id = $1 RETURNING id', [id])) !== undefined
}

/** False: it was removed meanwhile. */
export async function saveProgress(tx: Db, id: string, cursor: string, state: DrainState): Promise<boolean> {
  const row = await tx.maybe(
    `UPDATE drains SET cursor = $2, sent = $3, dropped = $4, untold = $5, told_at = $6, last_sent_at = $7, failures = $8, failing_since = $9, failing_told = $10,
       retry_at = $11, last_error = $12 WHERE id = $1 RETURNING id`,
    [id, cursor, state.sent, state.dropped, state.untold, state.told_at, state.last_sent_at, state.failures, state.failing_since, state.failing_told, state.retry_at, state.last_error],
  )
  return row !== undefined
}
