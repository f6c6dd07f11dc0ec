import type { Db } from '#kernel/db/db.ts'
import type { PauseRow } from './model.ts'

/** Those that hold now, the next to end first. */
export async function openPauses(db: Db, now: Date): Promise<PauseRow[]> {
  return db.query('SELECT * FROM heal_pauses WHERE until > $1 AND ended_at IS NULL ORDER BY until, id', [now])
}
