import type { Db } from '#kernel/db/db.ts'
import type { DrainRow } from './model.ts'

export function allDrains(db: Db): Promise<DrainRow[]> {
  return db.query<DrainRow>('SELECT * FROM drains ORDER BY created_at, id')
}

export function readDrain(db: Db, id: string): Promise<DrainRow | undefined> {
  return db.maybe<DrainRow>('SELECT * FROM drains WHERE id = $1', [id])
}

/** Those that send lines of this app: its own and those of every app. */
export async function drainsOf(db: Db, app: string | undefined): Promise<DrainRow[]> {
  return app === undefined ? allDrains(db) : db.query<DrainRow>('SELECT * FROM drains WHERE app = $1 OR app IS NULL ORDER BY created_at, id', [app])
}
