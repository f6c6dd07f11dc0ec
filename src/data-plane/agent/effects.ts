/**
 * What the plan's actions do. Each is one idempotent effect and never retries: when it fails it says so in the log (or
 * in the record) and the next plan decides.
 *
 * Long effects (start, stop, remove) run beside the loop. Their instance is `busy` until the loop has taken note of their
 * end with `settle()`, which it does *before* it asks the driver for its tasks: so no plan ever sees the new record with
 * the old list of tasks.
 */
import type { ExitStatus, InstanceSpec } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import type { TaskDriver, TaskStatus } from '#drivers/task/port.ts'
import type { Endpoints } from './endpoints.ts'
import { displayName, identityOf, type TaskView } from './identity.ts'
import type { Log } from './log.ts'
import { type Action, graceOf } from './plan.ts'
import type { Facts } from '../facts.ts'
import type { TaskLogs } from './shipping/task-logs.ts'
import type { Starter } from './starter.ts'
import type { AgentState } from './state.ts'
import { afterExit, afterPrepareFailure, causeOfEnd, type Ending, freshRecord, isFault, type Next, recordFor, startAttempt, type SupervisionRecord } from './supervision.ts'

export type EffectsOptions = {
  state: AgentState
  driver: TaskDriver
  starter: Starter
  endpoints: Endpoints
  facts: Pick<Facts, 'note'>
  logs: Pick<TaskLogs, 'forget' | 'telling'>
  /** Still wanted, now that its preparation took a while? */
  wanted(spec: InstanceSpec): boolean
  wake(): void
  now(): number
  log: Log
}

export type Effects = {
  /** True when the world changed at once, so that a new plan is due. */
  apply(action: Action): boolean
  busy(): ReadonlyMap<string, 'starting' | 'stopping'>
  /** Takes note of the long effects that have ended. */
  settle(): void
  startOnce(spec: InstanceSpec): Promise<TaskStatus>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  close(): void
}

const startsAtOnce = 8
const pauseAfterFailureMs = 1_000

