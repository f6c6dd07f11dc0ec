import type { Db } from '#kernel/db/db.ts'
import type { InstanceRow } from './model.ts'

/** Instances that are meant to run or are on their way out. */
export async function liveInstances(db: Db, filter: { app?: string; environment?: string; machine?: string } = {}): Promise<InstanceRow[]> {
  return db.query(
    `SELECT * FROM instances WHERE wanted <> 'gone' AND ($1::text IS NULL OR app = $1) AND ($2::text IS NULL OR environment = $2) AND ($3::text IS NULL OR machine = $3)
     ORDER BY app, environment, service, ordinal, created_at`,
    [filter.app ?? null, filter.environment ?? null, filter.machine ?? null],
  )
}

export async function findInstance(db: Db, app: string, environment: string, service: string, ordinal: number): Promise<InstanceRow | undefined> {
  return db.maybe(
    `SELECT * FROM instances WHERE app = $1 AND environment = $2 AND service = $3 AND ordinal = $4 AND wanted = 'run' AND kind = 'service' ORDER BY created_at DESC LIMIT 1`,
    [app, environment, service, ordinal],
  )
}
