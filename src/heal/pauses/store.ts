/** The only SQL that writes `heal_pauses`. */
import type { Db } from '#kernel/db/db.ts'
import type { PauseRow } from './model.ts'

export async function insertPause(tx: Db, row: Omit<PauseRow, 'ended_at'>): Promise<void> {
  await tx.query('INSERT INTO heal_pauses (id, app, environment, service, because, by_name, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [row.id, row.app, row.environment, row.service, row.because, row.by_name, row.at, row.until])
}

/** Undefined when it is over. */
export async function endPause(tx: Db, id: string, now: Date): Promise<PauseRow | undefined> {
  return tx.maybe('UPDATE heal_pauses SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND until > $2 RETURNING *', [id, now])
}

/** Of those that are over. */
export async function dropOldPauses(db: Db, before: Date): Promise<void> {
  await db.query('DELETE FROM heal_pauses WHERE until < $1', [before])
}
