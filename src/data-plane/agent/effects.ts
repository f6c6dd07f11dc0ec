/**
 * What the plan's actions do. Each is one idempotent effect and never retries: when it fails it says so in the log (or
 * in the record) and the next plan decides.
 *
 * Long effects (start, stop, remove) run beside the loop. Their instance is `busy` until the loop has taken note of their
 * end with `settle()`, which it does *before* it asks the driver for its tasks: so no plan ever sees the new record with
 * the old list of tasks.
 */
import type { InstanceSpec } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import type { TaskDriver, TaskStatus } from '#drivers/task/port.ts'
import { createBackground, limiter } from './background.ts'
import type { Endpoints } from './endpoints.ts'
import { noteExit } from './endings.ts'
import { displayName, type TaskView } from './identity.ts'
import type { Log } from './log.ts'
import type { Action } from './plan.ts'
import type { Facts } from '../facts.ts'
import type { TaskLogs } from './shipping/task-logs.ts'
import type { Starter } from './starter.ts'
import { startInstance } from './starting.ts'
import type { AgentState } from './state.ts'
import { freshRecord, type Next } from './supervision.ts'

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

/** What every effect may use. */
type Tools = EffectsOptions & { closing: AbortSignal }

const startsAtOnce = 8
const pauseAfterFailureMs = 1_000

export function createEffects(options: EffectsOptions): Effects {
  const closing = new AbortController()
  const tools: Tools = { ...options, closing: closing.signal }
  const busy = new Map<string, 'starting' | 'stopping'>()
  const removing = new Set<string>()
  const background = createBackground({ onEnded: options.wake, log: options.log })
  const limit = limiter(startsAtOnce)

  function beside(action: Extract<Action, { do: 'start' | 'stop' }>): void {
    busy.set(action.instance, action.do === 'start' ? 'starting' : 'stopping')
    const work = action.do === 'start' ? limit(() => startInstance(tools, action.spec)) : stop(tools, action)
    background.run(work.then((note) => () => {
      note()
      busy.delete(action.instance)
    }))
  }

  function removeOnce({ view }: Extract<Action, { do: 'remove' }>): void {
    const { task } = view.who
    if (removing.has(task)) return
    removing.add(task)
    background.run(remove(tools, task).then(() => () => void removing.delete(task)))
  }

  return {
    apply(action) {
      if (closing.signal.aborted) return false
      if (action.do === 'start' || action.do === 'stop') beside(action)
      else if (action.do === 'remove') removeOnce(action)
      else return change(tools, action)
      return false
    },
    busy: () => busy,
    settle: background.settle,
    async startOnce(spec) {
      const prepared = await options.starter.prepare(spec, 1)
      try {
        return await options.driver.start(prepared.task, closing.signal)
      } finally {
        prepared.release()
      }
    },
    idle: background.idle,
    close: () => closing.abort(),
  }
}

/** What changes a record and nothing else. True when it did. */
function change(tools: Tools, action: Exclude<Action, { do: 'start' | 'stop' | 'remove' }>): boolean {
  switch (action.do) {
    case 'adopt':
      adopt(tools, action.view)
      return true
    case 'note-exit':
      noteExit(tools, action)
      return true
    case 'forget':
      tools.state.deleteRecord(action.instance)
      return true
    case 'end':
      return end(tools, action)
  }
}

function adopt({ state, log }: Tools, view: TaskView): void {
  const { who } = view
  const record = state.records().get(who.instance) ?? freshRecord({ id: who.instance, generation: who.generation })
  const next: Next = { do: 'watch', task: who.task, since: Date.parse(view.status.startedAt), started: true, readyAt: null, ending: null }
  state.setRecord({ ...record, generation: who.generation, attempt: who.attempt, next })
  log.info({ task: who.task, name: displayName(who), pid: view.status.pid }, 'adopted')
}

function end({ state, now, log }: Tools, { instance, view, reason, because, drainMs }: Extract<Action, { do: 'end' }>): boolean {
  const record = state.records().get(instance)
  if (record?.next.do !== 'watch') return false
  state.setRecord({ ...record, next: { ...record.next, ending: { reason, because, since: now(), drainMs } } })
  log.info({ task: view.who.task, name: displayName(view.who), because }, 'ending')
  return true
}

/** Its note is empty: that the task has ended is seen in the list. */
async function stop({ driver, closing, log }: Tools, { view, signal, graceMs }: Extract<Action, { do: 'stop' }>): Promise<() => void> {
  try {
    await driver.stop(view.who.task, { signal, graceMs })
  } catch (error) {
    log.warn({ task: view.who.task, error: messageOf(error) }, 'a task could not be stopped; trying again')
    await sleep(pauseAfterFailureMs, closing).catch(() => undefined)
  }
  return () => {}
}

async function remove({ logs, driver, closing, log }: Tools, task: string): Promise<void> {
  try {
    await logs.forget(task)
    await driver.remove(task)
  } catch (error) {
    log.warn({ task, error: messageOf(error) }, 'an ended task could not be removed; trying again')
    await sleep(5 * pauseAfterFailureMs, closing).catch(() => undefined)
  }
}
