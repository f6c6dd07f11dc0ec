import { isDeepStrictEqual } from 'node:util'
import type { Db } from '#kernel/db/db.ts'
import { restoreConfig } from '#run/apps/commands.ts'
import { newestConfig, newestSecrets } from '#run/apps/read-config.ts'
import { readRelease } from './read.ts'

/** A rollback that did not come about leaves the operator's config and secrets as they were before it, unless they were changed since. */
export async function restoreAfterFailedRollback(tx: Db, { app, environment, release, now }: { app: string; environment: string; release: number; now: Date }): Promise<void> {
  const row = await readRelease(tx, app, environment, release)
  if (row.before === null) return
  const today = { config: await newestConfig(tx, app, environment), secrets: await newestSecrets(tx, app, environment) }
  if (isDeepStrictEqual(today, { config: row.config, secrets: row.secrets })) await restoreConfig(tx, app, environment, row.before, now)
}
