/** What an environment's next release would run with, and the plain values of one that runs. */
import type { Db } from '#kernel/db/db.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { isOpen } from '#run/rollouts/read.ts'
import { type EnvironmentRow, secretPlace } from './model.ts'

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

/** Plain values of the secrets a release runs with. Never log, never answer. */
export async function openSecrets(db: Db, box: SecretBox, app: string, environment: string, versions: Record<string, number>): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; version: number; sealed: Buffer | null }>('SELECT name, version, sealed FROM secret_versions WHERE app = $1 AND environment = $2', [app, environment])
  const open: Record<string, string> = {}
  for (const row of rows) if (versions[row.name] === row.version && row.sealed !== null) open[row.name] = box.open(row.sealed, secretPlace(app, environment, row.name))
  return open
}

export type ScaleRow = { app: string; environment: string; service: string; count: number }

export async function readScales(db: Db): Promise<ScaleRow[]> {
  return db.query('SELECT * FROM scales')
}

/** What operators set, by service. */
export async function scalesOf(db: Db, app: string, environment: string): Promise<Record<string, number>> {
  const rows = await db.query<ScaleRow>('SELECT * FROM scales WHERE app = $1 AND environment = $2', [app, environment])
  return Object.fromEntries(rows.map((row) => [row.service, row.count]))
}

/** Every environment with the release that is on its way in, if any. */
export async function readServing(db: Db): Promise<(EnvironmentRow & { rolling: number | null; rolling_steps: { name: string; at: string; detail: string }[] | null })[]> {
  return db.query(
    `SELECT e.*, o.release AS rolling, o.steps AS rolling_steps FROM environments e
     LEFT JOIN rollouts o ON o.app = e.app AND o.environment = e.name AND o.${isOpen} ORDER BY e.app, e.name`,
  )
}

/** What operators set: variables with values, secrets with their times only. */
export async function readConfig(db: Db, app: string, environment: string): Promise<{ config: Record<string, string>; secrets: { name: string; setAt: string }[] }> {
  const versions = await db.query<{ name: string; set: boolean; set_at: Date }>(
    'SELECT DISTINCT ON (name) name, sealed IS NOT NULL AS set, set_at FROM secret_versions WHERE app = $1 AND environment = $2 ORDER BY name, version DESC',
    [app, environment],
  )
  return { config: await newestConfig(db, app, environment), secrets: versions.filter((row) => row.set).map((row) => ({ name: row.name, setAt: row.set_at.toISOString() })) }
}
