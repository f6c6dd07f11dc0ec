/**
 * What the agent does next, and what it waits for, each with `because`. Pure, total, deterministic: the same world and
 * the same `now` give the same plan, whatever the order of the inputs.
 *
 * It decides about instances one by one; only `needs` looks at others. It does not know drivers, sockets or files.
 *
 * Invariants
 * - A task without our labels is not in the world. A task of ours that no desired state names is ended only when the
 *   desired state is one that control has spoken (`generation` > 0).
 * - One operation per instance at a time: while one is `busy`, nothing else is planned for it.
 * - An instance that runs as desired and is not sick gets no action.
 * - A sick need never restarts its callers, neither at once nor through their own failing health checks, which may be seen before its own.
 */
import type { DesiredState, InstanceSpec, ObservedInstance } from '#contract/wire.ts'
import { formatDuration } from '#base/units.ts'
import type { ServiceKey } from '#contract/names.ts'
import { serviceOf, type TaskView } from './identity.ts'
import { type Goodness, Needs } from './needs.ts'
import { observedInstance } from './observed.ts'
import { type EndReason, type Ending, type Next, longestHoldMs, type SupervisionRecord, recordFor } from './supervision.ts'

export type HealthView = {
  /**
   * `doubtful`: it answers later than it should, so it is out of rotation until it answers again; that alone restarts nothing.
   * `failed`: it never became ready within its startup grace.
   */
  state: 'starting' | 'ready' | 'doubtful' | 'unhealthy' | 'failed'
  because: string
  /** What is wrong, where that is known. */
  cause?: 'frozen' | 'hang' | 'check'
  /** ready: when the newest and the first of the probes in a row began that it passed (ms); absent: nobody probes it. */
  goodAt?: number
  goodSince?: number
  /** unhealthy: so of those that it failed. */
  badSince?: number
  badAt?: number
  /** Only that it has just been started: why the run before it ended says more. */
  early?: true
}

export type World = {
  desired: DesiredState
  tasks: readonly TaskView[]
  records: ReadonlyMap<string, SupervisionRecord>
  /** By task. */
  health: ReadonlyMap<string, HealthView>
  /** By task: why it is to be replaced before its memory limit kills it. */
  leaks: ReadonlyMap<string, string>
  /** Tasks that have no request in flight any more. */
  drained: ReadonlySet<string>
  /** Exited tasks of which every line is stored elsewhere. */
  shipped: ReadonlySet<string>
  /** Instances with an operation under way. */
  busy: ReadonlyMap<string, 'starting' | 'stopping'>
  /** Tasks that belong to a terminal session: the sessions look after them. */
  sessions: ReadonlySet<string>
  /** All apps are to stop now (`nightshift down --apps`). */
  stopping: boolean
}

export type Action = { instance: string; because: string } & (
  | { do: 'adopt'; view: TaskView }
  | { do: 'start'; spec: InstanceSpec }
  /** The watched task has ended; `view` is null when the driver no longer knows it. */
  | { do: 'note-exit'; spec: InstanceSpec | null; view: TaskView | null }
  /** Out of rotation, and (when `drainMs` > 0) wait for the requests in flight. */
  | { do: 'end'; view: TaskView; reason: EndReason; drainMs: number }
  | { do: 'stop'; view: TaskView; signal: string; graceMs: number }
  /** Forget an exited task and its files. */
  | { do: 'remove'; view: TaskView }
  | { do: 'forget' }
)

export type Wait = { instance: string; because: string; /** ms; null = until something happens */ until: number | null }

export type Plan = {
  actions: Action[]
  waits: Wait[]
  observed: ObservedInstance[]
  /** When to look again at the latest (ms), or null. */
  wakeAt: number | null
}

/** Exited tasks kept per instance while their lines can't be stored (control is away). */
const keptExits = 10
/** A hung process rarely uses its grace, and its callers wait; a frozen one cannot use it. */
const mostGraceMs: Partial<Record<EndReason, number>> = { unhealthy: 1_000, frozen: 0 }
const stopAllDrainMs = 1_000
const lookAgainMs = 250

