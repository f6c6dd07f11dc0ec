/**
 * The processes of one data folder: found, told apart from everybody else's, and stopped.
 *
 * A process is ours only when it is a `postgres` whose working directory is our data folder (PostgreSQL changes into it);
 * the pid in `postmaster.pid` alone proves nothing, it may have been given to somebody else since.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { isSameFolder } from './owner.ts'

const run = promisify(execFile)

/** The lines of `postmaster.pid` that matter. */
export type PidFile = { pid: number; dataFolder: string; port: number }

async function readPidFile(dataFolder: string): Promise<PidFile | undefined> {
  let text: string
  try {
    text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')
  } catch {
    return undefined
  }
  const [pid, folder, , port] = text.split('\n')
  return { pid: Number(pid), dataFolder: folder ?? '', port: Number(port) || 0 }
}

/** The living postmaster of this data folder, or undefined. */
export async function findPostmaster(dataFolder: string): Promise<PidFile | undefined> {
  const file = await readPidFile(dataFolder)
  if (!file || !(file.pid > 1)) return undefined
  return (await isOurs(file.pid, dataFolder)) ? file : undefined
}

async function isOurs(pid: number, dataFolder: string): Promise<boolean> {
  if (process.platform === 'linux') {
    try {
      const exe = await readlink(`/proc/${pid}/exe`)
      return basename(exe.replace(/ \(deleted\)$/, '')) === 'postgres' && (await isSameFolder(`/proc/${pid}/cwd`, dataFolder))
    } catch {
      return false // gone, a zombie, or another user's: then it cannot be ours
    }
  }
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
    return stdout.includes('postgres') && stdout.includes(dataFolder)
  } catch {
    return false
  }
}

/** Every living process of this data folder, the postmaster included. Linux only; elsewhere the postmaster alone. */
export async function processesOf(dataFolder: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const postmaster = await findPostmaster(dataFolder)
    return postmaster ? [postmaster.pid] : []
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const ours = await Promise.all(pids.map(async (pid) => ((await isOurs(pid, dataFolder)) ? pid : 0)))
  return ours.filter((pid) => pid > 0)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function goneWithin(dataFolder: string, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; ; ) {
    if ((await processesOf(dataFolder)).length === 0) return true
    if (Date.now() > end) return false
    await sleep(25)
  }
}

/**
 * Clears what a killed postmaster left behind, so that a new one can start: backends that still hold the shared memory
 * notice its death by themselves; those busy in one long step are stopped. Safe only while no postmaster lives:
 * the new one recovers from the write-ahead log as after a power failure. Idempotent.
 */
export async function clearRemains(dataFolder: string): Promise<void> {
  if (await findPostmaster(dataFolder)) throw new AppError('conflict', `a PostgreSQL server still runs in ${dataFolder}`)
  for (const [name, ms] of [
    [undefined, 1000],
    ['SIGQUIT', 2000],
    ['SIGKILL', 5000],
  ] as const) {
    if (name !== undefined) for (const pid of await processesOf(dataFolder)) signal(pid, name)
    if (await goneWithin(dataFolder, ms)) {
      await rm(join(dataFolder, 'postmaster.pid'), { force: true })
      return
    }
  }
  throw new AppError(
    'unavailable',
    `PostgreSQL processes of ${dataFolder} do not end: ${(await processesOf(dataFolder)).join(', ')} (they may wait for a disk that does not answer)`,
  )
}

/**
 * Stops the server: fast (open transactions are rolled back, everything is written), then immediate, then by force.
 * Returns false where none ran. Idempotent.
 */
export async function stopPostmaster(dataFolder: string, options: { graceMs?: number } = {}): Promise<boolean> {
  const postmaster = await findPostmaster(dataFolder)
  if (!postmaster) return false
  for (const [name, ms] of [
    ['SIGINT', options.graceMs ?? 30_000],
    ['SIGQUIT', 5000],
    ['SIGKILL', 5000],
  ] as const) {
    signal(postmaster.pid, name)
    for (const end = Date.now() + ms; Date.now() < end; await sleep(20)) {
      if (!(await isOurs(postmaster.pid, dataFolder))) {
        await clearRemains(dataFolder)
        return true
      }
    }
  }
  throw new AppError('unavailable', `PostgreSQL ${postmaster.pid} in ${dataFolder} does not end`)
}
