/**
 * What an environment needs next: (wanted releases, instances, now) → actions and what is waited for, each with its
 * because. Pure and total.
 *
 * Invariants (proved in plan.test.ts):
 * - in every direction an instance that serves is retired only when enough of the wanted release are ready, unless the service
 *   is exclusive: forwards, and back after a release that failed, was cancelled or superseded;
 * - a failed or cancelled rollout leaves the active release as it was, and in the end nothing of the failed one;
 * - a service starts only after what it needs is ready; nothing running is stopped because a need sickened;
 * - a rolling one has never more than `surgeOf(count)` instances of a service beyond the wanted count;
 * - while the app is stopped a rollout waits: its release command runs, and it becomes active, only after a start.
 */
import { formatDuration } from '#base/units.ts'
import type { EnvironmentFacts, InstanceFacts, Plan, ReleaseFacts, ServiceWish } from './model.ts'

/** Crashes of one new instance after which its release is given up. */
const maxRestartsOfNew = 3
/** Beyond its own startup grace, an instance gets this long to be placed and unpacked. */
const placementMs = 60_000

export function surgeOf(count: number): number {
  return Math.max(1, Math.ceil(count / 4))
}

type Rollout = NonNullable<EnvironmentFacts['rollout']>

export function planEnvironment(facts: EnvironmentFacts, now: Date): Plan {
  const plan: Plan = { actions: [], waiting: [] }
  const { rollout } = facts
  if (facts.stopped) {
    const finishing = rollout?.state === 'releasing' ? facts.instances.filter((instance) => instance.kind === 'release' && instance.release === rollout.target.number) : []
    retireAll(plan, facts.instances.filter((instance) => !finishing.includes(instance)), 'the app is stopped')
    if (rollout) plan.waiting.push(`the rollout of v${rollout.target.number} goes on when the app is started`)
    return plan
  }
  if (rollout) planRollout(facts, rollout, now, plan)
  else planSteady(facts, plan)
  // what is advanced has to be seen before anything else is done to it
  if (!plan.actions.some((action) => action.do === 'advance')) planRestarts(facts, plan)
  return plan
}

function planRollout(facts: EnvironmentFacts, rollout: Rollout, now: Date, plan: Plan): void {
  const { target } = rollout
  const serviceInstances = facts.instances.filter((instance) => instance.kind === 'service')
  if (rollout.state === 'pending' || rollout.state === 'releasing') dropGivenUp(facts, serviceInstances, plan)
  if (rollout.state === 'pending') {
    if (target.missingSecrets.length > 0) return fail(plan, `the secret ${target.missingSecrets.join(', ')} is not set (nightshift secrets set ${target.missingSecrets[0]})`)
    const to = target.releaseCommand ? 'releasing' : 'starting'
    plan.actions.push({ do: 'advance', to, step: target.releaseCommand ? 'releasing' : 'released', because: target.releaseCommand ? 'the release command runs before traffic moves' : 'there is no release command; the instances start' })
    return
  }
  if (rollout.state === 'releasing') return planReleaseCommand(facts, target, now, plan)

  const fault = faultOf(serviceInstances, target, now)
  if (fault !== undefined) return fail(plan, fault)
  noteProgress(plan, rollout, serviceInstances)
  const sideBySide = facts.active !== null && target.strategy.kind !== 'rolling'
  if (sideBySide && !prepareAll(target, serviceInstances, facts.active?.number ?? 0, plan)) return
  if (sideBySide && !shareTraffic(rollout, now, plan)) return
  const shifted = new Set<string>()
  for (const service of inNeedsOrder(target.services)) {
    const missing = service.needs.filter((need) => !shifted.has(need) && target.services.some(({ name }) => name === need))
    if (missing.length > 0) {
      plan.waiting.push(`${service.name} waits until ${missing.join(' and ')} is ready`)
      continue
    }
    // what stands beside the old ones already takes over at once, when the release becomes active
    if (sideBySide && !service.exclusive) shifted.add(service.name)
    else if (shiftService(service, serviceInstances, { to: target.number, active: facts.active?.number ?? null }, plan)) shifted.add(service.name)
  }
  if (shifted.size < target.services.length) return
  if (!sideBySide) retireUnnamed(target, serviceInstances, plan)
  plan.actions.push({ do: 'advance', to: 'finished', step: 'done', because: `v${target.number} takes the traffic` })
}