export function plan(world: World, now: number): Plan {
  const byInstance = new Map<string, TaskView[]>()
  for (const view of world.tasks) {
    const list = byInstance.get(view.who.instance)
    if (list) list.push(view)
    else byInstance.set(view.who.instance, [view])
  }
  const specs = new Map(world.desired.instances.map((spec) => [spec.id, spec]))
  const needs = new Needs(world.desired.instances, readyServices(world))
  const settled = settledServices(world)
  const out: Plan = { actions: [], waits: [], observed: [], wakeAt: null }
  const ids = new Set([...specs.keys(), ...byInstance.keys(), ...world.records.keys()])
  for (const id of [...ids].sort()) {
    const views = (byInstance.get(id) ?? []).sort(newestFirst)
    const one = planInstance({ world, needs, settled, spec: specs.get(id) ?? null, record: world.records.get(id), views, id, now })
    out.actions.push(...one.actions)
    // one at a time: with this one leaving, its service is settled no more
    for (const action of one.actions) if (action.do === 'end') settled.delete(serviceOf(action.view.who))
    if (one.wait) {
      out.waits.push(one.wait)
      if (one.wait.until !== null) out.wakeAt = Math.min(out.wakeAt ?? Infinity, one.wait.until)
    }
    if (one.observed) out.observed.push(one.observed)
  }
  return out
}

function readyServices(world: World): Map<ServiceKey, Goodness> {
  const ready = new Map<ServiceKey, Goodness>()
  for (const { who, status } of world.tasks) {
    const health = world.health.get(who.task)
    if (who.kind !== 'service' || status.state !== 'running' || health?.state !== 'ready') continue
    const next = world.records.get(who.instance)?.next
    if (next?.do !== 'watch' || next.task !== who.task || next.ending) continue
    const others = ready.get(serviceOf(who))
    ready.set(serviceOf(who), { at: Math.max(others?.at ?? 0, health.goodAt ?? Infinity), since: Math.min(others?.since ?? Infinity, health.goodSince ?? 0) })
  }
  return ready
}

function settledServices(world: World): Set<ServiceKey> {
  const settled = new Set<ServiceKey>()
  const unsettled = new Set<ServiceKey>()
  for (const spec of world.desired.instances) {
    if (spec.kind !== 'service') continue
    const next = world.records.get(spec.id)?.next
    const isSettled = next?.do === 'watch' && next.ending === null && world.health.get(next.task)?.state === 'ready' && !world.busy.has(spec.id)
    ;(isSettled ? settled : unsettled).add(serviceOf(spec))
  }
  return settled.difference(unsettled)
}

type Case = {
  world: World
  needs: Needs
  /** Services of which every instance is ready and none is leaving. */
  settled: ReadonlySet<ServiceKey>
  id: string
  spec: InstanceSpec | null
  record: SupervisionRecord | undefined
  views: readonly TaskView[]
  now: number
}
type Decision = { actions: Action[]; wait: Wait | null; observed: ObservedInstance | null }

function planInstance(c: Case): Decision {
  if (c.views[0]?.who.kind === 'run' && !c.spec && !c.record) return { ...planSession(c), observed: null }
  const draft = decide(c)
  return {
    actions: draft.actions.map((action) => ({ ...action, instance: c.id })),
    wait: draft.wait && { ...draft.wait, instance: c.id },
    observed: observedInstance({ ...c, record: c.record && c.spec ? recordFor(c.spec, c.record) : c.record, because: draft.wait?.because ?? null }),
  }
}

