import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deploySteps, stepsOf } from './deploy-steps.ts'

const at = '2026-03-29T01:00:00Z'
const reached = (...names: string[]) => names.map((name) => ({ name, at, detail: `${name} it is` }))
const states = (steps: ReturnType<typeof stepsOf>) => steps.map((step) => step.state).join(' ')

test('the step after the last one reached is under way, the rest is to come', () => {
  assert.equal(states(stepsOf(reached('built', 'released'), deploySteps, 'running', '')), 'done done running waiting waiting waiting')
})

test('a failure stands at the step that was not reached, with its reason and time', () => {
  const steps = stepsOf([...reached('built', 'released'), { name: 'failed', at, detail: 'npm run migrate ended with 1' }], deploySteps, 'failed', 'unused')
  assert.equal(states(steps), 'done done failed waiting waiting waiting')
  assert.deepEqual(steps[2], { name: 'started', state: 'failed', at, detail: 'npm run migrate ended with 1' })
})

test('a step that was passed without a word counts as done', () => {
  assert.equal(states(stepsOf(reached('built', 'healthy'), deploySteps, 'running', '')), 'done done done done running waiting')
})

test('nothing is under way after the end', () => {
  assert.equal(states(stepsOf(reached(...deploySteps), deploySteps, 'done', '')), 'done done done done done done')
})
