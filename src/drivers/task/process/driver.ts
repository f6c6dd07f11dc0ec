/**
 * The driver of plain operating-system processes. A task is a keeper (keeper.ts) and everything below it, detached from
 * whoever started it. Truth is on disk (record.ts) and in /proc; this object only caches it.
 *
 * A task runs exactly as long as its keeper: pid, start time and boot must all match, so that a later process with the
 * same number is never taken for it. When the keeper is gone, what is left of the task is killed, its end is written
 * down once, and only then is it reported.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, realpathSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { ExitStatus } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { ExecSession, LogPage, TaskDriver, TaskSpec, TaskStats, TaskStatus } from '../port.ts'
import { checkSignal, checkTaskId, exitFromStatus } from '../task-rules.ts'
import { removeTree } from '../trees.ts'
import { findCgroups } from './cgroup.ts'
import type { Cgroups, TaskGroup } from './cgroup.ts'
import { processConfig } from './config.ts'
import type { ProcessConfig, ProcessSettings } from './config.ts'
import { startExec } from './exec.ts'
import { launch, returnLent, setprivPath } from './launch.ts'
import { LogFiles } from './log-files.ts'
import { killMembers, membersOf } from './members.ts'
import type { MemberQuery } from './members.ts'
import { bootId, childOf, commandLine, isAlive, openFilesOf, pidExists, readStat, residentBytes, sendSignal, ticksPerSecond } from './proc.ts'
import { giveBackDeleted } from './reach.ts'
import { paths, readExitStatus, readTask, writeRecord } from './record.ts'
import type { ProcessFile, TaskFile } from './record.ts'

/** How often it is asked whether keepers live that are not this process's children (their exit files are watched as well). */
const lookMs = 100
/** Every so many looks all tasks are looked at closely: that a pid is taken says little. */
const closeLooks = 20
const boundMs = 1000
/** A list waits this long for the end of a task to be settled; until it is, the task counts as running. */
const settleMs = 250
/** No task id starts with a dot. */
const removedPrefix = '.removed-'
/** What is left of a task when its app has ended gets this long for the stop signal, within the stop's own grace. */
type Stopping = { signal: NodeJS.Signals; deadline: number }

type Task = {
  readonly id: string
  readonly dir: string
  readonly file: TaskFile
  readonly process: ProcessFile
  readonly group: TaskGroup | null
  readonly logs: LogFiles
  /** Its keeper is this process's child, whose exit is announced. */
  isChild: boolean
  ended: ExitStatus | null
  stopping: Stopping | null
  settling: Promise<void> | null
  watcher: FSWatcher | null
}

export function createProcessDriver(config: ProcessConfig, now: () => Date = () => new Date()): TaskDriver {
  const settings = processConfig.parse(config)
  mkdirSync(settings.dir, { recursive: true, mode: 0o711 })
  return new ProcessDriver({ ...settings, dir: realpathSync(settings.dir) }, now)
}

class ProcessDriver implements TaskDriver {
  readonly kind = 'process'
  readonly ownAddresses = false
  readonly #settings: ProcessSettings
  readonly #now: () => Date
  readonly #cgroups: Cgroups | null
  readonly #limits: string[]
  readonly #tasks = new Map<string, Task>()
  readonly #unreadable = new Map<string, string>()
  readonly #starting = new Map<string, Promise<TaskStatus>>()
  readonly #listeners = new Set<(id: string) => void>()
  readonly #timers: NodeJS.Timeout[]
  #ready: Promise<void> | undefined
  #closed = false
  #looks = 0

  constructor(settings: ProcessSettings, now: () => Date) {
    this.#settings = settings
    this.#now = now
    const found = settings.cgroups ? findCgroups(settings.dir, settings.cgroups) : { because: 'control groups are switched off' }
    this.#cgroups = 'cgroups' in found ? found.cgroups : null
    this.#limits = limitsOf(found)
    this.#timers = [setInterval(() => this.#look(), lookMs).unref(), setInterval(() => void this.#boundLogs(), boundMs).unref()]
  }

