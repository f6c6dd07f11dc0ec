/** The only SQL for `builds` and `artifacts` (questions of others: read.ts). */
import { storable } from '#base/storable.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Build } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Artifact, BuildTarget } from './model.ts'

/** `builds.source`. */
export type BuildSource = {
  kind: 'directory' | 'git' | 'image'
  commit: string | null
  branch: string | null
  image: string | null
  /** Of a ready image. */
  port?: number
  command?: string[]
  /** How often it was started; a worker that vanished is started once more. */
  attempts: number
}

export type BuildRow = {
  id: string
  app: string
  environment: string
  state: Build['state']
  source: BuildSource
  clean: boolean
  cancel_requested: boolean
  builder: string | null
  because: string
  artifact_id: string | null
  release: number | null
  by_name: string
  queued_at: Date
  started_at: Date | null
  finished_at: Date | null
}

const columns = 'b.id, b.app, b.environment, b.state, b.source, b.clean, b.cancel_requested, b.builder, b.because, b.artifact_id, b.release, b.by_name, b.queued_at, b.started_at, b.finished_at'

export async function insertBuild(tx: Db, row: { id: string; target: BuildTarget; source: BuildSource; digest: string | null; clean: boolean; by: string; now: Date }): Promise<void> {
  await tx.query(
    `INSERT INTO builds (id, app, environment, state, source, source_digest, clean, because, by_name, queued_at)
     VALUES ($1, $2, $3, 'queued', $4, $5, $6, 'waiting for its turn', $7, $8)`,
    [row.id, row.target.app, row.target.environment, row.source, row.digest, row.clean, row.by, row.now],
  )
}

/** Queued and running ones, oldest first. */
export async function openBuildRows(db: Db): Promise<BuildRow[]> {
  return db.query<BuildRow>(`SELECT ${columns} FROM builds b WHERE b.state IN ('queued', 'running') ORDER BY b.queued_at, b.id`)
}

/** Locked until the transaction ends. */
export async function lockBuild(tx: Db, id: string): Promise<BuildRow | undefined> {
  return tx.maybe<BuildRow>(`SELECT ${columns} FROM builds b WHERE b.id = $1 FOR UPDATE`, [id])
}

export async function markRunning(tx: Db, id: string, source: BuildSource, now: Date): Promise<void> {
  await tx.query(`UPDATE builds SET state = 'running', source = $2, started_at = $3, because = 'a worker builds it' WHERE id = $1`, [id, source, now])
}

export async function markFinal(tx: Db, id: string, state: 'failed' | 'cancelled', because: string, now: Date): Promise<void> {
  await tx.query('UPDATE builds SET state = $2, because = $3, finished_at = $4 WHERE id = $1', [id, state, storable(because.slice(0, 4000)), now])
}

export async function markSucceeded(tx: Db, id: string, built: { builder: string; because: string; artifactId: string; manifest: Manifest; manifestSource: string; release: number; now: Date }): Promise<void> {
  await tx.query(
    `UPDATE builds SET state = 'succeeded', builder = $2, because = $3, artifact_id = $4, manifest = $5, manifest_source = $6, release = $7, finished_at = $8 WHERE id = $1`,
    [id, built.builder, storable(built.because), built.artifactId, built.manifest, built.manifestSource, built.release, built.now],
  )
}

export async function requestCancel(tx: Db, id: string): Promise<void> {
  await tx.query('UPDATE builds SET cancel_requested = true WHERE id = $1', [id])
}

/** Stored once by content. What the builder learned is renewed, so that a better builder is heard on the next build of the same source. */
export async function insertArtifact(tx: Db, artifact: Artifact, now: Date): Promise<void> {
  await tx.query('INSERT INTO artifacts (id, ref, size_bytes, meta, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET meta = excluded.meta, pruned_at = NULL', [
    artifact.id, artifact.ref, artifact.sizeBytes, artifact.meta, now,
  ])
}

/** Slugs that neither a build under way nor one of the newest `kept` releases of an environment, nor what serves or came before it, needs. */
export async function expendableSlugs(db: Db, kept: number): Promise<{ id: string; digest: string }[]> {
  return db.query(
    `SELECT a.id, a.ref ->> 'digest' AS digest FROM artifacts a
     WHERE a.ref ->> 'kind' = 'slug' AND a.pruned_at IS NULL AND NOT EXISTS (
       SELECT FROM (SELECT r.*, row_number() OVER (PARTITION BY app, environment ORDER BY number DESC) AS nth FROM releases r) r
       JOIN environments e ON e.app = r.app AND e.name = r.environment
       WHERE r.artifact_id = a.id AND (r.nth <= $1 OR r.number = e.active_release
         OR EXISTS (SELECT FROM rollouts o WHERE o.app = r.app AND o.environment = r.environment AND (o.finished_at IS NULL OR o.release = e.active_release) AND r.number IN (o.release, o.from_release))))
       AND NOT EXISTS (SELECT FROM builds b WHERE b.state IN ('queued', 'running'))`,
    [kept],
  )
}

export async function markPruned(tx: Db, id: string, now: Date): Promise<void> {
  await tx.query('UPDATE artifacts SET pruned_at = $2 WHERE id = $1', [id, now])
}

/** Ended before a time, not among the newest `kept` of their environment, and of no release that serves; oldest first. */
export async function oldBuilds(db: Db, before: Date, kept: number, limit: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT b.id FROM (SELECT *, row_number() OVER (PARTITION BY app, environment ORDER BY queued_at DESC) AS nth FROM builds) b
     WHERE b.finished_at < $1 AND b.nth > $2
       AND NOT EXISTS (SELECT FROM environments e JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = e.active_release WHERE r.build_id = b.id)
     ORDER BY b.finished_at LIMIT $3`,
    [before, kept, limit],
  )
  return rows.map(({ id }) => id)
}

export async function deleteBuild(db: Db, id: string): Promise<void> {
  await db.query('DELETE FROM builds WHERE id = $1', [id])
}

/** Where a build belongs, and whether it is over. */
export type BuildPlace = { id: string; app: string; environment: string; final: boolean }

export async function buildsByIds(db: Db, ids: readonly string[]): Promise<BuildPlace[]> {
  if (ids.length === 0) return []
  return db.query<BuildPlace>(`SELECT id, app, environment, state NOT IN ('queued', 'running') AS final FROM builds WHERE id = ANY($1)`, [ids])
}
