import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Patience } from './silence.ts'

function patienceAfter(answersMs: number[]): number {
  const patience = new Patience()
  for (const ms of answersMs) patience.heard(ms)
  return patience.ms
}

test('patience lies between a quarter of a second and ten, whatever was heard', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (answers) => {
    const ms = patienceAfter(answers)
    assert.ok(ms >= 250 && ms <= 10_000)
  }))
})

test('a quick service is doubted soon, a slow one late, one never heard last', () => {
  assert.equal(patienceAfter(Array.from({ length: 100 }, () => 3)), 250)
  const slow = patienceAfter(Array.from({ length: 100 }, (_, n) => 1_000 + (n % 2) * 500))
  assert.ok(slow > 1_500 && slow < 4_000, String(slow))
  assert.equal(patienceAfter([]), 10_000)
})
