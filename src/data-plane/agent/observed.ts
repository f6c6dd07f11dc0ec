import type { InstanceSpec, InstanceState, ObservedInstance } from '#contract/wire.ts'
import type { TaskView } from './identity.ts'
import type { HealthView } from './plan.ts'
import type { SupervisionRecord } from './supervision.ts'

/** Failed preparations in a row (some two minutes of them) after which waiting has become a fault. */
const hopelessPrepares = 12
const beingPrepared = 'its artifact and its port are being prepared'

type Seen = {
  id: string
  spec: InstanceSpec | null
  record: SupervisionRecord | undefined
  views: readonly TaskView[]
  world: { health: ReadonlyMap<string, HealthView>; busy: ReadonlyMap<string, 'starting' | 'stopping'> }
  /** What the plan waits for, if anything. */
  because: string | null
  now: number
}

/** What control is told about one instance; null when there is nothing left of it to tell. */
export function observedInstance(seen: Seen): ObservedInstance | null {
  const { spec, record, views, now } = seen
  if (!spec && !views.some((view) => view.status.state === 'running')) return null
  const next = record?.next
  const current = next?.do === 'watch' ? views.find((view) => view.who.task === next.task) : undefined
  const { state, because } = stateOf(seen, current)
  const retryAt = next?.do === 'start' && next.at > now ? new Date(next.at).toISOString() : null
  return {
    id: seen.id,
    generation: record?.generation ?? spec?.generation ?? views[0]?.who.generation ?? 0,
    state,
    because,
    attempt: record?.attempt ?? 0,
    restarts: record?.restarts ?? 0,
    pid: current?.status.pid ?? null,
    address: current?.status.address ?? null,
    startedAt: current?.status.startedAt ?? null,
    readyAt: next?.do === 'watch' ? next.readyAt : null,
    retryAt,
    lastExit: record?.lastExit ?? null,
  }
}

function stateOf(seen: Seen, current: TaskView | undefined): { state: InstanceState; because: string } {
  const { record, world } = seen
  const busy = world.busy.get(seen.id)
  const next = record?.next
  // what is only being prepared may yet find its port taken or its artifact away: it has not started
  if (!next) return { state: 'waiting', because: busy ? beingPrepared : (seen.because ?? 'about to start') }
  if (next.do === 'none') return { state: 'exited', because: next.because }
  if (next.do === 'start') {
    if (busy === 'starting' && next.restart) return { state: 'starting', because: 'it is being started' }
    const preparing = record.prepares > 0 ? next.because : beingPrepared
    const because = busy === 'starting' ? preparing : (seen.because ?? next.because)
    return { state: next.held ? 'held' : next.restart || record.prepares >= hopelessPrepares ? 'backoff' : 'waiting', because }
  }
  if (next.ending) {
    const drained = busy === 'stopping' || next.ending.drainMs === 0
    return { state: drained ? 'stopping' : 'draining', because: seen.because && !busy ? seen.because : next.ending.because }
  }
  if (!current) return { state: 'starting', because: again(record) ?? 'it is being started' }
  if (current.who.kind !== 'service') return { state: 'starting', because: 'it runs' }
  const health = world.health.get(current.who.task)
  if (!health) return { state: 'starting', because: again(record) ?? 'it has just been started' }
  if (health.state === 'failed') return { state: 'stopping', because: health.because }
  if (health.early) return { state: 'starting', because: seen.because ?? again(record) ?? health.because }
  return { state: health.state === 'doubtful' ? 'unhealthy' : health.state, because: seen.because ?? health.because }
}

/** One that has just been started again only shows that it does not listen yet; how the run before it ended says more. */
function again({ lastFault }: SupervisionRecord): string | undefined {
  return lastFault === undefined ? undefined : `it is being tried again; the last time ${lastFault}`
}
