/** The only SQL that writes apps, environments, config and secrets. */
import { environmentSlug } from '#contract/names.ts'
import type { Db } from '#kernel/db/db.ts'

export async function insertApp(tx: Db, app: string, environment: string, now: Date): Promise<{ app: boolean; environment: boolean }> {
  const made = await tx.query('INSERT INTO apps (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name', [app, now])
  const madeEnvironment = await tx.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING name', [app, environment, now])
  return { app: made.length > 0, environment: madeEnvironment.length > 0 }
}

/** Another environment whose hosts would be the same (environmentSlug). Whoever makes environments does it alone until the transaction ends. */
export async function rivalOf(tx: Db, app: string, environment: string): Promise<{ app: string; name: string } | undefined> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('nightshift.environments'))`)
  return tx.maybe(
    `SELECT app, name FROM environments WHERE (app, name) <> ($1, $2) AND CASE name WHEN 'production' THEN app ELSE app || '-' || name END = $3 LIMIT 1`,
    [app, environment, environmentSlug(app, environment)],
  )
}

export async function setStopped(tx: Db, app: string, environment: string, stopped: boolean): Promise<boolean> {
  return (await tx.query('UPDATE environments SET stopped = $3 WHERE app = $1 AND name = $2 AND stopped <> $3 RETURNING name', [app, environment, stopped])).length > 0
}

export async function setSettings(tx: Db, app: string, environment: string, settings: { allowForcePush?: boolean | undefined; deployBranch?: string | undefined; tags?: string[] | undefined }): Promise<void> {
  await tx.query('UPDATE environments SET allow_force_push = coalesce($3, allow_force_push), deploy_branch = coalesce($4, deploy_branch), tags = coalesce($5, tags) WHERE app = $1 AND name = $2', [
    app, environment, settings.allowForcePush ?? null, settings.deployBranch ?? null, settings.tags === undefined ? null : [...new Set(settings.tags)].sort(),
  ])
}

export async function setConfig(tx: Db, app: string, environment: string, name: string, value: string | null, now: Date): Promise<boolean> {
  const rows =
    value === null
      ? await tx.query('DELETE FROM config_vars WHERE app = $1 AND environment = $2 AND name = $3 RETURNING name', [app, environment, name])
      : await tx.query(
          `INSERT INTO config_vars (app, environment, name, value, set_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (app, environment, name) DO UPDATE SET value = $4, set_at = $5 WHERE config_vars.value <> $4 RETURNING name`,
          [app, environment, name, value, now],
        )
  return rows.length > 0
}

/** Adds a version; null unsets. */
export async function addSecretVersion(tx: Db, app: string, environment: string, name: string, sealed: Buffer | null, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO secret_versions (app, environment, name, version, sealed, set_at)
     SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5 FROM secret_versions WHERE app = $1 AND environment = $2 AND name = $3`,
    [app, environment, name, sealed, now],
  )
}

export async function deleteApp(tx: Db, app: string): Promise<void> {
  await tx.query('DELETE FROM apps WHERE name = $1', [app])
}

/** False if there is no such app. */
export async function lockApp(tx: Db, app: string): Promise<boolean> {
  return (await tx.maybe('SELECT name FROM apps WHERE name = $1 FOR UPDATE', [app])) !== undefined
}
