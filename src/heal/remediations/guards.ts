/** What stands between a rung and its being done: budgets, cool-down, recurrence, and the breaker of the fleet. Pure. */
import { formatDuration } from '#base/units.ts'
import type { Rung, SignalKind } from '#contract/healing.ts'
import { noticed } from '#heal/signals/hold.ts'
import { type Signal, serviceTarget, targetKey } from '#heal/signals/model.ts'
import { causeOf, type World } from '#heal/causes/cause-of.ts'
import type { RemediationRow } from './model.ts'
import { type Rule, coolDownMs, fleetPerHour, recurrencesPerHour } from './rules.ts'

const hourMs = 3_600_000
/** Fewer sick instances, or of fewer services, are no matter of the fleet. */
const breakerInstances = 3
const breakerServices = 2
const breakerShare = 0.5

/** What is done to instances; the other rungs disturb nothing that is well. */
export const disturbs: ReadonlySet<Rung> = new Set(['restart', 'recreate', 'move', 'revert'])
const costs: ReadonlySet<Rung> = new Set([...disturbs, 'prune'])

/** Say nothing of how much is sick at once. */
const ofOne: ReadonlySet<SignalKind> = new Set(['flapping', 'outlier', 'slow', 'alerting'])

/** Actions of the last hour, oldest first; those of this turn are added. */
export type Spent = { target: string; rule: string; at: Date }[]

export function spentOf(remediations: readonly RemediationRow[], now: Date): Spent {
  return remediations
    .flatMap((row) => row.tries.filter((one) => costs.has(one.rung)).map((one) => ({ target: row.target, rule: row.rule, at: new Date(one.at) })))
    .filter(({ at }) => now.getTime() - at.getTime() < hourMs)
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** hand-over: more of the same will not help · wait: not now */
export type Objection = { verdict: 'hand-over' | 'wait'; because: string }

export function objectionTo(rung: Rung, rule: Rule, target: string, spent: Spent, remediations: readonly RemediationRow[], now: Date): Objection | null {
  if (!costs.has(rung)) return null
  const healed = remediations.filter((row) => row.target === target && row.state === 'verified' && row.ended_at !== null && now.getTime() - row.ended_at.getTime() < hourMs)
  if (healed.length >= recurrencesPerHour) return { verdict: 'hand-over', because: `it was healed ${healed.length} times in an hour and fell again` }
  const mine = spent.filter((one) => one.target === target)
  if (mine.filter((one) => one.rule === rule.id).length >= rule.perTargetPerHour) return { verdict: 'hand-over', because: `"${rule.id}" has used up what it may do to one target in an hour (${rule.perTargetPerHour})` }
  const last = mine.at(-1)
  if (last !== undefined && now.getTime() - last.at.getTime() < coolDownMs) return { verdict: 'wait', because: `it is left alone for ${formatDuration(coolDownMs)} after the last action` }
  if (spent.filter((one) => one.rule === rule.id).length >= rule.perHour) return { verdict: 'wait', because: `"${rule.id}" has used up what it may do in an hour (${rule.perHour})` }
  if (spent.length >= fleetPerHour) return { verdict: 'wait', because: `healing has used up what it may do in an hour (${fleetPerHour})` }
  return null
}

/**
 * Why so much is sick at once that no instance is to blame. What only waits for a sick need does not count; and when all that is
 * sick is of one environment that was just changed, the change is to blame, and undoing it is one action.
 */
export function breakerOf(world: World): string | null {
  const sick = sickShare(world, (key) => noticed(world.signals, key, world.now))
  return sick && `${sick}: no instance is to blame`
}

/** So much looks sick that the breaker opens unless it passes: whoever is noticed first is not acted upon before that is known. */
export function gatheringOf(world: World): string | null {
  const sick = sickShare(world, (key) => world.signals.filter((signal) => targetKey(signal.target) === key))
  return sick && `it looks as if ${sick}; it is waited whether that lasts`
}

function sickShare(world: World, signalsOf: (key: string) => readonly Signal[]): string | null {
  let wanted = 0
  let sick = 0
  const services = new Set<string>()
  const environments = new Set<string>()
  let changed = true
  for (const service of world.services) {
    wanted += service.wanted
    const key = targetKey(serviceTarget(service.app, service.environment, service.service))
    // what is better for a moment between two starts is not well yet
    const signal = signalsOf(key).find(({ kind }) => !ofOne.has(kind))
    if (signal === undefined) continue
    const cause = causeOf(signal, world).kind
    if (cause === 'dependency') continue
    sick += signal.kind === 'failing' ? service.wanted : Math.max(1, signal.instances.length)
    services.add(key)
    environments.add(`${service.app}/${service.environment}`)
    changed &&= cause === 'change'
  }
  if (sick < breakerInstances || services.size < breakerServices || sick / wanted < breakerShare || (changed && environments.size === 1)) return null
  return `${sick} of ${wanted} instances are sick at once, of ${services.size} services`
}
