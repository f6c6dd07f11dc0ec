/** One process task as the driver holds it, and how it is signalled, measured and brought to its end. */
import { sleep } from '#base/clock.ts'
import { isDiskFull } from '#base/disk-full.ts'
import type { ExitStatus } from '#contract/wire.ts'
import type { Listening, TaskStats } from '../port.ts'
import { exitFromStatus } from '../task-rules.ts'
import type { TaskGroup } from './cgroup.ts'
import { listeningOf } from './listening.ts'
import type { LogFiles } from './log-files.ts'
import { killMembers, membersOf } from './members.ts'
import type { MemberQuery } from './members.ts'
import { bootId, childOf, commandLine, isAlive, openFilesOf, readStat, residentBytes, sendSignal, ticksPerSecond } from './proc.ts'
import { paths, readExitStatus, readTask, writeRecord } from './record.ts'
import type { ProcessFile, TaskFile } from './record.ts'

export type Task = {
  readonly id: string
  readonly dir: string
  readonly file: TaskFile
  readonly process: ProcessFile
  readonly group: TaskGroup | null
  readonly logs: LogFiles
  /** Its keeper is this process's child, whose exit is announced. */
  isChild: boolean
  /** Set once, when nothing of it is left. */
  ended: ExitStatus | null
  /** Its end is known and could not be written down: the disk was full. Another driver would find it out again. */
  isEndUnwritten: boolean
  /** What its processes are told and until when they may take. */
  stopping: { signal: NodeJS.Signals; deadline: number } | null
  settling: Promise<void> | null
  /** Ends the watch on its exit file. */
  unwatch(): void
}

/** True while its keeper runs: that very process, in this run of the machine. */
export function runs(task: Task): boolean {
  return task.process.bootId === bootId && isAlive(task.process)
}

function queryOf(task: Task): MemberQuery {
  return { keeper: task.process, group: task.group, marker: task.file.marker }
}

/** Signals the app's main process only: a launcher such as npm passes it on, and the app would get it twice otherwise. */
export async function signalApp(task: Task, signal: NodeJS.Signals): Promise<void> {
  const patience = Date.now() + 1000
  while (runs(task) && Date.now() < patience) {
    const app = childOf(task.process.pid)
    // Between fork and exec the app is still the keeper's script, whose traps would swallow the signal.
    if (app !== null && commandLine(app) !== commandLine(task.process.pid)) {
      sendSignal(app, signal)
      return
    }
    await sleep(2)
  }
}

/** Kills all but the keeper, which then has nothing left to wait for and ends by itself. */
export async function killTask(task: Task): Promise<void> {
  await killMembers(task.id, queryOf(task))
  const patience = Date.now() + 2000
  while (runs(task) && Date.now() < patience) await sleep(2)
  if (runs(task)) sendSignal(task.process.pid, 'SIGKILL') // the app's user has tampered with it
}

/**
 * Its keeper is gone: ends what is left of it, and writes down how it ended. Leftovers of a stop get its signal and what
 * remains of its grace; others are killed. Idempotent; throws (retryable) when something cannot be killed.
 */
export async function endTask(task: Task, now: Date): Promise<ExitStatus> {
  const written = await readTask(task.dir)
  if (written?.ended) return written.ended
  let exit: ExitStatus = { code: null, signal: null, oom: false, at: now.toISOString() } // the machine restarted
  if (task.process.bootId === bootId) {
    const query = queryOf(task)
    if (task.stopping) {
      for (const pid of membersOf(query)) sendSignal(pid, task.stopping.signal)
      while (Date.now() < task.stopping.deadline && membersOf(query).length > 0) await sleep(10)
    }
    await killMembers(task.id, query)
    exit = exitOf(task, now)
  }
  if (written) await writeEnd(task, exit)
  else await task.group?.remove().catch(() => {})
  return exit
}

/** An end needs no room on the disk to be an end: what a full one refuses is written later. Idempotent. */
export async function writeEnd(task: Task, exit: ExitStatus): Promise<void> {
  try {
    await writeRecord(paths.ended(task.dir), exit)
    task.isEndUnwritten = false
  } catch (error) {
    if (!isDiskFull(error)) throw error
    task.isEndUnwritten = true
    return // its group says whether memory ran out, should another driver have to find out
  }
  await task.group?.remove().catch(() => {}) // an empty group that lingers harms nobody
}

function exitOf(task: Task, now: Date): ExitStatus {
  const written = readExitStatus(task.dir)
  const oomKills = task.group?.oomKills() ?? 0
  // Without a status the keeper itself was killed, by the kernel for want of memory or by somebody with the right to.
  const exit = written ? exitFromStatus(written.status, false, written.at) : { code: null, signal: 'SIGKILL', oom: false, at: now.toISOString() }
  return { ...exit, oom: oomKills > 0 && exit.code !== 0 }
}

export function portsOf(task: Task): Listening[] {
  return listeningOf(task.process.pid, membersOf(queryOf(task)))
}

export function measureTask(task: Task): TaskStats {
  const members = membersOf(queryOf(task), false)
  const all = members.map(readStat).filter((stat) => stat !== null)
  const files = members.map(openFilesOf).filter((count) => count !== null)
  return {
    cpuSeconds: task.group?.cpuSeconds() ?? all.reduce((sum, stat) => sum + stat.cpuTicks, 0) / ticksPerSecond,
    memoryBytes: task.group?.memoryBytes() ?? members.reduce((sum, pid) => sum + residentBytes(pid), 0),
    memoryLimitBytes: task.group ? task.file.memoryBytes : null,
    threads: all.reduce((sum, stat) => sum + stat.threads, 0),
    openFiles: files.length === 0 ? null : files.reduce((sum, count) => sum + count, 0),
  }
}
