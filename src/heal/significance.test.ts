import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proportionZ, rankZ } from './significance.ts'

test('the tests against chance agree with known figures', () => {
  // 15 of 100 against 30 of 100: pooled 0.225, z = 0.15 / sqrt(0.225 · 0.775 · 0.02) = 2.54
  assert.ok(Math.abs(proportionZ({ requests: 100, errors: 15 }, { requests: 100, errors: 30 }) - 2.54) < 0.01)
  assert.equal(proportionZ({ requests: 10, errors: 0 }, { requests: 10, errors: 0 }), 0)
  // 1 … 5 against 6 … 10, one in each bucket: U = 0, z = 2.611
  assert.ok(Math.abs(rankZ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]) - 2.611) < 0.01)
  assert.equal(rankZ([3], [3]), 0)
  for (const [before, after] of [[0, 9], [9, 0], [0, 0]] as const) assert.equal(proportionZ({ requests: before, errors: 0 }, { requests: after, errors: after }), 0, 'nothing to compare')
})
