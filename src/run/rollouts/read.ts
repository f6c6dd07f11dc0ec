import type { Rollout } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { RolloutRow } from './model.ts'

export async function latestRollout(db: Db, app: string, environment: string): Promise<RolloutRow | undefined> {
  return db.maybe('SELECT * FROM rollouts WHERE app = $1 AND environment = $2 ORDER BY started_at DESC, id DESC LIMIT 1', [app, environment])
}

/** As the index has it: that of a column `state`. */
export const isOpen = `state IN ('pending', 'releasing', 'starting')`

/** All that are under way. */
export async function openRollouts(db: Db): Promise<RolloutRow[]> {
  return db.query(`SELECT * FROM rollouts WHERE ${isOpen} ORDER BY app, environment`)
}

/** The one that is under way, if any. */
export async function openRollout(db: Db, app: string, environment: string): Promise<RolloutRow | undefined> {
  return db.maybe(`SELECT * FROM rollouts WHERE app = $1 AND environment = $2 AND ${isOpen}`, [app, environment])
}

export async function rolloutOfRelease(db: Db, app: string, environment: string, release: number): Promise<RolloutRow | undefined> {
  return db.maybe('SELECT * FROM rollouts WHERE app = $1 AND environment = $2 AND release = $3 ORDER BY started_at DESC LIMIT 1', [app, environment, release])
}

export type LastSwitch = { app: string; environment: string; active_release: number; from_release: number | null; finished_at: Date | null; rolling_out: boolean }

/** Of every environment with a release that serves, or of one: the rollout that brought it, and whether another is under way. */
export async function lastSwitches(db: Db, of?: { app: string; environment: string }): Promise<LastSwitch[]> {
  return db.query(
    `SELECT e.app, e.name AS environment, e.active_release, r.from_release, r.finished_at,
       EXISTS (SELECT FROM rollouts o WHERE o.app = e.app AND o.environment = e.name AND o.${isOpen}) AS rolling_out
     FROM environments e LEFT JOIN LATERAL (
       SELECT from_release, finished_at FROM rollouts
       WHERE app = e.app AND environment = e.name AND release = e.active_release AND state = 'finished' ORDER BY finished_at DESC LIMIT 1
     ) r ON true
     WHERE e.active_release IS NOT NULL AND NOT e.stopped AND ($1::text IS NULL OR e.app = $1 AND e.name = $2) ORDER BY 1, 2`,
    [of?.app ?? null, of?.environment ?? null],
  )
}

/** When a release began to serve, the last time. */
export async function lastSwitchTo(db: Db, app: string, environment: string, release: number): Promise<Date | undefined> {
  const row = await db.maybe<{ finished_at: Date }>(`SELECT finished_at FROM rollouts WHERE app = $1 AND environment = $2 AND release = $3 AND state = 'finished' ORDER BY finished_at DESC LIMIT 1`, [app, environment, release])
  return row?.finished_at
}

export function rolloutView(row: RolloutRow): Rollout {
  return {
    id: row.id, release: row.release, fromRelease: row.from_release, state: row.state, because: row.because,
    startedAt: row.started_at.toISOString(), finishedAt: row.finished_at?.toISOString() ?? null, steps: row.steps,
  }
}
