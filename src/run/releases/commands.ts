/** Making a release inside a caller's transaction: from a build, or from the current one with other config. Its rollout begins at once. */
import type { Manifest } from '#contract/manifest.ts'
import type { Actor } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment, restoreConfig } from '#run/apps/commands.ts'
import { newestConfig, newestSecrets } from '#run/apps/read-config.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { startRollout } from '#run/rollouts/commands.ts'
import { refuseTakenDomains } from '#run/routing/commands.ts'
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

/** A release and its rollout; `conflict` when it names a domain of another app. A rollout under way is given up for it: the newest wish counts. */
export async function createRelease(tx: Db, input: NewRelease): Promise<Queued> {
  const { app, environment, actor, now } = input
  const { active_release } = await lockEnvironment(tx, app, environment)
  const before = active_release === null ? undefined : await read.readRelease(tx, app, environment, active_release)
  await refuseTakenDomains(tx, { app, environment, manifest: effectiveManifest(input.manifest, environment) }, before && effectiveManifest(before.manifest, environment))
  const number = await store.insertRelease(tx, {
    app, environment, artifact_id: input.artifactId, manifest: input.manifest, manifest_source: input.manifestSource, config: input.config,
    secrets: input.secrets, description: input.description, commit: input.commit, build_id: input.buildId, by_name: actor.name, created_at: now,
  })
  const created = await record(tx, { at: now, kind: 'release.created', actor, app, environment, release: number, summary: `${app} v${number} was made: ${input.description}`, data: { artifact: input.artifactId, commit: input.commit, build: input.buildId } })
  const rollout = await startRollout(tx, { app, environment, release: number, from: active_release, because: input.description, actor, cause: created, now })
  return { release: number, rollout }
}

/**
 * A new release with the artifact, manifest, config and secrets of an old one. The operator's config and secrets go back too,
 * so that the next deploy keeps them.
 */
export async function rollbackRelease(tx: Db, input: { app: string; environment: string; to: number; because: string; actor: Actor; now: Date }): Promise<Queued> {
  const { app, environment, actor, now } = input
  const old = await read.readRelease(tx, app, environment, input.to)
  await read.assertHasServed(tx, old)
  await read.assertKept(tx, old)
  const before = { config: await newestConfig(tx, app, environment), secrets: await newestSecrets(tx, app, environment) }
  await restoreConfig(tx, app, environment, old, now)
  const made = await createRelease(tx, {
    app, environment, actor, now, artifactId: old.artifact_id, manifest: old.manifest, manifestSource: old.manifest_source, config: old.config,
    secrets: await newestSecrets(tx, app, environment), description: input.because, commit: old.commit, buildId: old.build_id,
  })
  await store.keepBefore(tx, app, environment, made.release, before)
  return made
}

/** It was seen to be worse than the one before: nothing goes back to it by itself. */
export async function condemnRelease(tx: Db, app: string, environment: string, release: number, because: string): Promise<void> {
  await store.condemn(tx, app, environment, release, because)
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