export function createEffects(options: EffectsOptions): Effects {
  const { state, driver, starter, endpoints, facts, log } = options
  const busy = new Map<string, 'starting' | 'stopping'>()
  const removing = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const closing = new AbortController()
  const limit = limiter(startsAtOnce)
  let ended: (() => void)[] = []

  function inBackground(work: Promise<() => void>) {
    const all = work.then(
      (note) => {
        ended.push(note)
        options.wake()
      },
      (error: unknown) => log.error({ error: messageOf(error) }, 'an effect failed in a way nobody expected'),
    )
    underWay.add(all)
    void all.finally(() => underWay.delete(all))
  }

  async function start(asked: InstanceSpec): Promise<() => void> {
    const free = () => void busy.delete(asked.id)
    const before = recordFor(asked, state.records().get(asked.id))
    // the record can be ahead of a control plane that was restored from a backup
    const spec = { ...asked, generation: before.generation }
    const resumed = before.next.do === 'watch'
    const postpone = (because: string) => () => {
      if (!resumed) state.setRecord(afterPrepareFailure(before, because, options.now()))
      free()
    }
    let prepared
    try {
      prepared = await starter.prepare(spec, resumed ? before.attempt : before.attempt + 1)
    } catch (error) {
      log.warn({ instance: spec.id, name: displayName(spec), error: messageOf(error) }, 'an instance cannot be started yet')
      if (resumed) await sleep(pauseAfterFailureMs, closing.signal).catch(() => undefined)
      return postpone(messageOf(error))
    }
    try {
      if (!options.wanted(asked)) return free
      const record = resumed ? before : startAttempt(before, spec.restart, options.now())
      state.setRecord(record)
      const written = await state.save({ sync: spec.kind !== 'service' })
      if (!written && spec.kind !== 'service') {
        state.setRecord(before)
        return postpone('its attempt could not be written down, and it must not run twice (is the disk full?)')
      }
      return await startProcess(spec, record, prepared.task)
    } finally {
      prepared.release()
    }
  }

  async function startProcess(spec: InstanceSpec, record: SupervisionRecord, task: Parameters<TaskDriver['start']>[0]): Promise<() => void> {
    const since = options.now()
    const who = identityOf(spec, record.attempt, task.port)
    try {
      const status = await driver.start(task, closing.signal)
      log.info({ task: task.id, name: displayName(spec), pid: status.pid, port: task.port }, 'started')
      facts.note({ kind: 'instance.started', who, about: task.id, data: { generation: spec.generation, attempt: record.attempt, pid: status.pid, address: status.address } })
      return () => {
        if (record.next.do === 'watch') state.setRecord({ ...record, next: { ...record.next, since, started: true } })
        busy.delete(spec.id)
      }
    } catch (error) {
      const failure = messageOf(error)
      log.warn({ task: task.id, name: displayName(spec), error: failure }, 'an instance could not be started')
      return () => {
        const next = afterExit(record, spec, { exit: null, ranMs: 0, failure }, options.now())
        state.setRecord(next)
        tellNext(who, next, { failure })
        busy.delete(spec.id)
      }
    }
  }

  /** What follows an end, for the journal. */
  function tellNext(who: ReturnType<typeof identityOf>, record: SupervisionRecord, data: Record<string, unknown>) {
    const { next } = record
    if (next.do !== 'start' || !next.restart) return
    const retryAt = new Date(Math.max(next.at, options.now())).toISOString()
    const kind = next.held ? 'instance.held' : 'instance.restarting'
    facts.note({ kind, who, about: who.task, data: { ...data, because: next.because, retryAt, restarts: record.restarts, lastExit: record.lastExit } })
    if (next.held) log.warn({ instance: who.instance, name: displayName(who), because: next.because }, 'held')
  }

  function noteExit(action: Extract<Action, { do: 'note-exit' }>) {
    const record = state.records().get(action.instance)
    if (record?.next.do !== 'watch') return
    const { next } = record
    const now = options.now()
    const exit = action.view?.status.exit ?? null
    const startedAt = action.view ? Date.parse(action.view.status.startedAt) : next.since
    const ranMs = Math.max(0, (exit ? Date.parse(exit.at) : now) - startedAt)
    const said = options.logs.telling(action.instance)
    const after: SupervisionRecord = action.spec
      ? afterExit(record, action.spec, { exit, ranMs, ...(action.view ? {} : { failure: action.because }), ...(said === null ? {} : { said }) }, now)
      : { ...record, lastExit: exit, next: { do: 'none', because: next.ending?.because ?? action.because } }
    state.setRecord(after)
    const who = action.view?.who ?? (action.spec && identityOf(action.spec, record.attempt, null))
    const ignored = action.view && next.ending ? ignoredStop(action.view, next.ending, exit) : null
    const wanted = next.ending && !isFault(next.ending.reason)
    if (who) {
      const data = { generation: record.generation, attempt: record.attempt, ranMs, noticedAfterMs: exit ? Math.max(0, now - Date.parse(exit.at)) : null, because: next.ending?.because ?? null, cause: causeOfEnd(next.ending, exit), code: exit?.code ?? null, signal: exit?.signal ?? null, oom: exit?.oom ?? false, ...(ignored === null ? {} : { ignored }) }
      const kind = wanted ? 'instance.stopped' : action.view ? 'instance.exited' : 'instance.vanished'
      facts.note({ kind, who, about: next.task, data })
      tellNext(who, after, data)
      if (kind === 'instance.vanished' || data.cause === 'killed') void tellTrace(who)
      log.info({ task: next.task, name: displayName(who), exit, ranMs, because: next.ending?.because, next: describeNext(after.next) }, 'ended')
    }
    if (after.next.do === 'start') endpoints.unready(action.instance)
    else endpoints.gone(action.instance)
  }

  /** By somebody else's hand: what the machine knows of that. A fact of its own, since its end must wait for nothing. */
  async function tellTrace(who: ReturnType<typeof identityOf>) {
    const trace = await driver.trace(who.task).catch(() => null)
    if (trace !== null && !closing.signal.aborted) facts.note({ kind: 'instance.traced', who, about: who.task, data: { trace } })
  }

  async function stop(view: TaskView, signal: string, graceMs: number): Promise<() => void> {
    try {
      await driver.stop(view.who.task, { signal, graceMs })
    } catch (error) {
      log.warn({ task: view.who.task, error: messageOf(error) }, 'a task could not be stopped; trying again')
      await sleep(pauseAfterFailureMs, closing.signal).catch(() => undefined)
    }
    return () => void busy.delete(view.who.instance)
  }

  async function remove(view: TaskView): Promise<() => void> {
    try {
      await options.logs.forget(view.who.task)
      await driver.remove(view.who.task)
    } catch (error) {
      log.warn({ task: view.who.task, error: messageOf(error) }, 'an ended task could not be removed; trying again')
      await sleep(5 * pauseAfterFailureMs, closing.signal).catch(() => undefined)
    }
    return () => void removing.delete(view.who.task)
  }

  function adopt(view: TaskView) {
    const { who } = view
    const record = state.records().get(who.instance) ?? freshRecord({ id: who.instance, generation: who.generation })
    const next: Next = { do: 'watch', task: who.task, since: Date.parse(view.status.startedAt), started: true, readyAt: null, ending: null }
    state.setRecord({ ...record, generation: who.generation, attempt: who.attempt, next })
    log.info({ task: who.task, name: displayName(who), pid: view.status.pid }, 'adopted')
  }

  return {
    apply(action) {
      if (closing.signal.aborted) return false
      switch (action.do) {
        case 'adopt':
          adopt(action.view)
          return true
        case 'note-exit':
          noteExit(action)
          return true
        case 'forget':
          state.deleteRecord(action.instance)
          return true
        case 'end': {
          const record = state.records().get(action.instance)
          if (record?.next.do !== 'watch') return false
          const ending = { reason: action.reason, because: action.because, since: options.now(), drainMs: action.drainMs }
          state.setRecord({ ...record, next: { ...record.next, ending } })
          log.info({ task: action.view.who.task, name: displayName(action.view.who), because: action.because }, 'ending')
          return true
        }
        case 'start':
          busy.set(action.instance, 'starting')
          inBackground(limit(() => start(action.spec)))
          return false
        case 'stop':
          busy.set(action.instance, 'stopping')
          inBackground(stop(action.view, action.signal, action.graceMs))
          return false
        case 'remove':
          if (removing.has(action.view.who.task)) return false
          removing.add(action.view.who.task)
          inBackground(remove(action.view))
          return false
      }
    },
    busy: () => busy,
    settle() {
      const notes = ended
      ended = []
      for (const note of notes) note()
    },
    async startOnce(spec) {
      const prepared = await starter.prepare(spec, 1)
      try {
        return await driver.start(prepared.task, closing.signal)
      } finally {
        prepared.release()
      }
    },
    async idle() {
      while (underWay.size > 0) await Promise.all(underWay)
    },
    close: () => closing.abort(),
  }
}

/** It was asked to end, did not within its grace, and was killed. */
function ignoredStop({ who }: TaskView, { reason, since }: Ending, exit: ExitStatus | null): { signal: string; graceMs: number } | null {
  const graceMs = graceOf(who.stop, reason)
  const { signal } = who.stop
  if (exit?.signal !== 'SIGKILL' || exit.oom || signal === 'SIGKILL' || graceMs === 0) return null
  return Date.parse(exit.at) - since >= graceMs ? { signal, graceMs } : null
}

function describeNext(next: Next): string {
  return next.do === 'watch' ? `watch ${next.task}` : next.because
}

function limiter(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const queue: (() => void)[] = []
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve))
    running++
    try {
      return await work()
    } finally {
      running--
      queue.shift()?.()
    }
  }
}
