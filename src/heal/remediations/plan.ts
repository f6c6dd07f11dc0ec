/**
 * What healing does next: (signals, causes, remediations, rules, now) → actions and what is waited for, each with its because. Pure and total.
 *
 * Invariants (proved in plan.test.ts):
 * - one action at a time on a target: none while the last one is verified;
 * - nothing is done while healing is stopped or paused there, its rule is off, or the breaker is open; in mode suggest only what was approved;
 * - never more actions than the budgets of target, rule and fleet allow;
 * - a service whose need is sick is never touched;
 * - a ladder is climbed once: no rung twice in one remediation, and after the last one a person is told.
 */
import { formatDuration } from '#base/units.ts'
import type { Cause, Rung } from '#contract/healing.ts'
import { causeOf } from '#heal/causes/cause-of.ts'
import { noticed } from '#heal/signals/hold.ts'
import { pauseOf, pausedBecause } from '#heal/pauses/model.ts'
import { type ServiceFacts, type Signal, type Target, fleetTarget, isReady, serviceTarget, targetKey, targetOf } from '#heal/signals/model.ts'
import { alertOf, fleetAlert } from './alert.ts'
import { type Spent, breakerOf, disturbs, gatheringOf, objectionTo, spentOf } from './guards.ts'
import type { Action, HealFacts, Plan, RemediationRow } from './model.ts'
import { type Rule, ruleFor, ruleOf, tellAfterMs, tuned } from './rules.ts'

type Turn = { facts: HealFacts; spent: Spent; breaker: string | null; gathering: string | null; plan: Plan; now: Date }

export function planHealing(facts: HealFacts): Plan {
  const breaker = breakerOf(facts)
  const plan: Plan = { actions: [], waiting: [], breaker }
  const turn: Turn = { facts, spent: spentOf(facts.remediations, facts.now), breaker, gathering: gatheringOf(facts), plan, now: facts.now }
  for (const [key, target] of targetsOf(facts)) {
    const signal = noticed(facts.signals, key, facts.now)[0]
    const open = facts.remediations.find((row) => row.target === key && row.ended_at === null)
    if (open) planOpen(turn, target, open, signal)
    else if (signal?.goneAt === null) planNew(turn, target, key, signal)
    planAlert(turn, target, key, signal, open)
  }
  planFleetAlert(turn)
  return plan
}

/** All that is or was sick, in one order whatever the order of the facts: machines first, since services wait for them. */
function targetsOf({ signals, remediations, alerts }: HealFacts): [string, Target][] {
  const keys = new Set([
    ...signals.map((signal) => targetKey(signal.target)),
    ...remediations.filter((row) => row.ended_at === null).map((row) => row.target),
    ...alerts.map((alert) => alert.target),
  ])
  keys.delete(targetKey(fleetTarget))
  const rank = (key: string) => (key.startsWith('machine:') ? 0 : 1)
  return [...keys].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map((key) => [key, targetOf(key)])
}

/** Nothing is noticed, and all that is wanted is ready: an instance that is only being started again is not well yet. */
function isWell({ services }: HealFacts, key: string, signal: Signal | undefined): boolean {
  if (signal !== undefined) return false
  const service = serviceOf(services, key)
  return service === undefined || service.instances.filter(isReady).length >= service.wanted
}

function serviceOf(services: readonly ServiceFacts[], key: string): ServiceFacts | undefined {
  return services.find((one) => targetKey(serviceTarget(one.app, one.environment, one.service)) === key)
}

function planNew({ facts, plan }: Turn, target: Target, key: string, signal: Signal): void {
  // a person was told of it, and it has not been well since
  if (facts.alerts.some((alert) => alert.target === key && alert.remediation !== null)) return
  if (takenBy(facts, key) !== undefined) return
  const cause = causeOf(signal, facts)
  const rule = ruleFor(signal.kind, cause.kind)
  if (signal.kind === 'alerting' && cause.kind !== 'change') return // it is told already
  plan.actions.push({ do: 'open', target, rule: rule.id, signal: { kind: signal.kind, because: signal.because, since: signal.since.toISOString() }, cause, because: `${signal.because}; cause: ${cause.because}` })
}

/** What a person took, and which has not been well since: something that was noticed before that still is. */
function takenBy({ signals, remediations }: HealFacts, key: string): RemediationRow | undefined {
  return remediations.find(({ target, state, ended_at: endedAt }) => target === key && state === 'dismissed' && endedAt !== null && signals.some((signal) => targetKey(signal.target) === key && signal.since <= endedAt))
}

