import assert from 'node:assert/strict'
import { test } from 'node:test'
import { causeKinds, signalKinds } from '#contract/healing.ts'
import { ruleFor, rules } from './rules.ts'

test('every signal has a rule whatever its cause, and every rule is reached', () => {
  const found = new Set(signalKinds.flatMap((signal) => causeKinds.map((cause) => ruleFor(signal, cause).id)))
  assert.deepEqual([...found].toSorted(), rules.map(({ id }) => id).toSorted())
})

test('a ladder is climbed once, and a person comes last', () => {
  for (const { id, ladder } of rules) {
    assert.equal(new Set(ladder).size, ladder.length, id)
    assert.ok(!ladder.slice(0, -1).includes('page'), id)
  }
})
