/** The only SQL on `bakes`. */
import type { Db } from '#kernel/db/db.ts'
import type { BakeRow, BakeState } from './model.ts'

/** False if this release has been watched before. */
export async function insertBake(tx: Db, bake: { app: string; environment: string; release: number; from: number; because: string; startedAt: Date; until: Date }): Promise<boolean> {
  const row = await tx.maybe(
    `INSERT INTO bakes (app, environment, release, from_release, state, because, started_at, until) VALUES ($1, $2, $3, $4, 'baking', $5, $6, $7)
     ON CONFLICT DO NOTHING RETURNING release`,
    [bake.app, bake.environment, bake.release, bake.from, bake.because, bake.startedAt, bake.until],
  )
  return row !== undefined
}

/** Whatever was watched there before. */
export async function endOtherBakes(tx: Db, { app, environment, release }: { app: string; environment: string; release: number }, now: Date): Promise<void> {
  await tx.query(`UPDATE bakes SET state = 'superseded', because = $4, ended_at = $5 WHERE app = $1 AND environment = $2 AND release <> $3 AND ended_at IS NULL`, [app, environment, release, `v${release} serves now`, now])
}

/** The row as it is now; undefined when it had ended already. */
export async function endBake(tx: Db, where: { app: string; environment: string; release: number }, state: BakeState, because: string, now: Date): Promise<BakeRow | undefined> {
  return tx.maybe(`UPDATE bakes SET state = $4, because = $5, ended_at = $6 WHERE app = $1 AND environment = $2 AND release = $3 AND ended_at IS NULL RETURNING *`, [where.app, where.environment, where.release, state, because, now])
}

export async function noteRollback(tx: Db, where: { app: string; environment: string; release: number }, to: number): Promise<void> {
  await tx.query('UPDATE bakes SET rolled_back_to = $4 WHERE app = $1 AND environment = $2 AND release = $3', [where.app, where.environment, where.release, to])
}

/** The newest of an environment. */
export async function newestBake(db: Db, app: string, environment: string): Promise<BakeRow | undefined> {
  return db.maybe('SELECT * FROM bakes WHERE app = $1 AND environment = $2 ORDER BY started_at DESC, release DESC LIMIT 1', [app, environment])
}

/** The newest of each environment. */
export async function newestBakes(db: Db): Promise<BakeRow[]> {
  return db.query('SELECT b.* FROM environments e CROSS JOIN LATERAL (SELECT * FROM bakes WHERE app = e.app AND environment = e.name ORDER BY started_at DESC, release DESC LIMIT 1) b')
}

/** Whether this release was made by a bake, to bring the one before back. */
export async function isRollbackOfBake(db: Db, app: string, environment: string, release: number): Promise<boolean> {
  return (await db.maybe('SELECT 1 FROM bakes WHERE app = $1 AND environment = $2 AND rolled_back_to = $3', [app, environment, release])) !== undefined
}