/** Before a new release starts: what was given up goes, as far as the serving release can do without it. */
function dropGivenUp({ active, rollout }: EnvironmentFacts, instances: InstanceFacts[], plan: Plan): void {
  const isGivenUp = (instance: InstanceFacts) => instance.release !== active?.number && instance.release !== rollout?.target.number
  for (const [name, mine] of Map.groupBy(running(instances), (instance) => instance.service)) {
    const count = active?.services.find((service) => service.name === name)?.count ?? 0
    let serving = mine.filter(isSettled).length
    for (const instance of mine.filter(isGivenUp)) {
      if (isSettled(instance) && serving <= count) continue
      if (isSettled(instance)) serving--
      plan.actions.push({ do: 'retire', instance: instance.id, because: `v${instance.release} was given up` })
    }
  }
}

/** Every service that can stand beside its old self does, in full, without traffic; true once all of them are ready. */
function prepareAll(target: ReleaseFacts, instances: InstanceFacts[], active: number, plan: Plan): boolean {
  let isReady = true
  for (const service of inNeedsOrder(target.services)) {
    if (service.exclusive) continue
    const mine = running(instances).filter((instance) => instance.service === service.name)
    for (const instance of mine) if (instance.release !== target.number && instance.release !== active && !isSettled(instance)) plan.actions.push({ do: 'retire', instance: instance.id, because: `v${instance.release} was given up` })
    const fresh = mine.filter((instance) => instance.release === target.number)
    const unmet = service.needs.filter((need) => isNew(need, target, instances) && !instances.some((instance) => instance.service === need && isSettled(instance)))
    if (unmet.length > 0) plan.waiting.push(`${service.name} waits until ${unmet.join(' and ')} is ready`)
    else create(plan, service, missingOrdinals(service, fresh), target.number)
    for (const instance of fresh) {
      if (instance.ordinal > service.count) plan.actions.push({ do: 'retire', instance: instance.id, because: `${service.name} is scaled to ${service.count}` })
      else if (!isSettled(instance)) plan.waiting.push(`${service.name}.${instance.ordinal} is not ready: ${instance.because}`)
    }
    isReady &&= fresh.filter((instance) => isSettled(instance) && instance.ordinal <= service.count).length >= service.count
  }
  return isReady
}

/** A need that no release before had: nothing of it runs yet. */
function isNew(need: string, target: ReleaseFacts, instances: InstanceFacts[]): boolean {
  return target.services.some(({ name, exclusive }) => name === need && !exclusive) && !instances.some((instance) => instance.service === need && instance.release !== target.number && isSettled(instance))
}

/** The shares of a canary, each for as long as it is to be watched; true once there is nothing left but the switch. */
function shareTraffic({ target, share }: Rollout, now: Date, plan: Plan): boolean {
  const { strategy } = target
  if (strategy.kind !== 'canary') return true
  const reached = share === null ? -1 : strategy.percents.indexOf(share.percent)
  if (share !== null) {
    const left = share.since.getTime() + strategy.holdMs - now.getTime()
    if (left > 0) {
      plan.waiting.push(`v${target.number} gets ${share.percent} % of new callers for ${formatDuration(left)} more`)
      return false
    }
  }
  const next = strategy.percents[reached + 1]
  if (next === undefined) return true
  plan.actions.push({ do: 'note', step: canaryStep(next), because: `${next} % of new callers go to v${target.number}` })
  return false
}

const canaryStep = (percent: number): string => `canary ${percent} %`

/** The share that a step gives to the new release, if it is such a step. */
export function shareOf(step: string): number | null {
  const match = /^canary (\d+) %$/.exec(step)
  return match ? Number(match[1]) : null
}

/** How far the new release has come, each once: started → healthy → shifted. */
function noteProgress(plan: Plan, { target, noted }: Rollout, instances: InstanceFacts[]): void {
  const alive = running(instances)
  const fresh = alive.filter((instance) => instance.release === target.number)
  const wanted = target.services.reduce((sum, service) => sum + service.count, 0)
  const note = (step: string, because: string) => void (noted.includes(step) || plan.actions.push({ do: 'note', step, because }))
  if (fresh.some((instance) => instance.hasStarted)) note('started', `the first instance of v${target.number} is up`)
  if (fresh.length < wanted || fresh.filter(isSettled).length < wanted) return
  note('healthy', `${wanted} of ${wanted} instances are ready`)
  if (fresh.length === alive.length) note('shifted', 'all requests go to the new instances')
}