function decide(c: Case): Draft {
  const { world, spec, views } = c
  const busy = world.busy.get(c.id)
  if (busy) return waiting(busy === 'starting' ? 'it is being started' : 'it is being stopped', null)
  const trusted = world.desired.generation > 0
  const newest = views[0]
  if (newest && isNewer(newest, c.record)) return act({ do: 'adopt', view: newest, because: `${newest.who.task} was there already` })
  const record = spec ? recordFor(spec, c.record) : c.record
  if (!record) return nothing
  const { next } = record
  const current = next.do === 'watch' ? (views.find((view) => view.who.task === next.task) ?? null) : null
  const strays = views.filter((view) => view !== current && view.status.state === 'running')
  if (strays.length > 0 && (spec || trusted)) return act(...strays.map((view) => stopNow(view, `${view.who.task} is not the current attempt`)))
  if (next.do === 'watch') return planWatched(c, next, current)
  const removals = planRemovals(c, null)
  if (!spec) return trusted && views.length === 0 ? act({ do: 'forget', because: 'it is not desired any more' }) : removals
  const start = planStart(c, spec, next)
  return { actions: [...removals.actions, ...start.actions], wait: start.wait ?? removals.wait }
}

/** The record on disk can be older than the tasks: it was lost, or could not be written. */
function isNewer(view: TaskView, record: SupervisionRecord | undefined): boolean {
  if (!record) return true
  return view.who.generation > record.generation || (view.who.generation === record.generation && view.who.attempt > record.attempt)
}

type Draft = { actions: ActionDraft[]; wait: Omit<Wait, 'instance'> | null }
type ActionDraft = Action extends infer A ? (A extends Action ? Omit<A, 'instance'> : never) : never

const nothing: Draft = { actions: [], wait: null }
function act(...actions: ActionDraft[]): Draft {
  return { actions, wait: null }
}
function waiting(because: string, until: number | null): Draft {
  return { actions: [], wait: { because, until } }
}
function stopNow(view: TaskView, because: string): ActionDraft {
  return { do: 'stop', view, signal: view.who.stop.signal, graceMs: view.who.stop.graceMs, because }
}

function planWatched(c: Case, next: Extract<Next, { do: 'watch' }>, current: TaskView | null): Draft {
  const { world, spec } = c
  const trusted = world.desired.generation > 0
  if (!current) {
    if (!spec && !trusted) return waiting('control has not yet said what is to run here', null)
    if (!next.started && spec?.kind === 'service' && !next.ending && !world.stopping) return act({ do: 'start', spec, because: 'its start was interrupted' })
    return act({ do: 'note-exit', spec, view: null, because: next.started ? 'the driver no longer knows it' : 'its start was interrupted' })
  }
  if (current.status.state === 'exited') {
    if (!spec && !trusted) return waiting('it has ended, and control has not yet said whether it is to run', null)
    return act({ do: 'note-exit', spec, view: current, because: 'its process has ended' })
  }
  if (next.ending) return planEnding(c, next.ending, current)
  const drainMs = (view: TaskView) => (view.status.address ? (spec ?? view.who).stop.drainMs : 0)
  if (world.stopping)
    return act({ do: 'end', view: current, reason: 'stopped', drainMs: Math.min(stopAllDrainMs, drainMs(current)), because: 'all apps are being stopped' })
  if (!spec) {
    if (!trusted) return waiting('it is kept until control says what is to run here', null)
    return act({ do: 'end', view: current, reason: 'removed', drainMs: drainMs(current), because: 'it is not desired any more' })
  }
  if (spec.generation > current.who.generation)
    return act({ do: 'end', view: current, reason: 'restart', drainMs: drainMs(current), because: 'a restart was asked for' })
  return planHealth(c, spec, current)
}

