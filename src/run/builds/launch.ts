/**
 * From a release to the command of an instance: whose word counts, and how a slug's launcher is put before it.
 * Pure; used by whoever makes instances (services, the release command, one-offs).
 */
import { AppError } from '#base/errors.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { CommandSpec } from '#contract/wire.ts'
import type { ArtifactMeta } from './model.ts'

export const launcherPath = '.nightshift/launch'

/** The start command of a service: its manifest's, else what the build found, else the image's own. Throws `invalid`. */
export function serviceCommand(manifest: Manifest, meta: ArtifactMeta, service: string): CommandSpec {
  const spec = manifest.services[service]
  if (spec === undefined) throw new AppError('not-found', `the manifest has no service ${service} (it has ${Object.keys(manifest.services).join(', ')})`)
  const own = spec.command ?? meta.processes[service]
  const isImage = spec.image !== undefined || meta.builder === 'image' || meta.builder === 'dockerfile'
  if (own === undefined) {
    if (isImage) return { kind: 'image-default' }
    throw new AppError('invalid', `service ${service} has no start command (set services.${service}.command, or add a line "${service}: …" to a Procfile)`)
  }
  const command: CommandSpec = typeof own === 'string' ? { kind: 'shell', line: own } : { kind: 'argv', argv: own }
  return spec.image === undefined ? launched(meta, spec.root, command) : command
}

/** Any command in the surroundings of the app: what `run`, `exec` and the release command use. `root` as in the service. */
export function launched(meta: ArtifactMeta, root: string, command: CommandSpec): CommandSpec {
  if (!meta.launcher || command.kind === 'image-default') return command
  const up = root.split('/').filter((part) => part !== '' && part !== '.').map(() => '..')
  const launcher = [...up, launcherPath].join('/')
  const argv = command.kind === 'argv' ? command.argv : ['/bin/sh', '-c', command.line]
  return { kind: 'argv', argv: ['/bin/sh', launcher, ...argv] }
}
