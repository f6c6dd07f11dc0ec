/** Questions about releases and rollouts that others may ask. */
import { AppError } from '#base/errors.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Release } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { RolloutRow } from '#run/rollouts/model.ts'
import { isOpen } from '#run/rollouts/read.ts'
import type { ArtifactRow, ReleaseRow } from './model.ts'

export async function readRelease(db: Db, app: string, environment: string, number: number): Promise<ReleaseRow> {
  const row = await db.maybe<ReleaseRow>('SELECT * FROM releases WHERE app = $1 AND environment = $2 AND number = $3', [app, environment, number])
  if (!row) throw new AppError('not-found', `${app} has no release v${number} in ${environment} (see: nightshift releases -a ${app})`)
  return row
}

/** `conflict` when it never served: to go there is no way back. */
export async function assertHasServed(db: Db, release: ReleaseRow): Promise<void> {
  if (release.past === 'served') return
  const { app, environment, number } = release
  const rows = await db.query<{ state: string; because: string }>('SELECT state, because FROM rollouts WHERE app = $1 AND environment = $2 AND release = $3 ORDER BY started_at DESC', [app, environment, number])
  if (rows.some((row) => row.state === 'finished')) return
  throw new AppError('conflict', `v${number} of ${app} has never served${rows[0] ? ` (${rows[0].state}: ${rows[0].because})` : ''}; choose one that has (see: nightshift releases -a ${app})`)
}

/** `conflict` when its file was removed, so that no instance could start from it. */
export async function assertKept(db: Db, release: ReleaseRow): Promise<void> {
  const row = await db.maybe<{ pruned_at: Date }>('SELECT pruned_at FROM artifacts WHERE id = $1 AND pruned_at IS NOT NULL', [release.artifact_id])
  if (row) throw new AppError('conflict', `what v${release.number} of ${release.app} ran was removed on ${row.pruned_at.toISOString().slice(0, 10)} because the disk was full; deploy ${release.commit === null ? 'its source' : `commit ${release.commit.slice(0, 12)}`} again`)
}

export async function readArtifact(db: Db, id: string): Promise<ArtifactRow> {
  return db.one('SELECT id, ref, meta FROM artifacts WHERE id = $1', [id])
}

/** The newest release that is being rolled out or serves: what a change of config builds upon. */
export async function currentRelease(db: Db, app: string, environment: string): Promise<ReleaseRow | undefined> {
  return db.maybe<ReleaseRow>(
    `SELECT r.* FROM releases r JOIN environments e ON e.app = r.app AND e.name = r.environment
     WHERE r.app = $1 AND r.environment = $2
       AND r.number = coalesce(
         (SELECT release FROM rollouts WHERE app = $1 AND environment = $2 AND ${isOpen}),
         e.active_release,
         (SELECT max(number) FROM releases WHERE app = $1 AND environment = $2))`,
    [app, environment],
  )
}

export async function listReleases(db: Db, app: string, environment: string, limit: number): Promise<Release[]> {
  const rows = await db.query<ReleaseRow & { rollout_state: RolloutRow['state'] | null; rollout_because: string | null; active_release: number | null }>(
    `SELECT r.*, e.active_release, o.state AS rollout_state, o.because AS rollout_because
     FROM releases r
     JOIN environments e ON e.app = r.app AND e.name = r.environment
     LEFT JOIN LATERAL (SELECT state, because FROM rollouts WHERE app = r.app AND environment = r.environment AND release = r.number ORDER BY started_at DESC LIMIT 1) o ON true
     WHERE r.app = $1 AND r.environment = $2 ORDER BY r.number DESC LIMIT $3`,
    [app, environment, limit],
  )
  return rows.map((row) => ({
    number: row.number,
    state: releaseState(row, row.active_release, row.rollout_state),
    description: row.description,
    // what its rollout said at its end is over
    because: row.condemned_because !== null && row.number !== row.active_release ? row.condemned_because : (row.rollout_state === 'finished' || (row.rollout_state === null && row.past === 'served')) && row.number !== row.active_release ? 'it served before' : (row.rollout_because ?? ''),
    artifact: row.artifact_id,
    commit: row.commit,
    buildId: row.build_id,
    config: row.config,
    secrets: Object.keys(row.secrets).sort(),
    createdAt: row.created_at.toISOString(),
    by: row.by_name,
    manifest: row.manifest,
  }))
}

