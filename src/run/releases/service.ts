/** Making releases: from a build, a change of config, or an older release. Each starts a rollout in the same transaction. */
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import * as read from './read.ts'
import * as store from './store.ts'

export type NewRelease = {
  app: string
  environment: string
  artifactId: string
  manifest: Manifest
  manifestSource: string
  config: Record<string, string>
  secrets: Record<string, number>
  description: string
  commit: string | null
  buildId: string | null
  actor: Actor
  now: Date
}

export type Queued = { release: number; rollout: string }

/** A release and its rollout. A rollout under way is given up for it: the newest wish counts. */
export async function createRelease(tx: Db, input: NewRelease): Promise<Queued> {
  const { app, environment, actor, now } = input
  const { active_release } = await store.lockEnvironment(tx, app, environment)
  const number = await store.insertRelease(tx, {
    app, environment, artifact_id: input.artifactId, manifest: input.manifest, manifest_source: input.manifestSource, config: input.config,
    secrets: input.secrets, description: input.description, commit: input.commit, build_id: input.buildId, by_name: actor.name, created_at: now,
  })
  const created = await record(tx, { at: now, kind: 'release.created', actor, app, environment, release: number, summary: `${app} v${number} was made: ${input.description}`, data: { artifact: input.artifactId, commit: input.commit, build: input.buildId } })
  await cancelOpenRollout(tx, app, environment, actor, `v${number} supersedes it`, now)
  const rollout = newId('rol', now)
  await store.insertRollout(tx, { id: rollout, app, environment, release: number, fromRelease: active_release, because: input.description, now })
  await record(tx, { at: now, kind: 'rollout.started', actor, app, environment, release: number, cause: created ?? null, summary: `the rollout of ${app} v${number} began`, data: { from: active_release, rollout } })
  return { release: number, rollout }
}

/** Gives the rollout under way up, if there is one; the active release serves on. */
export async function cancelOpenRollout(tx: Db, app: string, environment: string, actor: Actor, because: string, now: Date): Promise<boolean> {
  const open = await store.openRollout(tx, app, environment)
  if (!open) return false
  await store.advanceRollout(tx, open.id, open.state, 'cancelled', { name: 'cancelled', detail: because }, now)
  await record(tx, { at: now, kind: 'rollout.failed', actor, app, environment, release: open.release, summary: `the rollout of ${app} v${open.release} was cancelled: ${because}`, data: { rollout: open.id, cancelled: true } })
  return true
}

/** Versions of the secrets that a new release runs with. */
export async function newestSecrets(db: Db, app: string, environment: string): Promise<Record<string, number>> {
  const rows = await db.query<{ name: string; version: number }>(
    `SELECT name, version FROM (SELECT DISTINCT ON (name) name, version, sealed FROM secret_versions WHERE app = $1 AND environment = $2 ORDER BY name, version DESC) newest WHERE sealed IS NOT NULL`,
    [app, environment],
  )
  return Object.fromEntries(rows.map((row) => [row.name, row.version]))
}

export async function newestConfig(db: Db, app: string, environment: string): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; value: string }>('SELECT name, value FROM config_vars WHERE app = $1 AND environment = $2 ORDER BY name', [app, environment])
  return Object.fromEntries(rows.map((row) => [row.name, row.value]))
}

/** The current release with today's config and secrets; undefined when there is none yet. */
export async function releaseWithNewConfig(tx: Db, input: { app: string; environment: string; description: string; actor: Actor; now: Date }): Promise<Queued | undefined> {
  const current = await read.currentRelease(tx, input.app, input.environment)
  if (!current) return undefined
  return createRelease(tx, {
    ...input,
    artifactId: current.artifact_id, manifest: current.manifest, manifestSource: current.manifest_source,
    config: await newestConfig(tx, input.app, input.environment), secrets: await newestSecrets(tx, input.app, input.environment),
    commit: current.commit, buildId: current.build_id,
  })
}

/**
 * A new release with the artifact, manifest, config and secrets of an old one; without `to`, the one that was active
 * before. The operator's config and secrets go back too, so that the next deploy keeps them.
 */
export async function rollback(db: Database, input: { app: string; environment: string; to: number | undefined; actor: Actor; now: Date }): Promise<Queued> {
  const { app, environment, actor, now } = input
  return db.transaction(async (tx) => {
    const { active_release } = await store.lockEnvironment(tx, app, environment)
    const number = input.to ?? (await previousGood(tx, app, environment, active_release))
    const old = await read.readRelease(tx, app, environment, number)
    await tx.query('DELETE FROM config_vars WHERE app = $1 AND environment = $2', [app, environment])
    for (const [name, value] of Object.entries(old.config))
      await tx.query('INSERT INTO config_vars (app, environment, name, value, set_at) VALUES ($1, $2, $3, $4, $5)', [app, environment, name, value, now])
    await restoreSecrets(tx, app, environment, old.secrets, now)
    return createRelease(tx, {
      app, environment, actor, now, artifactId: old.artifact_id, manifest: old.manifest, manifestSource: old.manifest_source, config: old.config,
      secrets: await newestSecrets(tx, app, environment), description: `rollback to v${number}`, commit: old.commit, buildId: old.build_id,
    })
  })
}

async function previousGood(tx: Db, app: string, environment: string, active: number | null): Promise<number> {
  const row = await tx.maybe<{ release: number }>(
    `SELECT release FROM rollouts WHERE app = $1 AND environment = $2 AND state = 'finished' AND release < $3 ORDER BY release DESC LIMIT 1`,
    [app, environment, active ?? 2 ** 31 - 1],
  )
  if (!row) throw new AppError('conflict', `${app} has no earlier release that worked to roll back to (see: nightshift releases -a ${app})`)
  return row.release
}

/** Secrets that differ from the old release get a new version with the old one's sealed bytes. */
async function restoreSecrets(tx: Db, app: string, environment: string, old: Record<string, number>, now: Date): Promise<void> {
  const today = await newestSecrets(tx, app, environment)
  for (const name of new Set([...Object.keys(today), ...Object.keys(old)])) {
    if (today[name] === old[name]) continue
    await tx.query(
      `INSERT INTO secret_versions (app, environment, name, version, sealed, set_at)
       SELECT $1, $2, $3, (SELECT max(version) + 1 FROM secret_versions WHERE app = $1 AND environment = $2 AND name = $3),
              (SELECT sealed FROM secret_versions WHERE app = $1 AND environment = $2 AND name = $3 AND version = $4), $5`,
      [app, environment, name, old[name] ?? -1, now],
    )
  }
}