function planHealth(c: Case, spec: InstanceSpec, current: TaskView): Draft {
  const health = c.world.health.get(current.who.task)
  if (health?.state === 'failed') return act({ do: 'end', view: current, reason: 'startup', drainMs: 0, because: health.because })
  // whatever it needs, it runs no code at all
  if (health?.cause === 'frozen') return act({ do: 'end', view: current, reason: 'frozen', drainMs: 0, because: health.because })
  if (health?.state === 'unhealthy') {
    const unmet = c.needs.unmet(spec)
    if (unmet.length > 0) return waiting(`${health.because}; not restarted, because it needs ${unmet.join(', ')}, which is not ready`, null)
    const suspects = c.needs.suspects(spec, health)
    if (suspects.length > 0) return waiting(`${health.because}; first it is seen whether that is because of ${suspects.join(', ')}, which it needs`, c.now + lookAgainMs)
    return act({ do: 'end', view: current, reason: 'unhealthy', drainMs: 0, because: health.because })
  }
  const leak = c.world.leaks.get(current.who.task)
  if (leak !== undefined && health?.state === 'ready') {
    if (!c.settled.has(serviceOf(current.who))) return waiting(`${leak}; it is replaced once all other instances are ready`, null)
    return act({ do: 'end', view: current, reason: 'leak', drainMs: spec.stop.drainMs, because: leak })
  }
  return planRemovals(c, current)
}

/** What it has between its stop signal and its kill, by why it ends. */
export function graceOf(stop: InstanceSpec['stop'], reason: EndReason): number {
  return Math.min(stop.graceMs, mostGraceMs[reason] ?? Infinity)
}

function planEnding(c: Case, ending: Ending, current: TaskView): Draft {
  const { stop } = c.spec ?? current.who
  const until = ending.since + ending.drainMs
  if (c.now >= ending.since && c.now < until && !c.world.drained.has(current.who.task))
    return waiting(`${ending.because}; requests in flight have up to ${formatDuration(ending.drainMs)} to end`, until)
  return act({ do: 'stop', view: current, signal: stop.signal, graceMs: graceOf(stop, ending.reason), because: ending.because })
}

function planStart(c: Case, spec: InstanceSpec, next: Next): Draft {
  if (next.do !== 'start') return nothing
  if (c.world.stopping) return waiting('all apps are being stopped', null)
  const longest = Math.max(longestHoldMs, spec.restart.periodMs, spec.restart.backoffMaxMs)
  // a time further off than any wait was written before the clock was set back
  if (c.now < next.at && next.at - c.now <= longest) return waiting(next.because, next.at)
  if (next.awaitNeeds) {
    const unmet = c.needs.unmet(spec)
    if (unmet.length > 0) return waiting(`waits for ${unmet.join(', ')} to be ready`, null)
  }
  return act({ do: 'start', spec, because: next.because })
}

/** Exited tasks go once their lines are stored, or when there are too many of them. */
function planRemovals(c: Case, current: TaskView | null): Draft {
  const exited = c.views.filter((view) => view !== current && view.status.state === 'exited')
  const removable = exited.filter((view, index) => c.world.shipped.has(view.who.task) || index >= keptExits)
  const left = exited.length - removable.length
  return {
    actions: removable.map((view) => ({
      do: 'remove' as const,
      view,
      because: c.world.shipped.has(view.who.task) ? 'it has ended and its output is stored' : `more than ${keptExits} ended tasks are kept already`,
    })),
    wait: left > 0 && !current ? { because: 'its output is still being stored', until: null } : null,
  }
}

/** A terminal's task: left alone while its session lives, else a left-over of an earlier agent. */
function planSession(c: Case): { actions: Action[]; wait: null } {
  const because = 'its session has ended'
  const leftOver = c.world.busy.has(c.id) ? [] : c.views.filter((view) => !c.world.sessions.has(view.who.task))
  const actions = leftOver.map((view): Action => {
    if (view.status.state === 'exited') return { do: 'remove', view, because, instance: c.id }
    return { do: 'stop', view, signal: view.who.stop.signal, graceMs: 1_000, because, instance: c.id }
  })
  return { actions, wait: null }
}

function newestFirst(a: TaskView, b: TaskView): number {
  return b.who.generation - a.who.generation || b.who.attempt - a.who.attempt || (a.who.task < b.who.task ? -1 : 1)
}
