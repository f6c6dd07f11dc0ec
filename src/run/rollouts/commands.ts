/** Commands on rollouts inside a caller's transaction, and the only SQL that writes them. */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { Actor } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { restoreAfterFailedRollback } from '#run/releases/failed-rollback.ts'
import { type RolloutState, rolloutTransitions } from './model.ts'
import { openRollout } from './read.ts'

async function insertRollout(tx: Db, rollout: { id: string; app: string; environment: string; release: number; fromRelease: number | null; because: string; now: Date }): Promise<void> {
  await tx.query(
    `INSERT INTO rollouts (id, app, environment, release, from_release, state, because, started_at) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7)`,
    [rollout.id, rollout.app, rollout.environment, rollout.release, rollout.fromRelease, rollout.because, rollout.now],
  )
}

/** Moves a rollout on, adding a step; `stale` when it is no longer where the caller saw it. */
export async function advanceRollout(tx: Db, id: string, from: RolloutState, to: RolloutState, step: { name: string; detail: string }, now: Date): Promise<void> {
  if (!rolloutTransitions[from].includes(to)) throw new AppError('internal', `a rollout cannot go from ${from} to ${to}`)
  const ended = rolloutTransitions[to].length === 0
  const rows = await tx.query(
    `UPDATE rollouts SET state = $3, because = $4, steps = steps || $5::jsonb, finished_at = $6 WHERE id = $1 AND state = $2 RETURNING id`,
    [id, from, to, step.detail, JSON.stringify([{ name: step.name, at: now.toISOString(), detail: step.detail }]), ended ? now : null],
  )
  if (rows.length === 0) throw new AppError('stale', `rollout ${id} is no longer ${from}`)
}

export async function addRolloutStep(tx: Db, id: string, step: { name: string; detail: string }, now: Date): Promise<void> {
  await tx.query(
    `UPDATE rollouts SET steps = steps || $2::jsonb WHERE id = $1 AND NOT steps @> $3::jsonb`,
    [id, JSON.stringify([{ name: step.name, at: now.toISOString(), detail: step.detail }]), JSON.stringify([{ name: step.name }])],
  )
}

/** Gives the rollout under way up, if there is one; the active release serves on. */
export async function cancelOpenRollout(tx: Db, app: string, environment: string, actor: Actor, because: string, now: Date): Promise<boolean> {
  const open = await openRollout(tx, app, environment)
  if (open === undefined) return false
  await advanceRollout(tx, open.id, open.state, 'cancelled', { name: 'cancelled', detail: because }, now)
  await restoreAfterFailedRollback(tx, { app, environment, release: open.release, now })
  await record(tx, { at: now, kind: 'rollout.failed', actor, app, environment, release: open.release, summary: `the rollout of ${app} v${open.release} was cancelled: ${because}`, data: { rollout: open.id, cancelled: true } })
  return true
}

/** Begins the rollout of a release in place of the one under way, if any: the newest wish counts. */
export async function startRollout(tx: Db, input: { app: string; environment: string; release: number; from: number | null; because: string; actor: Actor; cause: number | undefined; now: Date }): Promise<string> {
  const { app, environment, release, from, actor, now } = input
  await cancelOpenRollout(tx, app, environment, actor, `v${release} supersedes it`, now)
  const id = newId('rol', now)
  await insertRollout(tx, { id, app, environment, release, fromRelease: from, because: input.because, now })
  await record(tx, { at: now, kind: 'rollout.started', actor, app, environment, release, cause: input.cause ?? null, summary: `the rollout of ${app} v${release} began`, data: { from, rollout: id } })
  return id
}

/** So many of the newest rollouts of an environment are kept, however old. */
const keptRollouts = 50

/** Forgets rollouts that ended before a time, beyond the newest and never that of what serves; their releases remember how they ended. How many. */
export async function forgetRollouts(db: Db, before: Date): Promise<number> {
  const row = await db.one<{ n: number }>(
    `WITH gone AS (
       DELETE FROM rollouts r USING (
         SELECT o.id FROM (SELECT *, row_number() OVER (PARTITION BY app, environment ORDER BY started_at DESC, id DESC) AS nth FROM rollouts) o
         JOIN environments e ON e.app = o.app AND e.name = o.environment
         WHERE o.finished_at < $1 AND o.nth > $2 AND o.release IS DISTINCT FROM e.active_release) old
       WHERE r.id = old.id RETURNING r.app, r.environment, r.release, r.state),
     remembered AS (
       UPDATE releases r SET past = CASE WHEN g.served OR r.past = 'served' THEN 'served' ELSE 'failed' END
       FROM (SELECT app, environment, release, bool_or(state = 'finished') AS served FROM gone GROUP BY 1, 2, 3) g
       WHERE r.app = g.app AND r.environment = g.environment AND r.number = g.release)
     SELECT count(*)::int AS n FROM gone`,
    [before, keptRollouts],
  )
  return row.n
}
