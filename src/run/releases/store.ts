/** The only SQL that writes releases and rollouts. */
import { AppError } from '#base/errors.ts'
import type { Db } from '#kernel/db/db.ts'
import type { RolloutState } from '#run/rollouts/model.ts'
import { rolloutTransitions } from '#run/rollouts/model.ts'
import type { ReleaseRow, RolloutRow } from './model.ts'

/** Locks the environment's row: releases are numbered and rolled out one at a time. */
export async function lockEnvironment(tx: Db, app: string, environment: string): Promise<{ active_release: number | null; stopped: boolean }> {
  const row = await tx.maybe<{ active_release: number | null; stopped: boolean }>('SELECT active_release, stopped FROM environments WHERE app = $1 AND name = $2 FOR UPDATE', [app, environment])
  if (!row) throw new AppError('not-found', `there is no app "${app}" in ${environment} (see: nightshift apps)`)
  return row
}

export async function insertRelease(tx: Db, release: Omit<ReleaseRow, 'number'>): Promise<number> {
  const row = await tx.one<{ number: number }>(
    `INSERT INTO releases (app, environment, number, artifact_id, manifest, manifest_source, config, secrets, description, commit, build_id, by_name, created_at)
     SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM releases WHERE app = $1 AND environment = $2
     RETURNING number`,
    [release.app, release.environment, release.artifact_id, release.manifest, release.manifest_source, release.config, release.secrets,
      release.description, release.commit, release.build_id, release.by_name, release.created_at],
  )
  return row.number
}

export async function insertRollout(tx: Db, rollout: { id: string; app: string; environment: string; release: number; fromRelease: number | null; because: string; now: Date }): Promise<void> {
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

export async function setActiveRelease(tx: Db, app: string, environment: string, release: number): Promise<void> {
  await tx.query('UPDATE environments SET active_release = $3 WHERE app = $1 AND name = $2', [app, environment, release])
}

export async function openRollout(db: Db, app: string, environment: string): Promise<RolloutRow | undefined> {
  return db.maybe(`SELECT * FROM rollouts WHERE app = $1 AND environment = $2 AND state IN ('pending', 'releasing', 'starting')`, [app, environment])
}
