import { effectiveManifest } from '#run/manifest/effective.ts'
import { serviceCommand } from '#run/builds/launch.ts'
import type { OnBuilt } from '#run/builds/model.ts'
import { newestConfig, newestSecrets } from '#run/apps/read-config.ts'
import { createRelease } from './commands.ts'

/** The release that a finished build becomes, in the transaction that marks it succeeded. A manifest that cannot run fails the build. */
export const releaseOfBuild: OnBuilt = async (tx, built) => {
  const { app, environment } = built
  const manifest = effectiveManifest(built.manifest, environment)
  for (const name of Object.keys(manifest.services)) serviceCommand(manifest, built.artifact.meta, name)
  const { release } = await createRelease(tx, {
    app, environment,
    artifactId: built.artifactId, manifest: built.manifest, manifestSource: built.manifestSource,
    config: await newestConfig(tx, app, environment), secrets: await newestSecrets(tx, app, environment),
    description: built.commit === null ? 'deploy' : `deploy of ${built.commit.slice(0, 9)}`,
    commit: built.commit, buildId: built.buildId, actor: { kind: 'token', name: built.by }, now: built.now,
  })
  return { release }
}
