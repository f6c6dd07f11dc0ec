/**
 * Ships the output of tasks to control: nothing lost, nothing twice.
 *
 * The driver's files are the spool; this holds one page per task at most. A page becomes a batch with positions
 * `from`..`to` (lines since the task's start, lost ones too), which is written to disk *before* it is sent: after a kill the very same
 * batch is sent again, and control stores a range once. After the answer the driver may give the space back.
 *
 * While control is away it tries again with a growing wait, and reads no further.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogBatch, LogStream } from '#contract/wire.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { TaskIdentity, TaskView } from '../identity.ts'
import type { Log } from '../log.ts'
import type { ControlClient } from '../../control-client.ts'
import { keptLines, Tails } from './tails.ts'

export type TaskLogs = {
  /** Tells which tasks there are now; shipping of others ends. */
  watch(tasks: readonly TaskView[]): void
  /** Exited tasks of which every line is stored. */
  shipped(): ReadonlySet<string>
  /** What an instance has said of its end, if anything: a line of its output. */
  telling(instance: string): string | null
  /** The task and its files are gone. */
  forget(task: string): Promise<void>
  close(): Promise<void>
}

type Position = { source: string; cursor: string | null; position: number; pending: { batch: LogBatch; cursor: string } | null }

const pageBytes = 256 * 1024
/** A poll costs a few system calls per task: often enough for a tail that feels live, seldom enough for many quiet tasks. */
const idleMs = { first: 250, max: 800 }
/** Beyond this the next page is read at once. */
const busyEntries = 200
const retryMs = { min: 200, max: 10_000 }

export type TaskLogsOptions = {
  folder: string
  machine: string
  driver: Pick<TaskDriver, 'logs' | 'releaseLogs'>
  control: Pick<ControlClient, 'post'>
  /** A task became fully shipped. */
  onShipped(task: string): void
  log: Log
}