function planOpen(turn: Turn, target: Target, row: RemediationRow, signal: Signal | undefined): void {
  const { plan } = turn
  if (row.state === 'verifying') return planVerification(turn, target, row, signal)
  if (isWell(turn.facts, row.target, signal)) {
    const helped = row.tries.length > 0 ? 'it is well again, later than its verification would have it' : row.cause.kind === 'dependency' || row.cause.kind === 'machine' ? 'what it waited for is well again' : 'it went by itself'
    plan.actions.push({ do: 'end', id: row.id, target, state: 'recovered', because: helped })
    return
  }
  if (signal === undefined || signal.goneAt !== null) return void plan.waiting.push(`${row.target}: it looks better, and must stay so for a while`)
  // until something was tried, the cause may yet be found; afterwards the ladder goes on, unless what it needs fell
  const cause = causeOf(signal, turn.facts)
  const moved = row.tries.length === 0 || cause.kind === 'dependency' || cause.kind === 'machine' || row.cause.kind === 'dependency' || row.cause.kind === 'machine'
  const known = moved ? cause : row.cause
  const rule = moved ? ruleFor(signal.kind, cause.kind) : (ruleOf(row.rule) ?? ruleFor(signal.kind, cause.kind))
  climb(turn, target, row, signal, known, rule)
}

function planVerification({ facts, plan, now }: Turn, target: Target, row: RemediationRow, signal: Signal | undefined): void {
  const last = row.tries.at(-1)
  if (last === undefined) return
  const service = serviceOf(facts.services, row.target)
  if (isWell(facts, row.target, signal)) {
    const mute = (row.signal.kind === 'failing' || row.signal.kind === 'slow') && service !== undefined && service.requests === 0
    const took = formatDuration(now.getTime() - Date.parse(last.at))
    plan.actions.push({ do: 'settle', id: row.id, target, outcome: mute ? 'nothing-to-verify' : 'verified', because: mute ? 'nobody has called since, so that nothing can be said' : `the signal is gone, ${took} after it` })
    plan.actions.push({ do: 'end', id: row.id, target, state: mute ? 'recovered' : 'verified', because: mute ? `${last.did}; nobody has called since` : `${last.did}: it is well again` })
    return
  }
  const looksBetter = signal !== undefined && signal.goneAt !== null
  if (now < new Date(last.verifyBy) || service?.rollingOut === true || looksBetter) return void plan.waiting.push(`${row.target}: watches whether it helped that ${last.did}`)
  plan.actions.push({ do: 'settle', id: row.id, target, outcome: 'failed', because: `${signal?.because ?? 'not all of its instances are ready'}, ${formatDuration(now.getTime() - Date.parse(last.at))} after it` })
}

/** The next rung that can be done here and was not tried yet, if nothing speaks against it now. */
function climb(turn: Turn, target: Target, row: RemediationRow, signal: Signal, cause: Cause, untuned: Rule): void {
  const { facts, plan, spent, breaker, gathering, now } = turn
  const tuning = facts.tunings[untuned.id]
  const rule = tuned(untuned, tuning)
  const step = nextRung(facts, row, signal, cause, rule)
  const wait = (because: string, state: 'waiting' | 'suggested' = 'waiting') => {
    plan.waiting.push(`${row.target}: ${because}`)
    const isNews = row.state !== state || row.because !== because || row.rule !== rule.id || row.cause.kind !== cause.kind || row.next !== step.rung
    if (isNews) plan.actions.push({ do: 'note', id: row.id, target, state, rule: rule.id, cause, next: step.rung, because })
  }
  const mode = facts.modes[rule.id] ?? rule.defaultMode
  const known = { signal, rule: rule.id, cause }
  if (step.rung === 'wait') return wait(cause.because)
  if (facts.stopped !== null) return wait(`healing is stopped by ${facts.stopped.by}: ${facts.stopped.because}`)
  const pause = pauseOf(facts.pauses, target, now)
  if (pause !== null) return wait(pausedBecause(pause))
  if (mode === 'off') return wait(`the rule "${rule.id}" is off`)
  if (step.rung === 'page') return handOver(turn, target, row, known, row.tries.length > 0 ? `${row.tries.map((one) => one.rung).join(' and ')} did not help` : cause.because)
  const tooMuch = breaker ?? gathering
  if (tooMuch !== null && disturbs.has(step.rung)) return wait(tooMuch)
  const service = serviceOf(facts.services, row.target)
  if (service?.rollingOut === true) return wait('a rollout is under way, which judges for itself')
  const objection = objectionTo(step.rung, rule, row.target, spent, facts.remediations, now)
  if (objection?.verdict === 'hand-over') return handOver(turn, target, row, known, objection.because)
  if (objection !== null) return wait(objection.because)
  // who approved one thing has not approved what the cause has become meanwhile
  const approvedBy = row.next === step.rung && row.rule === rule.id ? row.approved_by : null
  if (mode === 'suggest' && approvedBy === null) return wait(`${step.rung} waits for approval`, 'suggested')
  spent.push({ target: row.target, rule: rule.id, at: now })
  plan.actions.push({
    do: 'try', id: row.id, target, rule: rule.id, cause, ...step,
    by: approvedBy ?? 'healing',
    verifyBy: new Date(now.getTime() + (tuning?.verifyWithinMs ?? Math.max(rule.verifyWithinMs, (service?.startupMs ?? 0) + settleMs))),
    because: step.rung === 'revert' ? cause.because : signal.because,
  })
}

