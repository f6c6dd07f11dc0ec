import type { Db } from '#kernel/db/db.ts'
import type { ForwardRow } from './model.ts'

export function allForwards(db: Db): Promise<ForwardRow[]> {
  return db.query<ForwardRow>('SELECT * FROM metric_forwards ORDER BY created_at, id')
}

export function readForward(db: Db, id: string): Promise<ForwardRow | undefined> {
  return db.maybe<ForwardRow>('SELECT * FROM metric_forwards WHERE id = $1', [id])
}
