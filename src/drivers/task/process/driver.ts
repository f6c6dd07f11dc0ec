/**
 * The driver of plain operating-system processes. A task is a keeper (keeper.ts) and everything below it, detached from
 * whoever started it. Truth is on disk (record.ts) and in /proc; this object only caches it.
 *
 * A task runs exactly as long as its keeper: pid, start time and boot must all match, so that a later process with the
 * same number is never taken for it. When the keeper is gone, what is left of the task is killed, its end is written
 * down once, and only then is it reported.
 */
import { mkdirSync, realpathSync, watch } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '#base/clock.ts'
import type { ExitStatus } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { ExecSession, Listening, LogPage, TaskDriver, TaskSpec, TaskStats, TaskStatus } from '../port.ts'
import { checkSignal, checkTaskId } from '../task-rules.ts'
import { findCgroups } from './cgroup.ts'
import type { Cgroups } from './cgroup.ts'
import { processConfig } from './config.ts'
import type { ProcessConfig, ProcessSettings } from './config.ts'
import { startExec } from './exec.ts'
import { launch, setprivPath } from './launch.ts'
import { childOf, isStopped, pidExists } from './proc.ts'
import { paths } from './record.ts'
import { Reserve, freeBytes } from './reserve.ts'
import { Shelf } from './shelf.ts'
import { endTask, killTask, measureTask, portsOf, runs, signalApp, writeEnd } from './task.ts'
import type { Task } from './task.ts'

