/** From a task spec to a running keeper: the task's folders, its copy of the slug, its volumes, its groups. */
import { randomBytes } from 'node:crypto'
import { lchown, mkdir, realpath, stat, symlink, writeFile } from 'node:fs/promises'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { userOf } from '../app-users.ts'
import { TaskError } from '../port.ts'
import type { TaskSpec } from '../port.ts'
import { appFolder, checkEnvironment, checkRoot, checkSignal } from '../task-rules.ts'
import { giveTrees, removeTree } from '../trees.ts'
import { copySlug, makeParents, prepareVolume, volumePaths } from '../working-copy.ts'
import type { Cgroups } from './cgroup.ts'
import type { ProcessSettings } from './config.ts'
import { taskEnvironment } from './environment.ts'
import { startKeeper } from './keeper.ts'
import { bootId, readStat, sendSignal } from './proc.ts'
import type { Lender } from './reach.ts'
import { paths, unwrittenStatus, writeRecord } from './record.ts'
import type { ProcessFile, TaskFile } from './record.ts'

const noNewRights = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
export const setprivPath = noNewRights ?? null

const volumesElsewhere = `plain processes share the machine's folders, so volumes lie inside the app (choose a target under ${appFolder}/, read the folder from the variable NIGHTSHIFT_VOLUME_<NAME>, or run it with the docker driver)`

export type Launched = { task: TaskFile; process: ProcessFile; child: ChildProcess }

export type LaunchContext = { settings: ProcessSettings; cgroups: Cgroups | null; lender: Lender; now: () => Date }

/** Leaves nothing behind when it throws. */
export async function launch(spec: TaskSpec, dir: string, context: LaunchContext, signal?: AbortSignal): Promise<Launched> {
  const argv = commandOf(spec)
  const root = checkRoot(spec)
  checkEnvironment(spec)
  checkSignal('start', spec.id, spec.stopSignal)
  const volumes = volumePaths(spec.id, spec.volumes, volumesElsewhere)
  try {
    await removeTree(dir)
    const { task, exitStatus } = await layOut(spec, { dir, root, volumes }, context, signal)
    signal?.throwIfAborted()
    return await run(spec, dir, exitStatus, argv, task, context)
  } catch (error) {
    await removeTree(dir)
    await context.lender.release(spec.id)
    if (error instanceof TaskError || signal?.aborted) throw error
    throw launchError(spec.id, error as NodeJS.ErrnoException, context.settings)
  }
}

type Places = { dir: string; root: string; volumes: ReturnType<typeof volumePaths> }

/** The task's folders, its copy of the slug with the volumes in it, its record and its empty logs. `exitStatus`: that file, as the task sees it. */
async function layOut(spec: TaskSpec, { dir, root, volumes }: Places, context: LaunchContext, signal: AbortSignal | undefined): Promise<{ task: TaskFile; exitStatus: string }> {
  const { settings, lender } = context
  const user = process.getuid?.() === 0 ? userOf(spec.labels['app'] ?? spec.id, settings.dir, settings.users) : null
  const lend = async (path: string) => (user ? lender.lend(spec.id, path) : path)
  await mkdir(dir, { mode: 0o711 })
  const seen = join(await lend(settings.dir), spec.id)
  const own = ['home', 'tmp', 'exit', 'app'].map((name) => join(dir, name))
  for (const path of own) await mkdir(path, { mode: 0o700 })
  await writeFile(paths.exitStatus(dir), unwrittenStatus)
  // Node asks the folders above an app without a package.json what kind of modules it has: nothing above is meant for it
  await writeFile(join(dir, 'package.json'), '{}\n', { mode: 0o644 })
  const slug = spec.slugPath as string
  const app = join(dir, 'app')
  await copySlug({ from: slug, to: app, seenAs: await lend(slug), without: new Set(volumes.keys()), shareDependencies: true }, signal)
  const volumePlaces = new Map<string, string>()
  for (const [path, volume] of volumes) {
    await prepareVolume(volume.hostPath, user)
    const place = await lend(volume.hostPath)
    await makeParents(spec.id, app, path)
    await symlink(place, join(app, path))
    volumePlaces.set(volume.name, place)
  }
  const cwd = await workingFolder(spec, app, root)
  if (user) await giveTrees(own, user)
  const marker = `NIGHTSHIFT_TASK=${spec.id}:${randomBytes(9).toString('base64url')}`
  const env = taskEnvironment(spec, { app: join(seen, 'app'), home: join(seen, 'home'), tmp: join(seen, 'tmp'), volumes: volumePlaces, path: settings.path, marker })
  const task: TaskFile = {
    id: spec.id, labels: spec.labels, env, cwd: join(seen, 'app', cwd), port: spec.port, memoryBytes: spec.resources.memoryBytes,
    user, marker, lent: lender.placesOf(spec.id), grouped: context.cgroups !== null,
  }
  await writeRecord(paths.task(dir), task)
  await makeLogs(dir, user)
  return { task, exitStatus: join(seen, 'exit', 'status') }
}