  async limits(): Promise<string[]> {
    return [...this.#limits, ...this.#unreadable.values()]
  }

  async start(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    checkTaskId('start', spec.id)
    await this.#load()
    const known = this.#tasks.get(spec.id)
    if (known) return this.#status(known)
    const running = this.#starting.get(spec.id)
    if (running) return running
    const start = this.#launch(spec, signal).finally(() => this.#starting.delete(spec.id))
    this.#starting.set(spec.id, start)
    return start
  }

  async #launch(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    signal?.throwIfAborted()
    const dir = join(this.#settings.dir, spec.id)
    const launched = await launch(spec, dir, { settings: this.#settings, cgroups: this.#cgroups, now: this.#now }, signal)
    const task = this.#adopt(spec.id, launched.task, launched.process, null)
    launched.child.once('exit', () => this.#lookAt(task))
    task.isChild = launched.child.exitCode === null && launched.child.signalCode === null
    return this.#status(task)
  }

  async stop(id: string, options: { signal: string; graceMs: number }): Promise<ExitStatus | null> {
    checkTaskId('stop', id)
    const signal = checkSignal('stop', id, options.signal)
    await this.#load()
    const task = this.#tasks.get(id)
    if (!task) return null
    if (!task.ended && !task.stopping) {
      task.stopping = { signal, deadline: Date.now() + options.graceMs }
      await this.#signalApp(task, signal)
    }
    const deadline = task.stopping?.deadline ?? Date.now()
    while (!task.ended && isAlive(task.process) && Date.now() < deadline) await sleep(Math.min(10, Math.max(1, deadline - Date.now())))
    if (!task.ended && isAlive(task.process)) {
      await killMembers(id, this.#query(task))
      // The keeper has nothing left to wait for and ends by itself; if not, the app's user has tampered with it.
      const patience = Date.now() + 2000
      while (isAlive(task.process) && Date.now() < patience) await sleep(2)
      if (isAlive(task.process)) sendSignal(task.process.pid, 'SIGKILL')
    }
    await this.#settle(task)
    return task.ended
  }

  /** Signals the app's main process only: a launcher such as npm passes it on, and the app would get it twice otherwise. */
  async #signalApp(task: Task, signal: NodeJS.Signals): Promise<void> {
    const patience = Date.now() + 1000
    while (isAlive(task.process)) {
      const app = childOf(task.process.pid)
      // Between fork and exec the app is still the keeper's script, whose traps would swallow the signal.
      if (app !== null && commandLine(app) !== commandLine(task.process.pid)) {
        sendSignal(app, signal)
        return
      }
      if (Date.now() > patience) return
      await sleep(2)
    }
  }

  async list(): Promise<TaskStatus[]> {
    await this.#load()
    await this.#scan()
    return Promise.all([...this.#tasks.values()].map((task) => this.#status(task)))
  }

  onExit(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    void this.#load().then(() => [...this.#tasks.values()].forEach((task) => this.#lookAt(task)))
    return () => this.#listeners.delete(listener)
  }

  async logs(id: string, cursor: string | undefined, maxBytes: number): Promise<LogPage> {
    const task = await this.#find('read the log of', id)
    return task.logs.read(cursor, maxBytes, task.ended !== null, this.#now())
  }

  async releaseLogs(id: string, cursor: string): Promise<void> {
    return (await this.#find('release the log of', id)).logs.release(cursor)
  }

  async exec(id: string, options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null }): Promise<ExecSession> {
    const task = await this.#find('exec in', id)
    if (task.ended || !isAlive(task.process)) throw new TaskError('exec in', id, 'it has exited', { retryable: false })
    if (options.argv.length === 0) throw new TaskError('exec in', id, 'the command is empty (pass a program and its arguments)', { retryable: false })
    return startExec({
      id,
      argv: options.argv,
      env: { ...task.file.env, ...options.env },
      cwd: task.file.cwd,
      user: task.file.user,
      tty: options.tty,
      joined: (pid) => task.group?.join(pid),
    })
  }

  async stats(id: string): Promise<TaskStats | null> {
    checkTaskId('measure', id)
    await this.#load()
    const task = this.#tasks.get(id)
    if (!task || task.ended) return null
    const members = membersOf(this.#query(task), false)
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

  async hostAddress(): Promise<string> {
    return '127.0.0.1'
  }

  async remove(id: string): Promise<void> {
    checkTaskId('remove', id)
    await this.#load()
    const task = this.#tasks.get(id)
    if (task) {
      if (!task.ended && isAlive(task.process)) throw new TaskError('remove', id, 'it still runs (stop it first)', { retryable: true })
      await this.#settle(task)
      this.#tasks.delete(id)
      task.watcher?.close()
    }
    // Renamed first, so that no list sees a task half removed. What a volume's link leads to stays.
    const removed = join(this.#settings.dir, `${removedPrefix}${id}.${randomUUID()}`)
    const there = await rename(join(this.#settings.dir, id), removed).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false
        throw error
      },
    )
    if (there) await removeTree(removed)
    if (task) await returnLent(task.file.lent, [...this.#tasks.values()].map((other) => other.file))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const task of this.#tasks.values()) task.watcher?.close()
    await Promise.allSettled([...this.#tasks.values()].map((task) => task.settling))
    this.#listeners.clear()
  }

  // ---------------------------------------------------------------- what is on disk

  #load(): Promise<void> {
    return (this.#ready ??= this.#open())
  }

  async #open(): Promise<void> {
    for (const name of await readdir(this.#settings.dir)) {
      if (name.startsWith(removedPrefix)) await removeTree(join(this.#settings.dir, name))
    }
    await this.#scan(true)
    if (process.getuid?.() === 0) await giveBackDeleted()
  }

  /** Finds tasks that another driver object started or removed meanwhile. */
  async #scan(first = false): Promise<void> {
    const before = [...this.#tasks.keys()]
    const names = new Set(await readdir(this.#settings.dir))
    for (const id of before) if (!names.has(id)) this.#tasks.delete(id)
    for (const name of names) {
      if (this.#tasks.has(name) || this.#starting.has(name) || name.startsWith('.')) continue
      const found = await readTask(join(this.#settings.dir, name)).catch((error) => {
        // One ill record must not hide all other tasks.
        this.#unreadable.set(name, `the record of task ${name} in ${this.#settings.dir} cannot be read, so it is left alone: ${messageOf(error)}`)
        return null
      })
      if (found === undefined && first) await this.#sweep(name)
      if (!found || this.#tasks.has(name)) continue
      const task = this.#adopt(name, found.task, found.process, found.ended)
      if (!task.ended) this.#watch(task)
    }
  }

  /** What a start left that was cut short before its app could run. Whoever began it is gone: one driver at a time uses the folder. */
  async #sweep(name: string): Promise<void> {
    await this.#cgroups?.of(name).remove().catch(() => {})
    await removeTree(join(this.#settings.dir, name))
  }

  #adopt(id: string, file: TaskFile, process: ProcessFile, ended: ExitStatus | null): Task {
    const dir = join(this.#settings.dir, id)
    const task: Task = {
      id,
      dir,
      file,
      process,
      group: file.grouped && this.#cgroups ? this.#cgroups.of(id) : null,
      logs: new LogFiles(dir, id, this.#settings.logs),
      isChild: false,
      ended,
      stopping: null,
      settling: null,
      watcher: null,
    }
    this.#tasks.set(id, task)
    return task
  }

  #watch(task: Task): void {
    try {
      task.watcher = watch(paths.exitFolder(task.dir), { persistent: false }, () => this.#lookAt(task))
      task.watcher.on('error', () => task.watcher?.close())
    } catch {
      // No more watches on this machine: looking every 100 ms is enough.
    }
  }

  // ---------------------------------------------------------------- how tasks end

  #look(): void {
    this.#looks++
    for (const task of this.#tasks.values()) {
      if (task.ended) continue
      if (this.#looks % closeLooks === 0 || (!task.isChild && !pidExists(task.process.pid))) this.#lookAt(task)
    }
  }

  #lookAt(task: Task): void {
    if (this.#closed) return // tasks are another driver's now
    // What cannot be killed now is tried again at the next look.
    if (!task.ended && !task.settling && !this.#runs(task)) void this.#settle(task).catch(() => {})
  }

  #runs(task: Task): boolean {
    return task.process.bootId === bootId && isAlive(task.process)
  }

  #settle(task: Task): Promise<void> {
    if (task.ended) return Promise.resolve()
    task.settling ??= this.#end(task).finally(() => {
      task.settling = null
    })
    return task.settling
  }

  async #end(task: Task): Promise<void> {
    const written = await readTask(task.dir)
    if (written?.ended) {
      task.ended = written.ended
    } else if (task.process.bootId === bootId) {
      await this.#endLeftovers(task)
      const ended = exitOf(task, this.#now())
      if (written) await writeRecord(paths.ended(task.dir), ended)
      task.ended = ended
      await task.group?.remove().catch(() => {}) // an empty group that lingers harms nobody
    } else {
      task.ended = { code: null, signal: null, oom: false, at: this.#now().toISOString() }
      await writeRecord(paths.ended(task.dir), task.ended)
    }
    task.watcher?.close()
    for (const listener of this.#listeners) listener(task.id)
  }

  /** The app's main process has ended. What it left behind gets the stop's signal and what remains of its grace; else it is killed. */
  async #endLeftovers(task: Task): Promise<void> {
    const query = this.#query(task)
    if (task.stopping) {
      for (const pid of membersOf(query)) sendSignal(pid, task.stopping.signal)
      while (Date.now() < task.stopping.deadline && membersOf(query).length > 0) await sleep(10)
    }
    await killMembers(task.id, query)
  }

  // ---------------------------------------------------------------- small helpers

  async #find(operation: string, id: string): Promise<Task> {
    checkTaskId(operation, id)
    await this.#load()
    if (!this.#tasks.has(id)) await this.#scan()
    const task = this.#tasks.get(id)
    if (!task) throw new TaskError(operation, id, 'no such task (it was removed, or runs on another machine)', { retryable: false })
    return task
  }

  #query(task: Task): MemberQuery {
    return { keeper: task.process, group: task.group, marker: task.file.marker }
  }

  async #status(task: Task): Promise<TaskStatus> {
    if (!task.ended && !this.#runs(task)) await Promise.race([this.#settle(task).catch(() => {}), sleep(settleMs)])
    return {
      id: task.id,
      labels: task.file.labels,
      state: task.ended ? 'exited' : 'running',
      pid: task.ended ? null : childOf(task.process.pid),
      startedAt: task.process.startedAt,
      address: task.file.port === null ? null : { host: '127.0.0.1', port: task.file.port },
      exit: task.ended,
    }
  }

  async #boundLogs(): Promise<void> {
    for (const task of this.#tasks.values()) {
      if (!task.ended) await task.logs.enforceBound().catch(() => {}) // removed meanwhile, or the disk is ill: the next reader says so
    }
  }
}

function exitOf(task: Task, now: Date): ExitStatus {
  const written = readExitStatus(task.dir)
  const oomKills = task.group?.oomKills() ?? 0
  // Without a status the keeper itself was killed, by the kernel for want of memory or by somebody with the right to.
  const exit = written ? exitFromStatus(written.status, false, written.at) : { code: null, signal: 'SIGKILL', oom: false, at: now.toISOString() }
  return { ...exit, oom: oomKills > 0 && exit.code !== 0 }
}

function limitsOf(found: ReturnType<typeof findCgroups>): string[] {
  const limits: string[] = []
  if ('cgroups' in found) limits.push(...found.cgroups.limits)
  else limits.push(`${found.because}: memory, CPU and process limits of apps are not enforced`)
  if (process.getuid?.() !== 0) limits.push('Nightshift does not run as root: apps run as its own user and can read its files')
  else if (!setprivPath) limits.push('setpriv is not installed (Debian: util-linux): apps can run set-user-id programs')
  return limits
}
