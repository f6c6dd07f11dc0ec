import type { Rollout } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { RolloutRow } from './model.ts'

export async function latestRollout(db: Db, app: string, environment: string): Promise<RolloutRow | undefined> {
  return db.maybe('SELECT * FROM rollouts WHERE app = $1 AND environment = $2 ORDER BY started_at DESC, id DESC LIMIT 1', [app, environment])
}

export async function rolloutOfRelease(db: Db, app: string, environment: string, release: number): Promise<RolloutRow | undefined> {
  return db.maybe('SELECT * FROM rollouts WHERE app = $1 AND environment = $2 AND release = $3 ORDER BY started_at DESC LIMIT 1', [app, environment, release])
}

export function rolloutView(row: RolloutRow): Rollout {
  return {
    id: row.id, release: row.release, fromRelease: row.from_release, state: row.state, because: row.because,
    startedAt: row.started_at.toISOString(), finishedAt: row.finished_at?.toISOString() ?? null, steps: row.steps,
  }
}