/** Empty, and the task's own: it may open them again, by /dev/stdout. */
async function makeLogs(dir: string, user: TaskFile['user']): Promise<void> {
  for (const stream of ['stdout', 'stderr'] as const) {
    await writeFile(paths.log(dir, stream), '', { mode: 0o600, flag: 'a' })
    if (user) await lchown(paths.log(dir, stream), user.uid, user.gid)
  }
}

function launchError(id: string, error: NodeJS.ErrnoException, { users }: ProcessSettings): TaskError {
  const { code } = error
  if (code === 'EINVAL' || code === 'EPERM')
    return new TaskError('start', id, `this machine lets nobody become user ${users.base} or the like: ${messageOf(error)} (a container needs CAP_SETUID, CAP_SETGID and CAP_CHOWN, and user ids up to ${users.base + users.count})`, { retryable: false, cause: error })
  return new TaskError('start', id, messageOf(error), { retryable: code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENOSPC', cause: error })
}

async function run(spec: TaskSpec, dir: string, statusFile: string, argv: string[], task: TaskFile, context: LaunchContext): Promise<Launched> {
  const group = context.cgroups?.of(spec.id)
  group?.create({ ...spec.resources, pids: context.settings.pidsMax })
  const keeper = await startKeeper({
    argv: task.user && noNewRights ? [noNewRights, '--no-new-privs', '--', ...argv] : argv,
    statusFile,
    cwd: task.cwd,
    env: task.env,
    user: task.user,
    stdoutPath: paths.log(dir, 'stdout'),
    stderrPath: paths.log(dir, 'stderr'),
  }).catch(async (error) => {
    await group?.remove()
    throw error
  })
  try {
    group?.join(keeper.pid)
    const record: ProcessFile = { pid: keeper.pid, startTime: readStat(keeper.pid)?.startTime ?? '', bootId, startedAt: context.now().toISOString() }
    await writeRecord(paths.process(dir), record)
    keeper.open()
    return { task, process: record, child: keeper.child }
  } catch (error) {
    sendSignal(keeper.pid, 'SIGKILL')
    await group?.remove().catch(() => {})
    throw error
  }
}

function commandOf(spec: TaskSpec): string[] {
  const refuse = (why: string) => new TaskError('start', spec.id, why, { retryable: false })
  if (spec.artifact.kind === 'image') throw refuse(`image ${spec.artifact.image} needs a container engine (install Docker and use the docker driver, or deploy source)`)
  if (spec.slugPath === null) throw refuse('its slug is not unpacked on this machine')
  const { command } = spec
  if (command.kind === 'image-default') throw refuse('a slug has no default command (set one in the manifest or a Procfile)')
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.line]
  if (command.argv.length === 0 || command.argv.some((word) => word.includes('\0'))) throw refuse('its command is empty or holds a NUL byte')
  return command.argv
}

/** The working folder relative to the copy, links resolved; throws when they lead out of it. */
async function workingFolder(spec: TaskSpec, app: string, root: string): Promise<string> {
  const top = await realpath(app)
  const real = await realpath(join(app, root)).catch(() => null)
  if (real === null || !(await stat(real)).isDirectory()) {
    throw new TaskError('start', spec.id, `the artifact has no folder ${JSON.stringify(spec.root)} (fix "root" in the manifest)`, { retryable: false })
  }
  if (real !== top && !real.startsWith(`${top}/`)) {
    throw new TaskError('start', spec.id, `root ${JSON.stringify(spec.root)} is a link that leads out of the app`, { retryable: false })
  }
  return real.slice(top.length + 1) || '.'
}
