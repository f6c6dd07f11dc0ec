/**
 * What the process driver keeps on disk about a task, in `<dir>/<task id>/`:
 *
 *   task.json     what was asked for (0600: it holds secrets)          written before anything runs
 *   process.json  the keeper's pid, start time and boot                written before the app may run
 *   exit/status   what the keeper saw: the app's exit status           written by the keeper, owned by the app's user
 *   ended.json    the final word, once nothing of the task is left     written by a driver, on a full disk later
 *   stdout.log, stderr.log, logs.json                                  output, and what of it was given back
 *   home/ tmp/ app/                                                    the task's own folders
 *
 * A folder without process.json never ran an app, and is swept away by the next start of that id.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ExitStatus } from '#contract/wire.ts'

const taskFile = z.object({
  id: z.string(),
  labels: z.record(z.string(), z.string()),
  /** The whole environment of the app, for exec. */
  env: z.record(z.string(), z.string()),
  /** Absolute, as the app sees it. */
  cwd: z.string(),
  port: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  user: z.object({ uid: z.number(), gid: z.number() }).nullable(),
  /** `NAME=value` in the environment of everything the task starts. */
  marker: z.string(),
  /** Folders lent to the task under /run (see reach.ts). */
  lent: z.array(z.string()),
  grouped: z.boolean(),
})
export type TaskFile = z.infer<typeof taskFile>

const processFile = z.object({ pid: z.number(), startTime: z.string(), bootId: z.string(), startedAt: z.string() })
export type ProcessFile = z.infer<typeof processFile>

const endedFile = z.object({ code: z.number().nullable(), signal: z.string().nullable(), oom: z.boolean(), at: z.string() })

export const paths = {
  task: (dir: string) => join(dir, 'task.json'),
  process: (dir: string) => join(dir, 'process.json'),
  ended: (dir: string) => join(dir, 'ended.json'),
  exitFolder: (dir: string) => join(dir, 'exit'),
  exitStatus: (dir: string) => join(dir, 'exit', 'status'),
  log: (dir: string, stream: 'stdout' | 'stderr') => join(dir, `${stream}.log`),
  logState: (dir: string) => join(dir, 'logs.json'),
}

/** All or nothing, and nothing left over where the disk refuses. */
export async function writeRecord(path: string, value: unknown): Promise<void> {
  const fresh = `${path}.${randomUUID()}`
  try {
    await writeFile(fresh, JSON.stringify(value), { mode: 0o600 })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return schema.parse(JSON.parse(text))
}

/** Undefined when no app of that folder ever ran. */
export async function readTask(dir: string): Promise<{ task: TaskFile; process: ProcessFile; ended: ExitStatus | null } | undefined> {
  const process = await readRecord(paths.process(dir), processFile)
  if (!process) return undefined
  const [task, ended] = await Promise.all([readRecord(paths.task(dir), taskFile), readRecord(paths.ended(dir), endedFile)])
  return task ? { task, process, ended } : undefined
}

/** Room for the status is taken before the app runs, so that a full disk cannot swallow it. */
export const unwrittenStatus = '          \n'

/**
 * The status the keeper wrote, or null. The file belongs to the app's user, who may have put anything in its place:
 * no link is followed, no pipe waited for, and nothing but a small number believed.
 */
export function readExitStatus(dir: string): { status: number; at: string } | null {
  let fd: number
  try {
    fd = openSync(paths.exitStatus(dir), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return null
    const buffer = Buffer.alloc(16)
    const match = /^(\d{1,3})\n/.exec(buffer.toString('latin1', 0, readSync(fd, buffer, 0, 16, 0)))
    return match && Number(match[1]) <= 255 ? { status: Number(match[1]), at: stat.mtime.toISOString() } : null
  } finally {
    closeSync(fd)
  }
}
