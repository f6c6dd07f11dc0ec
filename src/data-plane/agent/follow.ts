/** Probers, endpoints and drains follow the records: who is watched is probed, told to the proxy, and drained before its end. */
import type { Effects } from './effects.ts'
import type { Endpoints } from './endpoints.ts'
import type { HealthWatch } from './health-watch.ts'
import { serviceOf, type TaskView } from './identity.ts'
import type { HealthView } from './plan.ts'
import type { AgentState } from './state.ts'
import type { Next } from './supervision.ts'

export type Follower = {
  follow(tasks: readonly TaskView[]): void
  /** Tasks that have no request in flight any more. */
  drained: ReadonlySet<string>
}

type Watched = { view: TaskView; next: Extract<Next, { do: 'watch' }> }

export function createFollower(options: { state: Pick<AgentState, 'records'>; health: HealthWatch; endpoints: Endpoints; effects: Pick<Effects, 'busy'>; onDrained(): void }): Follower {
  const { state, health, endpoints, effects } = options
  const drained = new Set<string>()
  const drainAsked = new Set<string>()

  function tell({ view: { who, status }, next: { ending } }: Watched, seen: HealthView | undefined) {
    if (!status.address) return
    const isReady = seen?.state === 'ready'
    const at = !isReady ? 'unready' : !ending ? 'ready' : ending.drainMs > 0 ? 'draining' : 'unready'
    endpoints.set({ instance: who.instance, name: who.name, service: serviceOf(who), release: who.release, host: status.address.host, port: status.address.port, state: at })
    if (!ending || drainAsked.has(who.task)) return
    drainAsked.add(who.task)
    void endpoints.drain(who.instance, ending.drainMs).then(() => {
      drained.add(who.task)
      options.onDrained()
    })
  }

  /** What is no longer watched: it comes back, or it is gone. */
  function retire(watched: ReadonlySet<string>) {
    for (const { instance } of endpoints.list()) {
      if (watched.has(instance)) continue
      if (state.records().get(instance)?.next.do === 'start' || effects.busy().has(instance)) endpoints.unready(instance)
      else endpoints.gone(instance)
    }
  }

  return {
    follow(tasks) {
      const watched = tasks.flatMap((view): Watched[] => {
        const next = watchOf(state, view)
        return next && view.who.kind === 'service' && view.status.state === 'running' ? [{ view, next }] : []
      })
      health.watch(watched.map(({ view, next }) => ({ view, wasReady: next.readyAt !== null })))
      const views = health.views()
      for (const each of watched) tell(each, views.get(each.view.who.task))
      retire(new Set(watched.map(({ view }) => view.who.instance)))
      const known = new Set(tasks.map((view) => view.who.task))
      for (const set of [drained, drainAsked]) for (const task of set) if (!known.has(task)) set.delete(task)
    },
    drained,
  }
}

/** What the record of its instance says of that task, if it is the one that is watched. */
export function watchOf(state: Pick<AgentState, 'records'>, { who }: TaskView): Extract<Next, { do: 'watch' }> | null {
  const next = state.records().get(who.instance)?.next
  return next?.do === 'watch' && next.task === who.task ? next : null
}