/** How often it is asked whether keepers live that are not this process's children (their exit files are watched as well). */
const lookMs = 100
/** Every so many looks all tasks are looked at closely: that a pid is taken says little. */
const closeLooks = 20
const boundMs = 1000
/** With less than this free, output that nobody has stored yet is dropped early, so that what writes it finds room. */
const tightBytes = 1024 ** 2
/** A list waits this long for the end of a task to be settled; until it is, the task counts as running. */
const settleMs = 250

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
  readonly #shelf: Shelf
  readonly #reserve: Reserve
  readonly #listeners = new Set<(id: string) => void>()
  readonly #timers: NodeJS.Timeout[]
  #closed = false
  #keeping = false
  #looks = 0

  constructor(settings: ProcessSettings, now: () => Date) {
    this.#settings = settings
    this.#now = now
    const found = settings.cgroups ? findCgroups(settings.dir, settings.cgroups) : { because: 'control groups are switched off' }
    this.#cgroups = 'cgroups' in found ? found.cgroups : null
    this.#limits = limitsOf(found)
    this.#shelf = new Shelf(settings, this.#cgroups, (task) => this.#watch(task))
    this.#reserve = new Reserve(join(settings.dir, '.reserve'), settings.reserveBytes)
    this.#timers = [setInterval(() => this.#look(), lookMs).unref(), setInterval(() => void this.#keepRoom(), boundMs).unref()]
  }

  async limits(): Promise<string[]> {
    await this.#shelf.load()
    return [...this.#limits, ...this.#shelf.unreadable()]
  }

  async hostAddress(): Promise<string> {
    return '127.0.0.1'
  }

  async start(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    checkTaskId('start', spec.id)
    await this.#shelf.load()
    const running = this.#shelf.starting.get(spec.id)
    if (running) await running
    const known = this.#shelf.get(spec.id)
    if (known) return this.#status(known)
    const start = this.#launch(spec, signal).finally(() => this.#shelf.starting.delete(spec.id))
    this.#shelf.starting.set(spec.id, start)
    return this.#status(await start)
  }

  async #launch(spec: TaskSpec, signal?: AbortSignal): Promise<Task> {
    signal?.throwIfAborted()
    const context = { settings: this.#settings, cgroups: this.#cgroups, lender: this.#shelf.lender, now: this.#now }
    const launched = await this.#reserve.withRoom(() => launch(spec, this.#shelf.folderOf(spec.id), context, signal))
    const task = this.#shelf.adopt(spec.id, launched.task, launched.process, null)
    launched.child.once('exit', () => this.#lookAt(task))
    task.isChild = launched.child.exitCode === null && launched.child.signalCode === null
    return task
  }

  async stop(id: string, options: { signal: string; graceMs: number }): Promise<ExitStatus | null> {
    checkTaskId('stop', id)
    const signal = checkSignal('stop', id, options.signal)
    await this.#shelf.load()
    const task = this.#shelf.get(id)
    if (!task) return null
    if (!task.ended) {
      const deadline = Date.now() + options.graceMs
      const first = task.stopping === null
      task.stopping ??= { signal, deadline }
      task.stopping.deadline = Math.min(task.stopping.deadline, deadline) // a second stop may be in more of a hurry
      if (first) await signalApp(task, signal)
      while (runs(task) && Date.now() < task.stopping.deadline) await sleep(Math.min(10, Math.max(1, task.stopping.deadline - Date.now())))
      if (runs(task)) await killTask(task)
      await this.#settle(task)
    }
    return task.ended
  }

  async list(): Promise<TaskStatus[]> {
    await this.#shelf.load()
    await this.#shelf.scan()
    return Promise.all(this.#shelf.all().map((task) => this.#status(task)))
  }

  onExit(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    void this.#shelf.load().then(() => this.#shelf.all().forEach((task) => this.#lookAt(task)))
    return () => this.#listeners.delete(listener)
  }

  async logs(id: string, cursor: string | undefined, maxBytes: number): Promise<LogPage> {
    const task = await this.#find('read the log of', id)
    return task.logs.read(cursor, maxBytes, task.ended !== null, this.#now())
  }

  onOutput(id: string, listener: () => void): () => void {
    const task = this.#shelf.get(id)
    return task === undefined || task.ended ? () => {} : task.logs.watch(listener)
  }

  async releaseLogs(id: string, cursor: string): Promise<void> {
    return (await this.#find('release the log of', id)).logs.release(cursor)
  }

  async exec(id: string, options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null }): Promise<ExecSession> {
    const task = await this.#find('exec in', id)
    if (task.ended || !runs(task)) throw new TaskError('exec in', id, 'it has exited', { retryable: false })
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
    await this.#shelf.load()
    const task = this.#shelf.get(id)
    return task && !task.ended ? measureTask(task) : null
  }

  async frozen(id: string): Promise<boolean> {
    checkTaskId('look at', id)
    await this.#shelf.load()
    const task = this.#shelf.get(id)
    if (!task || task.ended || !runs(task)) return false
    const app = childOf(task.process.pid)
    return app !== null && isStopped(app)
  }

  /** Signals have no sender that is kept. */
  async trace(): Promise<null> {
    return null
  }

  async listening(id: string): Promise<Listening[]> {
    checkTaskId('look at', id)
    await this.#shelf.load()
    const task = this.#shelf.get(id)
    return task && !task.ended && runs(task) ? portsOf(task) : []
  }

  async remove(id: string): Promise<void> {
    checkTaskId('remove', id)
    await this.#shelf.load()
    const task = this.#shelf.get(id)
    if (task && !task.ended) {
      if (runs(task)) throw new TaskError('remove', id, 'it still runs (stop it first)', { retryable: true })
      await this.#settle(task)
    }
    task?.unwatch()
    await this.#shelf.remove(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const task of this.#shelf.all()) task.unwatch()
    await Promise.allSettled(this.#shelf.all().map((task) => task.settling))
    this.#listeners.clear()
  }

  // ---------------------------------------------------------------- how tasks end

  #watch(task: Task): void {
    try {
      const watcher = watch(paths.exitFolder(task.dir), { persistent: false }, () => this.#lookAt(task))
      watcher.on('error', () => watcher.close())
      task.unwatch = () => watcher.close()
    } catch {
      // No more watches on this machine: looking every 100 ms is enough.
    }
  }

  #look(): void {
    this.#looks++
    for (const task of this.#shelf.all()) {
      if (task.ended) continue
      if (this.#looks % closeLooks === 0 || (!task.isChild && !pidExists(task.process.pid))) this.#lookAt(task)
    }
  }

  #lookAt(task: Task): void {
    if (this.#closed) return // tasks are another driver's now
    // What cannot be killed now is tried again at the next look.
    if (!task.ended && !task.settling && !runs(task)) void this.#settle(task).catch(() => {})
  }

  /** One settling at a time. */
  #settle(task: Task): Promise<void> {
    if (task.ended) return Promise.resolve()
    task.settling ??= endTask(task, this.#now())
      .then((exit) => {
        task.ended = exit
        task.unwatch()
        for (const listener of this.#listeners) listener(task.id)
      })
      .finally(() => {
        task.settling = null
      })
    return task.settling
  }

  // ---------------------------------------------------------------- one task

  async #find(operation: string, id: string): Promise<Task> {
    checkTaskId(operation, id)
    await this.#shelf.load()
    if (!this.#shelf.get(id)) await this.#shelf.scan()
    const task = this.#shelf.get(id)
    if (!task) throw new TaskError(operation, id, 'no such task (it was removed, or runs on another machine)', { retryable: false })
    return task
  }

  async #status(task: Task): Promise<TaskStatus> {
    if (!task.ended && !runs(task)) await Promise.race([this.#settle(task).catch(() => {}), sleep(settleMs)])
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

  /** The reserve, the bounds of output and the room ahead of it, and ends that wait for room to be written down. */
  async #keepRoom(): Promise<void> {
    if (this.#keeping || this.#closed) return
    this.#keeping = true
    // what fails here fails for want of room, or of a task that was removed meanwhile: it is tried again in a second
    await this.#reserve.keep().catch(() => {})
    const isTight = (await freeBytes(this.#settings.dir).catch(() => Infinity)) < tightBytes
    for (const task of this.#shelf.all()) {
      if (task.ended && task.isEndUnwritten) await writeEnd(task, task.ended).catch(() => {})
      else if (!task.ended) await task.logs.keepRoom(isTight).catch(() => {})
    }
    this.#keeping = false
  }
}

function limitsOf(found: ReturnType<typeof findCgroups>): string[] {
  const limits: string[] = []
  if ('cgroups' in found) limits.push(...found.cgroups.limits)
  else limits.push(`${found.because}: memory, CPU and process limits of apps are not enforced`)
  if (process.getuid?.() !== 0) limits.push('Nightshift does not run as root: apps run as its own user and can read its files')
  else if (!setprivPath) limits.push('setpriv is not installed (Debian: util-linux): apps can run set-user-id programs')
  return limits
}