export async function openTaskLogs(options: TaskLogsOptions): Promise<TaskLogs> {
  const { folder, driver, control, log } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const closing = new AbortController()
  const shippers = new Map<string, { exited: boolean; wake(): void; done: Promise<void>; stop: AbortController }>()
  const shipped = new Set<string>()
  const tails = new Tails()
  let saidAway = false
  const openedAt = Date.now()

  const fileOf = (task: string) => join(folder, `${task}.json`)

  async function send(batch: LogBatch, signal: AbortSignal): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await control.post('/internal/logs', batch, signal)
        if (saidAway) log.info({}, 'control takes logs again')
        saidAway = false
        return
      } catch (error) {
        signal.throwIfAborted()
        if (isAppError(error, 'invalid')) {
          log.error({ source: batch.source, from: batch.from, to: batch.to, error: messageOf(error) }, 'control refuses a batch of logs for good; it is skipped')
          return
        }
        if (!saidAway) log.warn({ error: messageOf(error) }, 'control does not take logs; they wait in the files of their tasks')
        saidAway = true
        await sleep(Math.min(retryMs.max, retryMs.min * 2 ** Math.min(tries, 10)), signal)
      }
    }
  }

  async function ship(view: TaskView, state: { exited: boolean }, pause: (ms: number) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { who } = view
    let { source, cursor, position, pending } = await restore(view)
    if (pending) {
      // so that the driver knows that what lies before is not lost, should it have to drop some
      await driver.logs(who.task, pending.cursor, 0)
      await send(pending.batch, signal)
      cursor = pending.cursor
      position = pending.batch.to
      await release(who.task, cursor)
    }
    let idle = idleMs.first
    for (;;) {
      signal.throwIfAborted()
      const wasExited = state.exited
      const page = await driver.logs(who.task, cursor ?? undefined, pageBytes)
      if (page.entries.length === 0 && page.dropped === 0) {
        if (wasExited) return
        await pause(idle)
        idle = Math.min(idleMs.max, idle * 1.5)
        continue
      }
      idle = idleMs.first
      const from = position + page.dropped
      if (page.entries.length === 0) {
        cursor = page.cursor
        position = from
        continue
      }
      tails.note(who.instance, page.entries.slice(-keptLines).map((entry) => entry.text))
      const batch: LogBatch = {
        source,
        ...labelsOf(who, options.machine),
        from,
        to: from + page.entries.length,
        dropped: page.dropped,
        entries: page.entries.map((entry) => ({ ...entry, stream: streamOf(who, entry.stream) })),
      }
      await replaceFile(fileOf(who.task), JSON.stringify({ source, cursor, position, pending: { batch, cursor: page.cursor } } satisfies Position), { sync: false }).catch(
        (error: unknown) => log.warn({ task: who.task, error: messageOf(error) }, 'the position in a log could not be written; going on without'),
      )
      await send(batch, signal)
      cursor = page.cursor
      position = batch.to
      await release(who.task, cursor)
      if (!state.exited && batch.entries.length < busyEntries) await pause(idle)
    }
  }

  async function restore({ who: { task }, status }: TaskView): Promise<Position> {
    const known = await readJson<Position>(fileOf(task)).catch((error: unknown) => {
      log.warn({ task, error: messageOf(error) }, 'the position in a log could not be read')
      return null
    })
    if (known) return known
    // Without its position, lines of a task that an earlier agent may have shipped would count as stored already: they
    // come from a source of their own, so that some may be there twice, but none is missing.
    const source = Date.parse(status.startedAt) < openedAt ? `${task}+${openedAt.toString(36)}` : task
    return { source, cursor: null, position: 0, pending: null }
  }

  async function release(task: string, cursor: string): Promise<void> {
    await driver.releaseLogs(task, cursor).catch((error: unknown) => log.warn({ task, error: messageOf(error) }, 'stored output could not be given back'))
  }

  function start(view: TaskView) {
    const stop = new AbortController()
    const signal = AbortSignal.any([closing.signal, stop.signal])
    let wake = () => {}
    const state = { exited: view.status.state === 'exited', wake: () => wake(), stop, done: Promise.resolve() }
    const pause = (ms: number) =>
      new Promise<void>((resolve) => {
        const finish = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', finish)
          resolve()
        }
        const timer = setTimeout(finish, ms)
        wake = finish
        signal.addEventListener('abort', finish, { once: true })
      })
    const run = async () => {
      for (let tries = 0; !signal.aborted; tries++) {
        try {
          await ship(view, state, pause, signal)
          shipped.add(view.who.task)
          options.onShipped(view.who.task)
          return
        } catch (error) {
          if (signal.aborted) return
          log.warn({ task: view.who.task, error: messageOf(error) }, 'the output of a task could not be read; trying again')
          await pause(Math.min(retryMs.max, retryMs.min * 2 ** Math.min(tries, 10)))
        }
      }
    }
    state.done = run()
    shippers.set(view.who.task, state)
  }

  let swept = false
  return {
    watch(tasks) {
      tails.keep(new Set(tasks.map((view) => view.who.instance)))
      const there = new Set(tasks.map((view) => view.who.task))
      for (const [task, shipper] of shippers) {
        if (there.has(task)) continue
        shipper.stop.abort()
        shippers.delete(task)
        shipped.delete(task)
      }
      for (const view of tasks) {
        const shipper = shippers.get(view.who.task)
        if (!shipper) start(view)
        else if (view.status.state === 'exited' && !shipper.exited) {
          shipper.exited = true
          shipper.wake()
        }
      }
      if (!swept) void sweep(folder, shippers, closing.signal)
      swept = true
    },
    shipped: () => shipped,
    telling: (instance) => tails.telling(instance),
    async forget(task) {
      const shipper = shippers.get(task)
      shipper?.stop.abort()
      await shipper?.done
      shippers.delete(task)
      shipped.delete(task)
      await rm(fileOf(task), { force: true })
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
    if (found && Date.now() - found.mtimeMs > 86_400_000) await rm(path, { force: true })
  }
}

function labelsOf(who: TaskIdentity, machine: string) {
  const { app, environment, service, name, release } = who
  return { app, environment, service, instance: name, release, machine }
}

function streamOf(who: TaskIdentity, stream: LogStream): LogStream {
  return who.kind === 'release' ? 'release' : who.kind === 'run' ? 'run' : stream
}
