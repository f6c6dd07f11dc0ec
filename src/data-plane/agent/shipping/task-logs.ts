/** Ships the output of all tasks to control, each by a `task-shipper.ts` of its own. While control is away their lines wait in the driver's files. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogBatch } from '#contract/wire.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { ControlClient } from '../../control-client.ts'
import type { TaskView } from '../identity.ts'
import type { Log } from '../log.ts'
import { type Outage, sendBatch } from './send-batch.ts'
import { keptLines, Tails } from './tails.ts'
import { positionFile, startTaskShipper, type TaskShipper } from './task-shipper.ts'

export type TaskLogs = {
  /** Tells which tasks there are now; shipping of others ends. */
  watch(tasks: readonly TaskView[]): void
  /** Exited tasks of which every line is stored. */
  shipped(): ReadonlySet<string>
  /** What an instance has said of its end, if anything: a line of its output. */
  telling(instance: string): string | null
  /** The task and its files are about to go. It counts as shipped until it is watched no longer, so that a removal that failed is tried again. */
  forget(task: string): Promise<void>
  close(): Promise<void>
}

export type TaskLogsOptions = {
  folder: string
  machine: string
  driver: Pick<TaskDriver, 'logs' | 'releaseLogs' | 'onOutput'>
  control: Pick<ControlClient, 'post'>
  /** A task became fully shipped. */
  onShipped(task: string): void
  log: Log
}

export async function openTaskLogs(options: TaskLogsOptions): Promise<TaskLogs> {
  const { folder, machine, driver, control, log } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const closing = new AbortController()
  const shippers = new Map<string, TaskShipper>()
  const shipped = new Set<string>()
  /** Being removed. A list of tasks that was made before may name them still: their files go, and nothing of them is read again. */
  const forgotten = new Set<string>()
  const tails = new Tails()
  const outage: Outage = { isSaid: false }
  const shipping = {
    folder, machine, driver, log,
    openedAt: Date.now(),
    send: (batch: LogBatch, signal: AbortSignal) => sendBatch({ control, log, what: 'the output of tasks', outage }, batch, signal),
    onRead: (instance: string, lines: readonly string[]) => tails.note(instance, lines.slice(-keptLines)),
    onShipped(task: string) {
      shipped.add(task)
      options.onShipped(task)
    },
  }

  let swept = false
  return {
    watch(tasks) {
      tails.keep(new Set(tasks.map((view) => view.who.instance)))
      const there = new Set(tasks.map((view) => view.who.task))
      for (const [task, shipper] of shippers) {
        if (there.has(task)) continue
        shipper.stop()
        shippers.delete(task)
        shipped.delete(task)
      }
      for (const task of forgotten) {
        if (there.has(task)) continue
        forgotten.delete(task)
        shipped.delete(task)
      }
      for (const view of tasks) {
        if (forgotten.has(view.who.task)) continue
        const shipper = shippers.get(view.who.task)
        if (shipper === undefined) shippers.set(view.who.task, startTaskShipper(view, shipping, closing.signal))
        else if (view.status.state === 'exited') shipper.ends()
      }
      if (!swept) void sweep(folder, shippers, closing.signal)
      swept = true
    },
    shipped: () => shipped,
    telling: (instance) => tails.telling(instance),
    async forget(task) {
      forgotten.add(task)
      const shipper = shippers.get(task)
      shippers.delete(task)
      shipper?.stop()
      await shipper?.done
      await rm(positionFile(folder, task), { force: true })
    },
    async close() {
      closing.abort()
      await Promise.all([...shippers.values()].map((shipper) => shipper.done))
    },
  }
}

/** Positions of tasks that vanished while no agent ran: removed after a day. Not before it is known which tasks there are. */
async function sweep(folder: string, shippers: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (signal.aborted || shippers.has(name.replace(/\.json$/, ''))) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found && Date.now() - found.mtimeMs > 86_400_000) await rm(path, { force: true }).catch(() => undefined) // the disk may be read-only by now: the next agent tries again
  }
}