/** Beyond its startup time an instance is placed and unpacked, and must then stay well. */
const settleMs = 60_000

type Step = { rung: Rung; instances: readonly string[]; undo: Extract<Action, { do: 'try' }>['undo'] }

function nextRung(facts: HealFacts, row: RemediationRow, signal: Signal, cause: Cause, rule: Rule): Step {
  const tried = new Set(row.tries.map((one) => one.rung))
  const elsewhere = facts.machines.filter((machine) => machine.connected)
  for (const rung of rule.ladder) {
    if (tried.has(rung)) continue
    const step: Step = { rung, instances: signal.instances, undo: null }
    if (rung === 'revert') {
      const undo = facts.changes.find((change) => change.event === cause.event)?.undo ?? null
      if (undo !== null) return { ...step, undo }
    } else if (rung === 'recreate') {
      if (signal.instances.length > 0) return step
    } else if (rung === 'move') {
      const moving = facts.services.filter(({ ownsVolume }) => !ownsVolume).flatMap((service) => service.instances).filter((instance) => (signal.target.app === null ? instance.machine === signal.target.machine : signal.instances.includes(instance.id)))
      const away = moving.filter((instance) => elsewhere.some((machine) => machine.name !== instance.machine))
      if (away.length > 0) return { ...step, instances: away.map(({ id }) => id) }
    } else if (rung === 'restart') {
      if (signal.instances.length > 0 || signal.kind === 'failing') return step
    } else return step
  }
  return { rung: 'page', instances: [], undo: null }
}

/** `known`: what it is by now, which may be another thing than what was noticed first; a person is told of that. */
function handOver({ plan }: Turn, target: Target, row: RemediationRow, { signal, rule, cause }: { signal: Signal; rule: string; cause: Cause }, because: string): void {
  plan.actions.push({ do: 'end', id: row.id, target, state: 'handed-over', rule, cause, because })
  if (signal.kind === 'alerting') return // the alert stands
  plan.actions.push({ do: 'raise', target, because: `${signal.because}; ${because}`, remediation: row.id, ...alertOf(target, signal.kind) })
}

/** Clears what is over; tells of what has lasted too long, whatever healing does about it meanwhile. */
function planAlert({ facts, plan, now, breaker }: Turn, target: Target, key: string, signal: Signal | undefined, open: RemediationRow | undefined): void {
  const alert = facts.alerts.find((one) => one.target === key)
  if (alert !== undefined) {
    if (open === undefined && isWell(facts, key, signal)) plan.actions.push({ do: 'clear', target, alert: alert.id, because: 'it is well again' })
    return
  }
  if (signal === undefined || signal.goneAt !== null || signal.kind === 'alerting' || breaker !== null || now.getTime() - signal.since.getTime() < tellAfterMs) return
  if (plan.actions.some((action) => action.do === 'raise' && targetKey(action.target) === key)) return
  if (pauseOf(facts.pauses, target, now) !== null) return // who paused it knows
  // who waits for another is no news of its own, as long as somebody looks after the other
  const { of } = causeOf(signal, facts)
  const cared = of !== null && (facts.alerts.some((one) => one.target === of) || facts.remediations.some((row) => row.target === of && row.ended_at === null))
  // that a person took it is remembered by the alert, however long it lasts
  const remediation = (open ?? takenBy(facts, key))?.id ?? null
  if (!cared) plan.actions.push({ do: 'raise', target, because: `${signal.because}, for ${formatDuration(now.getTime() - signal.since.getTime())}`, remediation, ...alertOf(target, signal.kind) })
}

function planFleetAlert({ facts, plan, breaker }: Turn): void {
  const alert = facts.alerts.find((one) => one.target === targetKey(fleetTarget))
  if (breaker !== null && alert === undefined) plan.actions.push({ do: 'raise', target: fleetTarget, because: breaker, remediation: null, ...fleetAlert })
  if (breaker === null && alert !== undefined) plan.actions.push({ do: 'clear', target: fleetTarget, alert: alert.id, because: 'most of it is well again' })
}
