import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { lockEnvironment, restoreConfig } from '#run/apps/commands.ts'
import { newestSecrets } from '#run/apps/read-config.ts'
import { type Queued, createRelease } from './commands.ts'
import * as read from './read.ts'

/**
 * A new release with the artifact, manifest, config and secrets of an old one; without `to`, the one that was active
 * before. The operator's config and secrets go back too, so that the next deploy keeps them.
 */
export async function rollback(db: Database, input: { app: string; environment: string; to: number | undefined; actor: Actor; now: Date }): Promise<Queued> {
  const { app, environment, actor, now } = input
  return db.transaction(async (tx) => {
    const { active_release } = await lockEnvironment(tx, app, environment)
    const number = input.to ?? (await read.previousGood(tx, app, environment, active_release))
    const old = await read.readRelease(tx, app, environment, number)
    await restoreConfig(tx, app, environment, old, now)
    return createRelease(tx, {
      app, environment, actor, now, artifactId: old.artifact_id, manifest: old.manifest, manifestSource: old.manifest_source, config: old.config,
      secrets: await newestSecrets(tx, app, environment), description: `rollback to v${number}`, commit: old.commit, buildId: old.build_id,
    })
  })
}