function planReleaseCommand(facts: EnvironmentFacts, target: ReleaseFacts, now: Date, plan: Plan): void {
  const runs = facts.instances.filter((instance) => instance.kind === 'release' && instance.release === target.number)
  const run = runs[0]
  if (run === undefined) {
    plan.actions.push({ do: 'create', kind: 'release', service: 'release', ordinal: 1, release: target.number, because: `the release command of v${target.number} must succeed before traffic moves` })
    return
  }
  if (run.state !== 'exited') {
    if (now.getTime() - run.createdAt.getTime() > releaseCommandMs) return fail(plan, 'the release command did not end within 30 minutes')
    plan.waiting.push('the release command is running')
    return
  }
  if (run.exitCode !== 0) return fail(plan, `the release command exited with code ${run.exitCode ?? 'unknown'} (its output: nightshift logs -s release)`)
  plan.actions.push({ do: 'retire', instance: run.id, because: 'the release command has ended' })
  plan.actions.push({ do: 'advance', to: 'starting', step: 'released', because: 'the release command exited with 0' })
}

const releaseCommandMs = 30 * 60_000

/** Why the new release must be given up, if it must. */
function faultOf(instances: InstanceFacts[], target: ReleaseFacts, now: Date): string | undefined {
  for (const instance of instances) {
    if (instance.release !== target.number || instance.wanted !== 'run') continue
    const name = `${instance.service}.${instance.ordinal}`
    if (instance.state === 'held') return `${name} of v${target.number} does not stay up: ${instance.because}`
    // ended for good, and badly: a service whose policy does not start it again
    if (instance.state === 'exited' && !isSettled(instance)) return `${name} of v${target.number} has ended: ${instance.because}`
    if (instance.restarts >= maxRestartsOfNew && instance.state !== 'ready') return `${name} of v${target.number} was restarted ${instance.restarts} times: ${whyAgain(instance)}`
    const service = target.services.find((wish) => wish.name === instance.service)
    const age = now.getTime() - instance.createdAt.getTime()
    if (service && instance.state !== null && instance.state !== 'waiting' && !isSettled(instance) && age > service.startupMs + placementMs)
      return `${name} of v${target.number} was not healthy within ${Math.round((service.startupMs + placementMs) / 1000)} s: ${instance.because}`
  }
  return undefined
}

/** One that has just been started again only says that it does not listen yet; how its last run ended says more. */
function whyAgain({ state, exitCode, because }: InstanceFacts): string {
  return state === 'starting' && exitCode !== null && exitCode !== 0 ? `it exited with code ${exitCode}` : because
}

function fail(plan: Plan, because: string): void {
  plan.actions.push({ do: 'advance', to: 'failed', step: 'failed', because })
}

/** One service towards its wanted count in one release, whichever way that is; true once it is there and nothing else is left. */
function shiftService(service: ServiceWish, all: InstanceFacts[], { to: release, active }: { to: number; active: number | null }, plan: Plan): boolean {
  const mine = all.filter((instance) => instance.service === service.name)
  const alive = running(mine)
  const fresh = alive.filter((instance) => instance.release === release)
  const old = alive.filter((instance) => instance.release !== release)
  const settled = fresh.filter(isSettled)
  const surplus = fresh.filter((instance) => instance.ordinal > service.count)
  for (const instance of surplus) plan.actions.push({ do: 'retire', instance: instance.id, because: `${service.name} is scaled to ${service.count}` })

  const missing = missingOrdinals(service, fresh)
  if (service.exclusive) {
    for (const instance of old) plan.actions.push({ do: 'retire', instance: instance.id, because: `v${release} replaces v${instance.release}; two cannot share its volume or port` })
    const leaving = mine.filter((instance) => instance.wanted === 'retire')
    if (missing.length > 0 && (old.length > 0 || leaving.length > 0)) {
      plan.waiting.push(`${service.name} waits until its old instance has stopped`)
      return false
    }
    create(plan, service, missing, release)
  } else {
    const going = leavers(old, { ready: settled.length - surplus.filter(isSettled).length, count: service.count, active })
    const room = service.count + surgeOf(service.count) - (alive.length - surplus.length - going.filter((instance) => !isSettled(instance)).length)
    create(plan, service, missing.slice(0, Math.max(0, room)), release)
    for (const instance of going) plan.actions.push({ do: 'retire', instance: instance.id, because: instance.release === active ? `v${release} has taken over from v${instance.release}` : `v${instance.release} was given up` })
  }
  const done = missing.length === 0 && settled.length - surplus.filter(isSettled).length >= service.count && old.length === 0
  if (!done && missing.length === 0) {
    for (const instance of fresh) if (!isSettled(instance)) plan.waiting.push(`${service.name}.${instance.ordinal} is not ready: ${instance.because}`)
  }
  return done
}

