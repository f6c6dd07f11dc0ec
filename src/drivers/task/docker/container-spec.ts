/** From a task spec to what the engine is asked to make, with the working copy and volumes prepared on this machine. */
import { mkdir, realpath, stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type Docker from 'dockerode'
import { volumeVariable } from '#contract/names.ts'
import { userOf } from '../app-users.ts'
import type { AppUser } from '../app-users.ts'
import { TaskError } from '../port.ts'
import type { TaskSpec } from '../port.ts'
import { appFolder, checkEnvironment, checkRoot, checkSignal } from '../task-rules.ts'
import { giveTrees, removeTree } from '../trees.ts'
import { copySlug, makeParents, prepareVolume, volumePaths } from '../working-copy.ts'
import type { DockerSettings } from './config.ts'
import { argvBecoming } from './shell-line.ts'

export const taskLabel = 'nightshift.task'
export const ownerLabel = 'nightshift.owner'
export const labelsLabel = 'nightshift.labels'

/** Where things are inside a container with a slug. */
const inside = { slug: '/nightshift/slug', home: '/nightshift/home', bin: '/nightshift/bin' } as const
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const takenFolders = ['/proc', '/sys', '/dev', '/nightshift', '/bin', '/sbin', '/lib', '/lib64', '/usr', '/etc']
const logFiles = 2

export type ContainerPlan = { image: string; options: Docker.ContainerCreateOptions }

/** Everything that can be refused is refused here, before the engine is asked. Throws TaskError. */
export function checkSpec(spec: TaskSpec): { root: string; targets: Map<string, string> } {
  const refuse = (why: string) => new TaskError('start', spec.id, why, { retryable: false })
  const root = checkRoot(spec)
  checkEnvironment(spec)
  checkSignal('start', spec.id, spec.stopSignal)
  if (spec.artifact.kind === 'slug') {
    if (spec.slugPath === null) throw refuse('its slug is not unpacked on this machine')
    if (spec.command.kind === 'image-default') throw refuse('a slug has no default command (set one in the manifest or a Procfile)')
  }
  if (spec.command.kind === 'argv' && (spec.command.argv.length === 0 || spec.command.argv.some((word) => word.includes('\0')))) {
    throw refuse('its command is empty or holds a NUL byte')
  }
  const targets = new Map<string, string>()
  for (const volume of spec.volumes) {
    const no = (why: string) => refuse(`volume ${volume.name} cannot be at ${JSON.stringify(volume.target)}: ${why}`)
    const target = posix.normalize(volume.target).replace(/\/+$/, '')
    if (!target.startsWith('/') || target.includes('\0')) throw no(`it is not a folder's full path (write ${appFolder}/data)`)
    if (spec.artifact.kind === 'slug' && target === appFolder) throw no(`it would hide the app itself (choose a folder inside, such as ${appFolder}/data)`)
    const taken = takenFolders.find((folder) => target === folder || target.startsWith(`${folder}/`))
    if (taken) throw no(`${taken} belongs to the system (choose ${appFolder}/data, /data, /var/lib/… or the like)`)
    for (const [other, name] of targets) {
      if (target === other || target.startsWith(`${other}/`) || other.startsWith(`${target}/`)) throw no(`volume ${name} already lies there`)
    }
    targets.set(target, volume.name)
  }
  return { root, targets }
}

/** Makes the task's folders. Idempotent: what an unfinished start left is removed first. */
export async function planContainer(spec: TaskSpec, network: string, owner: string, settings: DockerSettings, signal?: AbortSignal): Promise<ContainerPlan> {
  const { root } = checkSpec(spec)
  const isSlug = spec.artifact.kind === 'slug'
  const user = isSlug && process.getuid?.() === 0 ? userOf(spec.labels['app'] ?? spec.id, settings.dir, settings.users) : null
  const mounts: Docker.MountSettings[] = []
  if (isSlug) mounts.push(...(await slugMounts(spec, root, user, settings, signal)))
  for (const volume of spec.volumes) {
    await prepareVolume(volume.hostPath, user)
    mounts.push({ Type: 'bind', Source: volume.hostPath, Target: posix.normalize(volume.target) })
  }
  const env: Record<string, string> = {
    ...(isSlug ? { HOME: inside.home, LANG: 'C.UTF-8', SHELL: '/bin/sh' } : {}),
    ...spec.env,
    ...Object.fromEntries(spec.volumes.map((volume) => [volumeVariable(volume.name), posix.normalize(volume.target)])),
    ...(isSlug ? { PATH: slugPathVariable(spec, settings) } : {}),
  }
  return {
    image: spec.artifact.kind === 'image' ? spec.artifact.image : settings.baseImage,
    options: {
      Labels: { [taskLabel]: spec.id, [ownerLabel]: owner, [labelsLabel]: JSON.stringify({ labels: spec.labels, port: spec.port }) },
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      StopSignal: spec.stopSignal,
      ...commandOf(spec),
      ...(isSlug ? { WorkingDir: posix.join(appFolder, root), User: `${user?.uid ?? process.getuid?.()}:${user?.gid ?? process.getgid?.()}` } : {}),
      HostConfig: {
        Init: true,
        NetworkMode: network,
        RestartPolicy: { Name: 'no' },
        Mounts: mounts,
        PidsLimit: settings.pidsMax,
        SecurityOpt: ['no-new-privileges'],
        // An image may need some of the engine's default capabilities to get going (chown, setuid); a slug needs none.
        ...(isSlug ? { CapDrop: ['ALL'] } : { CapDrop: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'] }),
        LogConfig: { Type: 'json-file', Config: { 'max-size': String(Math.ceil(settings.logBytes / logFiles)), 'max-file': String(logFiles) } },
        ...(spec.resources.memoryBytes === null ? {} : { Memory: spec.resources.memoryBytes, MemorySwap: spec.resources.memoryBytes }),
        ...(spec.resources.cpu === null ? {} : { NanoCpus: Math.max(10_000_000, Math.round(spec.resources.cpu * 1e9)) }),
      },
    },
  }
}

async function slugMounts(spec: TaskSpec, root: string, user: AppUser | null, settings: DockerSettings, signal?: AbortSignal): Promise<Docker.MountSettings[]> {
  const dir = join(settings.dir, spec.id)
  const slug = spec.slugPath as string
  const app = join(dir, 'app')
  const home = join(dir, 'home')
  await removeTree(dir)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const inApp = volumePaths(spec.id, spec.volumes.filter((volume) => posix.normalize(volume.target).startsWith(`${appFolder}/`)), '')
  await copySlug({ from: slug, to: app, seenAs: inside.slug, without: new Set(inApp.keys()), shareDependencies: true }, signal)
  for (const path of inApp.keys()) {
    await makeParents(spec.id, app, path)
    await mkdir(join(app, path)) // else the engine makes it as root
  }
  await checkWorkingFolder(spec, app, root)
  if (user) await giveTrees([home, app], user)
  const mounts: Docker.MountSettings[] = [
    { Type: 'bind', Source: app, Target: appFolder },
    { Type: 'bind', Source: slug, Target: inside.slug, ReadOnly: true },
    { Type: 'bind', Source: home, Target: inside.home },
  ]
  if (settings.nodeBin) mounts.push({ Type: 'bind', Source: settings.nodeBin, Target: inside.bin, ReadOnly: true })
  return mounts
}

async function checkWorkingFolder(spec: TaskSpec, app: string, root: string): Promise<void> {
  const real = await realpath(join(app, root)).catch(() => null)
  const top = await realpath(app)
  if (real !== null && (real === top || real.startsWith(`${top}/`)) && (await stat(real)).isDirectory()) return
  throw new TaskError('start', spec.id, `the artifact has no folder ${JSON.stringify(spec.root)} (fix "root" in the manifest)`, { retryable: false })
}

function slugPathVariable(spec: TaskSpec, settings: DockerSettings): string {
  const folders = [spec.env['PATH'], `${appFolder}/.venv/bin`, `${appFolder}/node_modules/.bin`, settings.nodeBin ? inside.bin : undefined, systemPath]
  return folders.filter((folder) => folder !== undefined && folder !== '').join(':')
}

function commandOf(spec: TaskSpec): { Cmd?: string[] } {
  const { command } = spec
  if (command.kind === 'image-default') return {}
  return { Cmd: argvBecoming(command.kind === 'shell' ? ['/bin/sh', '-c', command.line] : command.argv) }
}
