/**
 * observe → plan → apply, for the tasks of this machine.
 *
 * A wake-up (an exit, a probe, a new desired state, an effect that ended) is only a hint: each turn reads everything
 * again. The period finds what a wake-up missed (`turns.ts`).
 */
import type { InstanceSpec, ObservedInstance } from '#contract/wire.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Effects } from './effects.ts'
import type { Endpoints } from './endpoints.ts'
import { createFollower, watchOf } from './follow.ts'
import type { HealthWatch } from './health-watch.ts'
import { readTask, type TaskView } from './identity.ts'
import type { Log } from './log.ts'
import { plan, type Wait, type World } from './plan.ts'
import type { TaskLogs } from './shipping/task-logs.ts'
import type { AgentState } from './state.ts'
import { startTurns } from './turns.ts'

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
  const { state, driver, effects, endpoints, health } = options
  let tasks: readonly TaskView[] = []
  let status: LoopStatus | null = null
  let stopping = false
  let stopped: (() => void) | undefined
  const wake = () => turns.wake()
  const follower = createFollower({ state, health, endpoints, effects, onDrained: wake })

  const world = (): World => ({
    desired: state.desired(),
    tasks,
    records: state.records(),
    health: health.views(),
    leaks: options.leaks(),
    drained: follower.drained,
    shipped: options.logs.shipped(),
    busy: effects.busy(),
    sessions: options.sessionTasks(),
    stopping,
  })

  async function turn(): Promise<number | null> {
    const startedAt = options.now()
    effects.settle()
    tasks = (await driver.list()).flatMap((found) => readTask(found) ?? [])
    options.logs.watch(tasks.filter((view) => isShipped(state, view)))
    const { actions, waits, wakeAt } = act()
    endpoints.announce()
    await state.save()
    options.onObserved(plan(world(), options.now()).observed)
    status = { startedAt: new Date(startedAt).toISOString(), tookMs: options.now() - startedAt, actions, waiting: waits, error: null }
    if (stopping && effects.busy().size === 0 && !tasks.some((view) => view.status.state === 'running')) stopped?.()
    return wakeAt
  }

  /** Plans and applies until nothing changes at once any more; the last plan, and all that was done. */
  function act(): { actions: string[]; waits: Wait[]; wakeAt: number | null } {
    const done: string[] = []
    for (let round = 1; ; round++) {
      const { actions, waits, wakeAt } = plan(world(), options.now())
      let changed = false
      for (const action of actions) {
        done.push(`${action.do} ${action.instance}: ${action.because}`)
        changed = effects.apply(action) || changed
      }
      follower.follow(tasks)
      if (changed && round === mostRounds) wake()
      if (!changed || round === mostRounds) return { actions: done, waits, wakeAt }
    }
  }

  const turns = startTurns({ turn, onError: (error) => void (status &&= { ...status, error }), periodMs: options.periodMs, now: options.now, log: options.log })

  const unsubscribe = driver.onExit((id) => {
    // Out of rotation within milliseconds; the turn finds out the rest.
    const view = tasks.find((candidate) => candidate.who.task === id)
    if (view && watchOf(state, view)) endpoints.unready(view.who.instance)
    wake()
  })
  wake()

  return {
    wake,
    tasks: () => tasks,
    runningTask: (instance) => tasks.find((view) => view.who.instance === instance && view.status.state === 'running' && watchOf(state, view))?.who.task ?? null,
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
      unsubscribe()
      await turns.close()
      effects.settle()
      await state.save()
    },
  }
}

/** A terminal's output goes to the terminal, not to the logs. */
function isShipped(state: AgentState, { who }: TaskView): boolean {
  return who.kind !== 'run' || state.desired().instances.some((spec) => spec.id === who.instance)
}

export function stillDesired(state: AgentState, spec: InstanceSpec): boolean {
  const now = state.desired().instances.find((candidate) => candidate.id === spec.id)
  return now !== undefined && now.generation === spec.generation
}
