import type { ObservedInstance } from '#contract/wire.ts'
import { type Action, type HealthView, plan, type World } from '../plan.ts'
import { afterExit, freshRecord, recordFor, startAttempt, type SupervisionRecord } from '../supervision.ts'
import { taskView } from './specs.ts'

export function worldOf(more: Partial<World> & Pick<World, 'desired'>): World {
  return { tasks: [], records: new Map(), health: new Map(), leaks: new Map(), drained: new Set(), shipped: new Set(), busy: new Map(), sessions: new Set(), stopping: false, ...more }
}

/**
 * Follows plans in a world where every effect succeeds at once: started services become ready (or crash, if told),
 * one-shots exit with 0, output is stored. Time passes only when a plan waits for it.
 */
export function simulate(start: World, now: number, options: { steps?: number; crashes?: (attempt: number) => boolean } = {}) {
  let tasks = [...start.tasks]
  const records = new Map(start.records)
  const health = new Map(start.health)
  const done: Action[] = []
  const observedAlong: ObservedInstance[] = []
  const world = (): World => ({ ...start, tasks, records, health, shipped: new Set(tasks.map((view) => view.who.task)) })

  function exit(task: string, code: number | null, signal: string | null) {
    tasks = tasks.map((view) => (view.who.task === task ? { ...view, status: { ...view.status, state: 'exited', exit: { code, signal, oom: false, at: new Date(now).toISOString() } } } : view))
    health.delete(task)
  }

  function apply(action: Action) {
    const record = records.get(action.instance)
    switch (action.do) {
      case 'adopt': {
        const { who } = action.view
        records.set(who.instance, { ...(record ?? freshRecord({ id: who.instance, generation: who.generation })), generation: who.generation, attempt: who.attempt, next: { do: 'watch', task: who.task, since: 0, started: true, readyAt: null, ending: null } })
        if (who.kind === 'service' && action.view.status.state === 'running') health.set(who.task, { state: 'ready', because: 'it answers' })
        if (who.kind === 'release' && action.view.status.state === 'running') exit(who.task, 0, null)
        return
      }
      case 'start': {
        const before = recordFor(action.spec, record)
        const next = before.next.do === 'watch' ? before : startAttempt(before, action.spec.restart, now)
        records.set(action.instance, next.next.do === 'watch' ? { ...next, next: { ...next.next, started: true } } : next)
        const view = taskView({ ...action.spec, generation: next.generation }, next.attempt, { startedAt: new Date(now).toISOString() })
        tasks.push(view)
        if (action.spec.kind !== 'service') exit(view.who.task, 0, null)
        else if (options.crashes?.(next.attempt)) exit(view.who.task, 1, null)
        else health.set(view.who.task, { state: 'ready', because: 'it answers' })
        return
      }
      case 'note-exit': {
        if (!record) return
        const exited = action.view?.status.exit ?? null
        records.set(action.instance, action.spec ? afterExit(record, action.spec, { exit: exited, ranMs: 0 }, now) : ({ ...record, next: { do: 'none', because: 'over' } } satisfies SupervisionRecord))
        return
      }
      case 'end':
        if (record?.next.do === 'watch') records.set(action.instance, { ...record, next: { ...record.next, ending: { reason: action.reason, because: action.because, since: now, drainMs: action.drainMs } } })
        return
      case 'stop':
        exit(action.view.who.task, null, action.signal)
        return
      case 'remove':
        tasks = tasks.filter((view) => view.who.task !== action.view.who.task)
        return
      case 'forget':
        records.delete(action.instance)
        return
    }
  }

  for (let step = 0; step < (options.steps ?? 200); step++) {
    for (const view of tasks) {
      const next = records.get(view.who.instance)?.next
      const isRunning = view.status.state === 'running'
      if (isRunning && next?.do === 'watch' && next.task === view.who.task && view.who.kind === 'service' && !health.has(view.who.task)) health.set(view.who.task, { state: 'ready', because: 'it answers' } satisfies HealthView)
      if (isRunning && view.who.kind === 'release' && next?.do === 'watch') exit(view.who.task, 0, null)
    }
    for (const [task, seen] of health) if (seen.state === 'starting' || seen.state === 'doubtful') health.set(task, { state: 'ready', because: 'it answers' })
    const decided = plan(world(), now)
    observedAlong.push(...decided.observed)
    if (decided.actions.length === 0) {
      if (decided.wakeAt === null) break
      now = Math.max(now, decided.wakeAt)
      continue
    }
    for (const action of decided.actions) {
      done.push(action)
      apply(action)
    }
  }
  return { final: { world: world(), now }, done, observedAlong }
}
