/**
 * observe → plan → apply, for the tasks of this machine.
 *
 * A wake-up (an exit, a probe, a new desired state, an effect that ended) is only a hint: each turn reads everything
 * again. The period finds what a wake-up missed. Turns never overlap.
 */
import type { InstanceSpec, ObservedInstance } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Effects } from './effects.ts'
import type { Endpoints } from './endpoints.ts'
import type { HealthWatch } from './health-watch.ts'
import { readTask, serviceOf, type TaskView } from './identity.ts'
import type { Log } from './log.ts'
import { type HealthView, type Plan, plan, type Wait } from './plan.ts'
import type { TaskLogs } from './shipping/task-logs.ts'
import type { AgentState } from './state.ts'

export type LoopStatus = { startedAt: string; tookMs: number; actions: string[]; waiting: Wait[]; error: string | null }

export type Loop = {
  wake(): void
  tasks(): readonly TaskView[]
  runningTask(instance: string): string | null
  status(): LoopStatus | null
  /** Stops every task, and resolves when none runs. */
  stopAll(): Promise<void>
  isStopping(): boolean
  close(): Promise<void>
}

export type LoopOptions = {
  state: AgentState
  driver: TaskDriver
  effects: Effects
  endpoints: Endpoints
  health: HealthWatch
  logs: Pick<TaskLogs, 'watch' | 'shipped'>
  leaks(): ReadonlyMap<string, string>
  sessionTasks(): ReadonlySet<string>
  onObserved(instances: ObservedInstance[]): void
  now(): number
  periodMs: number
  log: Log
}

/** Enough for adopt → exit → start → … of one instance; what is left comes in the next turn. */
const mostRounds = 6

export function startLoop(options: LoopOptions): Loop {
  const { state, driver, effects, endpoints, health, log } = options
  let tasks: readonly TaskView[] = []
  let status: LoopStatus | null = null
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> | undefined
  let again = false
  let stopping = false
  let closed = false
  let saidError = false
  const drained = new Set<string>()
  const drainAsked = new Set<string>()
  let stopped: (() => void) | undefined

  async function turn(): Promise<number | null> {
    const startedAt = options.now()
    effects.settle()
    tasks = (await driver.list()).flatMap((found) => readTask(found) ?? [])
    options.logs.watch(tasks.filter(isShipped))
    const done: string[] = []
    let decided: Plan
    for (let round = 1; ; round++) {
      decided = plan(world(), options.now())
      let changed = false
      for (const action of decided.actions) {
        done.push(`${action.do} ${action.instance}: ${action.because}`)
        changed = effects.apply(action) || changed
      }
      follow()
      if (!changed) break
      if (round === mostRounds) {
        again = true
        break
      }
    }
    endpoints.announce()
    await state.save()
    options.onObserved(plan(world(), options.now()).observed)
    status = { startedAt: new Date(startedAt).toISOString(), tookMs: options.now() - startedAt, actions: done, waiting: decided.waits, error: null }
    if (stopping && effects.busy().size === 0 && !tasks.some((view) => view.status.state === 'running')) stopped?.()
    return decided.wakeAt
  }

  /** A terminal's output goes to the terminal, not to the logs. */
  function isShipped({ who }: TaskView): boolean {
    return who.kind !== 'run' || state.desired().instances.some((spec) => spec.id === who.instance)
  }

  function world() {
    return {
      desired: state.desired(),
      tasks,
      records: state.records(),
      health: health.views(),
      leaks: options.leaks(),
      drained,
      shipped: options.logs.shipped(),
      busy: effects.busy(),
      sessions: options.sessionTasks(),
      stopping,
    }
  }

  /** Probers, endpoints and drains follow the records. */
  function follow() {
    const watched = tasks.filter((view) => {
      const next = state.records().get(view.who.instance)?.next
      return view.who.kind === 'service' && view.status.state === 'running' && next?.do === 'watch' && next.task === view.who.task
    })
    health.watch(watched.map((view) => ({ view, wasReady: readyAt(view) !== null })))
    const views = health.views()
    for (const view of watched) tellEndpoint(view, views.get(view.who.task))
    const here = new Set(watched.map((view) => view.who.instance))
    for (const { instance } of endpoints.list()) {
      if (here.has(instance)) continue
      if (state.records().get(instance)?.next.do === 'start' || effects.busy().has(instance)) endpoints.unready(instance)
      else endpoints.gone(instance)
    }
    const known = new Set(tasks.map((view) => view.who.task))
    for (const set of [drained, drainAsked]) for (const task of set) if (!known.has(task)) set.delete(task)
  }

  function readyAt(view: TaskView): string | null {
    const next = state.records().get(view.who.instance)?.next
    return next?.do === 'watch' && next.task === view.who.task ? next.readyAt : null
  }

  function tellEndpoint(view: TaskView, seen: HealthView | undefined) {
    const { who, status: found } = view
    const next = state.records().get(who.instance)?.next
    if (!found.address || next?.do !== 'watch') return
    const { ending } = next
    const at = ending ? (ending.drainMs > 0 && seen?.state === 'ready' ? 'draining' : 'unready') : seen?.state === 'ready' ? 'ready' : 'unready'
    endpoints.set({ instance: who.instance, name: who.name, service: serviceOf(who), release: who.release, host: found.address.host, port: found.address.port, state: at })
    if (!ending || drainAsked.has(who.task)) return
    drainAsked.add(who.task)
    void endpoints.drain(who.instance, ending.drainMs).then(() => {
      drained.add(who.task)
      wake()
    })
  }

  async function turns(): Promise<void> {
    do {
      again = false
      clearTimeout(timer)
      let wakeAt: number | null
      try {
        wakeAt = await turn()
        if (saidError) log.info({}, 'the loop works again')
        saidError = false
      } catch (error) {
        wakeAt = options.now() + Math.min(1_000, options.periodMs)
        if (!saidError) log.error({ error: messageOf(error) }, 'a turn of the loop failed; trying again')
        saidError = true
        if (status) status = { ...status, error: messageOf(error) }
      }
      const delay = Math.min(options.periodMs, Math.max(0, (wakeAt ?? Infinity) - options.now()))
      if (!closed) timer = setTimeout(wake, delay)
    } while (again && !closed)
  }

  function wake() {
    if (closed) return
    if (turning) {
      again = true
      return
    }
    turning = turns().finally(() => {
      turning = undefined
      if (again) wake()
    })
  }

  const unsubscribe = driver.onExit((id) => {
    // Out of rotation within milliseconds; the turn finds out the rest.
    const view = tasks.find((candidate) => candidate.who.task === id)
    const next = view && state.records().get(view.who.instance)?.next
    if (view && next?.do === 'watch' && next.task === id) endpoints.unready(view.who.instance)
    wake()
  })
  wake()

  return {
    wake,
    tasks: () => tasks,
    runningTask(instance) {
      const next = state.records().get(instance)?.next
      if (next?.do !== 'watch') return null
      return tasks.find((view) => view.who.task === next.task && view.status.state === 'running')?.who.task ?? null
    },
    status: () => status,
    stopAll() {
      stopping = true
      wake()
      return new Promise((resolve) => {
        stopped = resolve
      })
    },
    isStopping: () => stopping,
    async close() {
      closed = true
      unsubscribe()
      clearTimeout(timer)
      await turning
      effects.settle()
      await state.save()
    },
  }
}

export function stillDesired(state: AgentState, spec: InstanceSpec): boolean {
  const now = state.desired().instances.find((candidate) => candidate.id === spec.id)
  return now !== undefined && now.generation === spec.generation
}
