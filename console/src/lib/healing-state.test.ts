import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealOverview, HealRule } from '#contract/healing.ts'
import { budgetOf, healingState } from './healing-state.ts'

const rule = (mode: HealRule['mode'], usedLastHour = 0): HealRule => ({ id: mode, title: mode, about: '', signals: [], cause: null, ladder: [], mode, defaultMode: 'auto', perTargetPerHour: 3, perHour: 4, verifyWithinMs: 1000, isTuned: false, usedLastHour })
const overview: HealOverview = { rules: [rule('auto'), rule('suggest'), rule('off'), rule('off')], stopped: null, breaker: null, pauses: [], actionsLastHour: 1, actionsPerHour: 60 }

test('while it is on, it says what was done and what it may not do by itself', () => {
  assert.deepEqual(healingState(overview), { kind: 'on', sentence: 'Healing is on.', meaning: '1 action in the last hour, of 60 it may take. 1 rule asks first, 2 rules are off.' })
  assert.equal(healingState({ ...overview, rules: [], actionsLastHour: 0 }).meaning, 'No action in the last hour, of 60 it may take.')
})

test('a stop by a person is said before an open breaker', () => {
  const breaker = '9 of 11 services became sick within 2 min'
  assert.equal(healingState({ ...overview, breaker }).sentence, `The breaker is open: ${breaker}`)
  const stopped = { by: 'rosa', because: 'maintenance', at: '2026-03-29T01:00:00Z' }
  assert.deepEqual([healingState({ ...overview, breaker, stopped })].map(({ kind, sentence }) => [kind, sentence]), [['stopped', 'Healing is stopped by rosa: maintenance']])
})

test('a budget that is used up says so', () => {
  assert.deepEqual(budgetOf(rule('auto', 3)), { text: '3 of 4 actions this hour', limit: 'at most 3 on one target', isSpent: false })
  assert.equal(budgetOf(rule('auto', 4)).isSpent, true)
})
