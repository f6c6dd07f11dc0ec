/**
 * What an environment needs next: (wanted releases, instances, now) → actions and what is waited for, each with its
 * because. Pure and total.
 *
 * Invariants (proved in plan.test.ts):
 * - an old instance is retired only when enough new ones are ready, unless the service is exclusive;
 * - a failed or cancelled rollout leaves the active release as it was, and nothing of the failed one;
 * - a service starts only after what it needs is ready; nothing running is stopped because a need sickened;
 * - never more than `surgeOf(count)` instances of a service beyond the wanted count.
 */
import type { Action, EnvironmentFacts, InstanceFacts, Plan, ReleaseFacts, ServiceWish } from './model.ts'

/** Crashes of one new instance after which its release is given up. */
const maxRestartsOfNew = 3
/** Beyond its own startup grace, an instance gets this long to be placed and unpacked. */
const placementMs = 60_000

export function surgeOf(count: number): number {
  return Math.max(1, Math.ceil(count / 4))
}

export function planEnvironment(facts: EnvironmentFacts, now: Date): Plan {
  const plan: Plan = { actions: [], waiting: [] }
  const { rollout } = facts
  if (facts.stopped) {
    if (rollout) plan.actions.push(...finishStopped(rollout.state))
    retireAll(plan, facts.instances, 'the app is stopped')
    return plan
  }
  if (rollout) planRollout(facts, rollout, now, plan)
  else planSteady(facts, plan)
  planRestarts(facts, plan)
  return plan
}

function finishStopped(state: NonNullable<EnvironmentFacts['rollout']>['state']): Action[] {
  const because = 'the app is stopped; this release starts with nightshift start'
  if (state === 'starting') return [{ do: 'advance', to: 'finished', step: 'done', because }]
  return [{ do: 'advance', to: 'starting', step: 'released', because }]
}

function planRollout(facts: EnvironmentFacts, rollout: NonNullable<EnvironmentFacts['rollout']>, now: Date, plan: Plan): void {
  const { target } = rollout
  const serviceInstances = facts.instances.filter((instance) => instance.kind === 'service')
  for (const instance of running(serviceInstances)) {
    if (instance.release !== target.number && instance.release !== facts.active?.number)
      plan.actions.push({ do: 'retire', instance: instance.id, because: `v${instance.release} was given up` })
  }
  if (rollout.state === 'pending') {
    if (target.missingSecrets.length > 0) return fail(plan, `the secret ${target.missingSecrets.join(', ')} is not set (nightshift secrets set ${target.missingSecrets[0]})`)
    const to = target.releaseCommand ? 'releasing' : 'starting'
    plan.actions.push({ do: 'advance', to, step: target.releaseCommand ? 'releasing' : 'released', because: target.releaseCommand ? 'the release command runs before traffic moves' : 'there is no release command' })
    return
  }
  if (rollout.state === 'releasing') return planReleaseCommand(facts, target, now, plan)

  const fault = faultOf(serviceInstances, target, now)
  if (fault !== undefined) return fail(plan, fault)
  const shifted = new Set<string>()
  for (const service of inNeedsOrder(target.services)) {
    const missing = service.needs.filter((need) => !shifted.has(need) && target.services.some(({ name }) => name === need))
    if (missing.length > 0) {
      plan.waiting.push(`${service.name} waits until ${missing.join(' and ')} is ready`)
      continue
    }
    if (shiftService(service, serviceInstances, target.number, plan)) shifted.add(service.name)
  }
  if (shifted.size < target.services.length) return
  const leftovers = running(serviceInstances).filter((instance) => instance.release !== target.number)
  for (const instance of leftovers) plan.actions.push({ do: 'retire', instance: instance.id, because: `${instance.service} is not in v${target.number}` })
  plan.actions.push({ do: 'advance', to: 'finished', step: 'done', because: `v${target.number} serves` })
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
    if (instance.restarts >= maxRestartsOfNew && instance.state !== 'ready') return `${name} of v${target.number} was restarted ${instance.restarts} times: ${whyAgain(instance)}`
    const service = target.services.find((wish) => wish.name === instance.service)
    const age = now.getTime() - instance.createdAt.getTime()
    if (service && instance.state !== 'ready' && instance.state !== 'exited' && instance.state !== 'waiting' && age > service.startupMs + placementMs)
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

/** One service towards its wanted count in one release; true once it is there and nothing older is left. */
function shiftService(service: ServiceWish, all: InstanceFacts[], release: number, plan: Plan): boolean {
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
    if (old.length > 0 || leaving.length > 0) {
      plan.waiting.push(`${service.name} waits until its old instance has stopped`)
      return false
    }
    create(plan, service, missing, release)
  } else {
    const room = service.count + surgeOf(service.count) - (alive.length - surplus.length)
    create(plan, service, missing.slice(0, Math.max(0, room)), release)
    // as many old ones may go as new ones are ready beyond what must stay up
    const readyOld = old.filter((instance) => instance.state === 'ready')
    const expendable = Math.max(0, settled.length + readyOld.length - service.count)
    const dead = old.filter((instance) => instance.state !== 'ready')
    const enough = settled.length >= service.count
    const going = enough ? old : [...(settled.length > 0 ? dead : []), ...readyOld.slice(0, expendable)]
    for (const instance of going) plan.actions.push({ do: 'retire', instance: instance.id, because: `v${release} has taken over from v${instance.release}` })
  }
  const done = missing.length === 0 && settled.length - surplus.filter(isSettled).length >= service.count && old.length === 0
  if (!done && missing.length === 0) {
    for (const instance of fresh) if (!isSettled(instance)) plan.waiting.push(`${service.name}.${instance.ordinal} is not ready: ${instance.because}`)
  }
  return done
}

function planSteady(facts: EnvironmentFacts, plan: Plan): void {
  const { active } = facts
  const instances = facts.instances.filter((instance) => instance.kind === 'service')
  if (active === null) return retireAll(plan, facts.instances, 'no release of this app works yet')
  for (const instance of facts.instances) if (instance.kind === 'release' && instance.wanted === 'run') plan.actions.push({ do: 'retire', instance: instance.id, because: 'no rollout is under way' })
  for (const service of inNeedsOrder(active.services)) {
    const mine = instances.filter((instance) => instance.service === service.name)
    const current = running(mine).filter((instance) => instance.release === active.number)
    for (const instance of running(mine)) {
      if (instance.release !== active.number) plan.actions.push({ do: 'retire', instance: instance.id, because: `v${active.number} is the active release` })
      else if (instance.ordinal > service.count) plan.actions.push({ do: 'retire', instance: instance.id, because: `${service.name} is scaled to ${service.count}` })
    }
    const wanted = missingOrdinals(service, current)
    const blocked = service.exclusive && mine.some((instance) => instance.wanted === 'retire' || instance.release !== active.number)
    if (blocked && wanted.length > 0) plan.waiting.push(`${service.name} waits until its old instance has stopped`)
    else create(plan, service, wanted, active.number)
  }
  const names = new Set(active.services.map((service) => service.name))
  for (const instance of running(instances)) if (!names.has(instance.service)) plan.actions.push({ do: 'retire', instance: instance.id, because: `${instance.service} is not in v${active.number}` })
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
