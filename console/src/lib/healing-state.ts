/** Whether healing is on, in one sentence. Pure. */
import type { HealOverview, HealRule } from '#contract/healing.ts'
import { plural } from './numbers.ts'

export type HealingState = { kind: 'on' | 'stopped' | 'breaker'; sentence: string; meaning: string }

/** A stop by a person is said before the breaker: it is what a person can end. */
export function healingState({ stopped, breaker, actionsLastHour, actionsPerHour, rules }: HealOverview): HealingState {
  if (stopped !== null) return { kind: 'stopped', sentence: `Healing is stopped by ${stopped.by}: ${stopped.because}`, meaning: 'Nothing is restarted, moved or reverted by control. The reflexes of proxy and agent go on: a bad instance is taken out of rotation, a crashed one is started again.' }
  if (breaker !== null) return { kind: 'breaker', sentence: `The breaker is open: ${breaker}`, meaning: 'When too much is sick at once, restarting it makes it worse. Nothing is done to instances until it closes by itself.' }
  const off = rules.filter((one) => one.mode === 'off').length
  const asks = rules.filter((one) => one.mode === 'suggest').length
  const parts = [asks === 0 ? null : `${plural(asks, 'rule asks', 'rules ask')} first`, off === 0 ? null : `${plural(off, 'rule is', 'rules are')} off`].filter((part) => part !== null)
  const budget = `${actionsLastHour === 0 ? 'No action' : plural(actionsLastHour, 'action')} in the last hour, of ${actionsPerHour} it may take`
  return { kind: 'on', sentence: 'Healing is on.', meaning: `${budget}.${parts.length === 0 ? '' : ` ${parts.join(', ')}.`}` }
}

/** `2 of 20 this hour`, and whether it is used up. */
export function budgetOf({ usedLastHour, perHour, perTargetPerHour }: HealRule): { text: string; limit: string; isSpent: boolean } {
  return { text: `${usedLastHour} of ${plural(perHour, 'action')} this hour`, limit: `at most ${perTargetPerHour} on one target`, isSpent: usedLastHour >= perHour }
}