/** Which of the others may go: what does not serve and never will, then as many of those that do as are beyond what must stay up; what was given up first. */
function leavers(old: InstanceFacts[], { ready, count, active }: { ready: number; count: number; active: number | null }): InstanceFacts[] {
  if (ready >= count) return old
  const serving = old.filter(isSettled).toSorted((a, b) => Number(a.release === active) - Number(b.release === active))
  const dead = old.filter((instance) => !isSettled(instance) && (instance.release !== active || ready > 0))
  return [...dead, ...serving.slice(0, Math.max(0, ready + serving.length - count))]
}

function planSteady(facts: EnvironmentFacts, plan: Plan): void {
  const { active } = facts
  const instances = facts.instances.filter((instance) => instance.kind === 'service')
  if (active === null) return retireAll(plan, facts.instances, 'no release of this app works yet')
  for (const instance of facts.instances) if (instance.kind === 'release' && instance.wanted === 'run') plan.actions.push({ do: 'retire', instance: instance.id, because: 'no rollout is under way' })
  for (const service of inNeedsOrder(active.services)) shiftService(service, instances, { to: active.number, active: active.number }, plan)
  retireUnnamed(active, instances, plan)
}

function retireUnnamed(release: ReleaseFacts, instances: InstanceFacts[], plan: Plan): void {
  const names = new Set(release.services.map((service) => service.name))
  for (const instance of running(instances)) if (!names.has(instance.service)) plan.actions.push({ do: 'retire', instance: instance.id, because: `${instance.service} is not in v${release.number}` })
}

/** Requested restarts go one at a time a service, and only while all the others are ready. */
function planRestarts(facts: EnvironmentFacts, plan: Plan): void {
  const leaving = new Set(plan.actions.flatMap((action) => (action.do === 'retire' ? [action.instance] : [])))
  const byService = Map.groupBy(running(facts.instances).filter((instance) => instance.kind === 'service' && !leaving.has(instance.id)), (instance) => instance.service)
  for (const [service, instances] of byService) {
    const next = instances.filter((instance) => instance.restartBecause !== null).sort((a, b) => a.ordinal - b.ordinal)[0]
    if (next === undefined) continue
    const busy = instances.find((instance) => instance.id !== next.id && !isSettled(instance) && instance.restartBecause === null)
    if (busy) plan.waiting.push(`the restart of ${service}.${next.ordinal} waits until ${service}.${busy.ordinal} is ready`)
    else plan.actions.push({ do: 'restart', instance: next.id, because: next.restartBecause ?? '' })
  }
}

function create(plan: Plan, service: ServiceWish, ordinals: number[], release: number): void {
  for (const ordinal of ordinals) plan.actions.push({ do: 'create', kind: 'service', service: service.name, ordinal, release, because: `v${release} wants ${service.count} of ${service.name}` })
}

function retireAll(plan: Plan, instances: InstanceFacts[], because: string): void {
  for (const instance of running(instances)) plan.actions.push({ do: 'retire', instance: instance.id, because })
}

function running(instances: InstanceFacts[]): InstanceFacts[] {
  return instances.filter((instance) => instance.wanted === 'run')
}

/** Ready, or a job that has ended well and is not meant to run again. */
function isSettled(instance: InstanceFacts): boolean {
  return instance.state === 'ready' || (instance.state === 'exited' && instance.exitCode === 0)
}

function missingOrdinals(service: ServiceWish, current: InstanceFacts[]): number[] {
  const taken = new Set(current.map((instance) => instance.ordinal))
  return Array.from({ length: service.count }, (_, index) => index + 1).filter((ordinal) => !taken.has(ordinal))
}

/** Callees before callers; a cycle (the manifest refuses them) falls back to the given order. */
export function inNeedsOrder(services: ServiceWish[]): ServiceWish[] {
  const ordered: ServiceWish[] = []
  const done = new Set<string>()
  const visit = (service: ServiceWish, path: Set<string>) => {
    if (done.has(service.name) || path.has(service.name)) return
    path.add(service.name)
    for (const need of [...service.needs].sort()) {
      const callee = services.find(({ name }) => name === need)
      if (callee) visit(callee, path)
    }
    path.delete(service.name)
    done.add(service.name)
    ordered.push(service)
  }
  for (const service of [...services].sort((a, b) => a.name.localeCompare(b.name))) visit(service, new Set())
  return ordered
}