function releaseState({ number, past, condemned_because: condemned }: ReleaseRow, active: number | null, rollout: RolloutRow['state'] | null): Release['state'] {
  if (number === active) return 'active'
  if (rollout === 'failed' || rollout === 'cancelled') return 'failed'
  if (condemned !== null && (rollout === 'finished' || (rollout === null && past === 'served'))) return 'condemned'
  if (rollout === 'finished') return 'superseded'
  if (rollout !== null) return 'rolling'
  return past === null ? 'created' : past === 'served' ? 'superseded' : 'failed'
}

/** The newest release before this one that has served, was not condemned, and is not the same again; null: there is none. */
async function goodBefore(db: Db, app: string, environment: string, release: number | null): Promise<number | null> {
  const row = await db.maybe<{ release: number }>(
    `SELECT r.number AS release FROM releases r
     LEFT JOIN releases a ON a.app = r.app AND a.environment = r.environment AND a.number = $3
     WHERE r.app = $1 AND r.environment = $2 AND r.number < $3 AND r.condemned_because IS NULL
       AND (r.past = 'served' OR EXISTS (SELECT FROM rollouts o WHERE o.app = r.app AND o.environment = r.environment AND o.release = r.number AND o.state = 'finished'))
       AND (a.number IS NULL OR (r.artifact_id, r.config, r.secrets, r.manifest) IS DISTINCT FROM (a.artifact_id, a.config, a.secrets, a.manifest))
     ORDER BY r.number DESC LIMIT 1`,
    [app, environment, release ?? 2 ** 31 - 1],
  )
  return row?.release ?? null
}

/** The release to go back to from the active one. Throws `conflict` if there is none. */
export async function previousGood(db: Db, app: string, environment: string, active: number | null): Promise<number> {
  const release = await goodBefore(db, app, environment, active)
  if (release === null) throw new AppError('conflict', `${app} has no earlier release that worked and is another than what serves (see: nightshift releases -a ${app})`)
  return release
}

/**
 * What a release is measured by, and gives way to: `from`, which served before it, unless that was condemned; then the newest one that was not.
 * A fault is no yardstick for the next one. Null: there is none.
 */
export async function yardstickOf(db: Db, app: string, environment: string, release: number, from: number): Promise<number | null> {
  const condemned = await db.maybe('SELECT 1 FROM releases WHERE app = $1 AND environment = $2 AND number = $3 AND condemned_because IS NOT NULL', [app, environment, from])
  return condemned === undefined ? from : goodBefore(db, app, environment, release)
}

/** What the manifests in force say of their logs, of stopped environments too. */
export async function manifestLogs(db: Db): Promise<{ app: string; keep?: string; size?: string }[]> {
  const rows = await db.query<{ app: string; logs: { keep?: string; size?: string } }>(
    `SELECT r.app, r.manifest -> 'logs' AS logs FROM environments e JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = e.active_release
     WHERE r.manifest ? 'logs'`,
  )
  return rows.map(({ app, logs }) => ({ app, ...logs }))
}

/** Every environment that is meant to serve, with the manifest of the release that does. */
export async function servingReleases(db: Db): Promise<{ app: string; environment: string; release: number; manifest: Manifest; rolling_out: boolean }[]> {
  return db.query(
    `SELECT r.app, r.environment, r.number AS release, r.manifest,
       EXISTS (SELECT FROM rollouts o WHERE o.app = r.app AND o.environment = r.environment AND o.finished_at IS NULL) AS rolling_out
     FROM environments e JOIN releases r ON r.app = e.app AND r.environment = e.name AND r.number = e.active_release
     WHERE NOT e.stopped ORDER BY 1, 2`,
  )
}
