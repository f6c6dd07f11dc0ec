/** Commands on environments, their config and secrets inside a caller's transaction. */
import { AppError } from '#base/errors.ts'
import type { Db } from '#kernel/db/db.ts'
import { newestSecrets } from './read-config.ts'

/** Locks the environment's row: releases are numbered and rolled out one at a time. */
export async function lockEnvironment(tx: Db, app: string, environment: string): Promise<{ active_release: number | null; stopped: boolean }> {
  const row = await tx.maybe<{ active_release: number | null; stopped: boolean }>('SELECT active_release, stopped FROM environments WHERE app = $1 AND name = $2 FOR UPDATE', [app, environment])
  if (!row) throw new AppError('not-found', `there is no app "${app}" in ${environment} (see: nightshift apps)`)
  return row
}

export async function setActiveRelease(tx: Db, app: string, environment: string, release: number): Promise<void> {
  await tx.query('UPDATE environments SET active_release = $3 WHERE app = $1 AND name = $2', [app, environment, release])
}

/** null: the manifest's count again. */
export async function setScale(tx: Db, app: string, environment: string, service: string, count: number | null): Promise<void> {
  if (count === null) await tx.query('DELETE FROM scales WHERE app = $1 AND environment = $2 AND service = $3', [app, environment, service])
  else await tx.query('INSERT INTO scales (app, environment, service, count) VALUES ($1, $2, $3, $4) ON CONFLICT (app, environment, service) DO UPDATE SET count = $4', [app, environment, service, count])
}

/** Puts an older release's config and secrets back as the operator's, so that the next deploy keeps them. */
export async function restoreConfig(tx: Db, app: string, environment: string, old: { config: Record<string, string>; secrets: Record<string, number> }, now: Date): Promise<void> {
  await tx.query('DELETE FROM config_vars WHERE app = $1 AND environment = $2', [app, environment])
  for (const [name, value] of Object.entries(old.config))
    await tx.query('INSERT INTO config_vars (app, environment, name, value, set_at) VALUES ($1, $2, $3, $4, $5)', [app, environment, name, value, now])
  await restoreSecrets(tx, app, environment, old.secrets, now)
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
