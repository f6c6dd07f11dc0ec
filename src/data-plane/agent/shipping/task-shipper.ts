/**
 * Ships the output of one task to control: nothing lost, nothing twice.
 *
 * The driver's files are the spool; this holds one page at most. A page becomes a batch with positions `from`..`to` (lines since the task's
 * start, lost ones too), which is written to disk *before* it is sent: after a kill the very same batch is sent again, and control stores a
 * range once. After the answer the driver may give the space back. While control is away nothing more is read.
 */
import { join } from 'node:path'
import type { LogBatch, LogStream } from '#contract/wire.ts'
import { backoffMs } from '#base/backoff.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import { readJson, replaceFile } from '../../durable-file.ts'
import type { TaskIdentity, TaskView } from '../identity.ts'
import type { Log } from '../log.ts'

const pageBytes = 256 * 1024
/** So often a task that writes is shipped. A quiet one is looked at ever more seldom, in case that its driver's hint does not come: a poll costs a few system calls. */
const idleMs = { first: 250, max: 2000 }
/** Beyond this the next page is read at once. */
const busyEntries = 200
const retryMs = { min: 200, max: 10_000 }

export type TaskShipper = {
  /** The task has ended: it is shipped to its last line, and that is all. */
  ends(): void
  stop(): void
  /** Resolves when every line is stored, or after `stop`. */
  done: Promise<void>
}

export type ShipperOptions = {
  folder: string
  machine: string
  driver: Pick<TaskDriver, 'logs' | 'releaseLogs' | 'onOutput'>
  /** Resolves when control has it. */
  send(batch: LogBatch, signal: AbortSignal): Promise<void>
  /** When this agent began (ms): lines of what ran before may be stored already. */
  openedAt: number
  /** Lines as they are read, before they are sent. */
  onRead(instance: string, lines: readonly string[]): void
  onShipped(task: string): void
  log: Log
}

type Position = { source: string; cursor: string | null; position: number; pending: { batch: LogBatch; cursor: string } | null }

export const positionFile = (folder: string, task: string): string => join(folder, `${task}.json`)

export function startTaskShipper(view: TaskView, options: ShipperOptions, closing: AbortSignal): TaskShipper {
  const { driver, log } = options
  const { who } = view
  const stop = new AbortController()
  const signal = AbortSignal.any([closing, stop.signal])
  const file = positionFile(options.folder, who.task)
  let hasEnded = view.status.state === 'exited'
  let wake = () => {}
  /** Nothing was there to ship. */
  let isIdle = false

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  async function ship(): Promise<void> {
    let at = await settle(await restore())
    using _ = watchOutput()
    let idle = idleMs.first
    for (;;) {
      signal.throwIfAborted()
      const wasLast = hasEnded
      const page = await driver.logs(who.task, at.cursor ?? undefined, pageBytes)
      const from = at.position + page.dropped
      if (page.entries.length === 0) {
        if (page.dropped === 0) {
          if (wasLast) return
          isIdle = true
          await pause(idle)
          isIdle = false
          idle = Math.min(idleMs.max, idle * 1.5)
        } else at = { ...at, cursor: page.cursor, position: from }
        continue
      }
      idle = idleMs.first
      options.onRead(who.instance, page.entries.map(({ text }) => text))
      const entries = page.entries.map((entry) => ({ ...entry, stream: streamOf(who, entry.stream) }))
      const batch: LogBatch = { source: at.source, ...labelsOf(who, options.machine), from, to: from + entries.length, dropped: page.dropped, entries }
      at = { ...at, pending: { batch, cursor: page.cursor } }
      await replaceFile(file, JSON.stringify(at), { sync: false }).catch((error: unknown) => log.warn({ task: who.task, error: messageOf(error) }, 'the position in a log could not be written; going on without'))
      at = await settle(at)
      if (!hasEnded && entries.length < busyEntries) await pause(idle)
    }
  }

  /** What comes after a silence is shipped at once. While there is something to ship, the pace is ours. */
  function watchOutput(): Disposable {
    const unwatch = driver.onOutput(who.task, () => void (isIdle && wake()))
    return { [Symbol.dispose]: unwatch }
  }

  /** Sends what is pending, if anything, and lets the driver give its space back. */
  async function settle({ source, cursor, position, pending }: Position): Promise<Position> {
    if (pending === null) return { source, cursor, position, pending }
    await options.send(pending.batch, signal)
    await driver.releaseLogs(who.task, pending.cursor).catch((error: unknown) => log.warn({ task: who.task, error: messageOf(error) }, 'stored output could not be given back'))
    return { source, cursor: pending.cursor, position: pending.batch.to, pending: null }
  }

  async function restore(): Promise<Position> {
    const known = await readJson<Position>(file).catch((error: unknown) => {
      log.warn({ task: who.task, error: messageOf(error) }, 'the position in a log could not be read')
      return null
    })
    // so that the driver knows that what lies before is not lost, should it have to drop some
    if (known?.pending) await driver.logs(who.task, known.pending.cursor, 0)
    if (known !== null) return known
    // Without its position, lines of a task that an earlier agent may have shipped would count as stored already: they
    // come from a source of their own, so that some may be there twice, but none is missing.
    const source = Date.parse(view.status.startedAt) < options.openedAt ? `${who.task}+${options.openedAt.toString(36)}` : who.task
    return { source, cursor: null, position: 0, pending: null }
  }

  async function run(): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await ship()
        return signal.aborted ? undefined : options.onShipped(who.task)
      } catch (error) {
        if (signal.aborted) return
        log.warn({ task: who.task, error: messageOf(error) }, 'the output of a task could not be read; trying again')
        await pause(backoffMs(retryMs.min, retryMs.max, tries))
      }
    }
  }

  return {
    ends() {
      if (hasEnded) return
      hasEnded = true
      wake()
    },
    stop: () => stop.abort(),
    done: run(),
  }
}

function labelsOf(who: TaskIdentity, machine: string) {
  const { app, environment, service, name, release } = who
  return { app, environment, service, instance: name, release, machine }
}

function streamOf(who: TaskIdentity, stream: LogStream): LogStream {
  return who.kind === 'release' ? 'release' : who.kind === 'run' ? 'run' : stream
}
