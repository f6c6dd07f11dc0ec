/**
 * The tasks in the driver's folder: read from disk at the first use and whenever another driver object may have changed
 * them, held in memory between. The disk is the truth.
 */
import { randomUUID } from 'node:crypto'
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import type { ExitStatus } from '#contract/wire.ts'
import { removeTree } from '../trees.ts'
import type { Cgroups } from './cgroup.ts'
import type { ProcessSettings } from './config.ts'
import { LogFiles } from './log-files.ts'
import { Lender, giveBackDeleted } from './reach.ts'
import { readTask } from './record.ts'
import type { ProcessFile, TaskFile } from './record.ts'
import type { Task } from './task.ts'

/** No task id starts with a dot. */
const removedPrefix = '.removed-'

export class Shelf {
  readonly #settings: ProcessSettings
  readonly #cgroups: Cgroups | null
  readonly #onFound: (task: Task) => void
  readonly #tasks = new Map<string, Task>()
  readonly #unreadable = new Map<string, string>()
  readonly lender = new Lender()
  /** Ids that are being started: their folders are not complete. */
  readonly starting = new Map<string, Promise<unknown>>()
  #ready: Promise<void> | undefined

  /** @param onFound  called for each task of another driver object that is not known to have ended */
  constructor(settings: ProcessSettings, cgroups: Cgroups | null, onFound: (task: Task) => void) {
    this.#settings = settings
    this.#cgroups = cgroups
    this.#onFound = onFound
  }

  /** Idempotent: what was found at the first call. */
  load(): Promise<void> {
    return (this.#ready ??= this.#open())
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id)
  }

  all(): Task[] {
    return [...this.#tasks.values()]
  }

  /** Tasks whose record cannot be read, in words. */
  unreadable(): string[] {
    return [...this.#unreadable.values()]
  }

  folderOf(id: string): string {
    return join(this.#settings.dir, id)
  }

  adopt(id: string, file: TaskFile, process: ProcessFile, ended: ExitStatus | null): Task {
    const dir = this.folderOf(id)
    const task: Task = {
      id,
      dir,
      file,
      process,
      group: file.grouped && this.#cgroups ? this.#cgroups.of(id) : null,
      logs: new LogFiles(dir, id, this.#settings.logs),
      isChild: false,
      ended,
      isEndUnwritten: false,
      stopping: null,
      settling: null,
      unwatch() {},
    }
    this.#tasks.set(id, task)
    this.lender.adopt(id, file.lent)
    return task
  }

  /** Finds what another driver object started or removed meanwhile. */
  async scan(first = false): Promise<void> {
    const before = [...this.#tasks.keys()]
    const names = new Set(await readdir(this.#settings.dir))
    for (const id of before) if (!names.has(id)) this.#tasks.delete(id)
    for (const name of names) {
      if (this.#tasks.has(name) || this.starting.has(name) || name.startsWith('.')) continue
      const found = await readTask(this.folderOf(name)).catch((error) => {
        // One ill record must not hide all other tasks.
        this.#unreadable.set(name, `the record of task ${name} in ${this.#settings.dir} cannot be read, so it is left alone: ${messageOf(error)}`)
        return null
      })
      if (found === undefined && first) await this.#sweep(name)
      if (!found || this.#tasks.has(name)) continue
      const task = this.adopt(name, found.task, found.process, found.ended)
      if (!task.ended) this.#onFound(task)
    }
  }

  /** Removes the task's folder and gives back what was lent to it alone. Idempotent. */
  async remove(id: string): Promise<void> {
    const group = this.#tasks.get(id)?.group
    this.#tasks.delete(id)
    this.#unreadable.delete(id)
    // Renamed first, so that no scan sees a task half removed. What a volume's link leads to stays.
    const removed = join(this.#settings.dir, `${removedPrefix}${id}.${randomUUID()}`)
    const there = await rename(this.folderOf(id), removed).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false
        throw error
      },
    )
    if (there) await removeTree(removed)
    await this.lender.release(id)
    await group?.remove().catch(() => {}) // there still when its end could not be written down
  }

  async #open(): Promise<void> {
    for (const name of await readdir(this.#settings.dir)) {
      if (name.startsWith(removedPrefix)) await removeTree(join(this.#settings.dir, name))
    }
    await this.scan(true)
    for (const id of this.#cgroups?.ids() ?? []) {
      const group = this.#cgroups?.of(id)
      // Of a task whose folder was deleted under it. One that still has processes is nobody's to end.
      if (!this.#tasks.has(id) && group?.pids().length === 0) await group.remove().catch(() => {})
    }
    if (process.getuid?.() === 0) await giveBackDeleted()
  }

  /** What a start left that was cut short before its app could run. Whoever began it is gone: one driver at a time uses the folder. */
  async #sweep(name: string): Promise<void> {
    await this.#cgroups?.of(name).remove().catch(() => {})
    await removeTree(this.folderOf(name))
  }
}
