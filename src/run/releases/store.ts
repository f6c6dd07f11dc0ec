/** The only SQL that writes releases. */
import type { Db } from '#kernel/db/db.ts'
import type { ReleaseRow } from './model.ts'

export async function insertRelease(tx: Db, release: Omit<ReleaseRow, 'number' | 'before' | 'condemned_because' | 'past'>): Promise<number> {
  const row = await tx.one<{ number: number }>(
    `INSERT INTO releases (app, environment, number, artifact_id, manifest, manifest_source, config, secrets, description, commit, build_id, by_name, created_at)
     SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM releases WHERE app = $1 AND environment = $2
     RETURNING number`,
    [release.app, release.environment, release.artifact_id, release.manifest, release.manifest_source, release.config, release.secrets,
      release.description, release.commit, release.build_id, release.by_name, release.created_at],
  )
  return row.number
}

export async function keepBefore(tx: Db, app: string, environment: string, release: number, before: ReleaseRow['before']): Promise<void> {
  await tx.query('UPDATE releases SET before = $4 WHERE app = $1 AND environment = $2 AND number = $3', [app, environment, release, before])
}

export async function condemn(tx: Db, app: string, environment: string, release: number, because: string): Promise<void> {
  await tx.query('UPDATE releases SET condemned_because = $4 WHERE app = $1 AND environment = $2 AND number = $3', [app, environment, release, because])
}
