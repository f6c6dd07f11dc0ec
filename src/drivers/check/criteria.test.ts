import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { comparators } from '#contract/checks.ts'
import { holds, judge, parseCriterion, rank } from './criteria.ts'

const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 })

test('each comparator means what it says, of any two numbers', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      const right = String(b)
      const meant = { GT: a > b, LT: a < b, GTE: a >= b, LTE: a <= b, EQ: a === b, NEQ: a !== b }
      for (const comparator of comparators) assert.equal(holds(a, comparator, right), meant[comparator], `${a} ${comparator} ${b}`)
    }),
  )
})

test('of any number and itself GTE, LTE and EQ hold, and nothing else', () => {
  fc.assert(fc.property(number, (a) => assert.deepEqual(comparators.filter((comparator) => holds(a, comparator, String(a))), ['GTE', 'LTE', 'EQ'])))
})

test('what is no number has no order, and is equal to itself alone', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }).filter((text) => Number.isNaN(Number(text)) && text.trim() === text), number, (text, b) => {
      for (const comparator of ['GT', 'LT', 'GTE', 'LTE', 'EQ'] as const) assert.equal(holds(text, comparator, String(b)), false)
      assert.equal(holds(text, 'EQ', text), true)
      assert.equal(holds(text, 'NEQ', text), false)
    }),
  )
})

test('criteria only make a run worse, whatever their order', () => {
  const criterion = fc.tuple(fc.constantFrom('a', 'b', 'missing'), fc.constantFrom(...comparators), fc.integer({ min: -3, max: 3 }), fc.constantFrom('warn', 'err')).map((parts) => parts.join(' '))
  fc.assert(
    fc.property(fc.array(criterion, { maxLength: 6 }), fc.integer({ min: -3, max: 3 }), fc.constantFrom('ok', 'warn', 'err' as const), (criteria, value, status) => {
      const metrics = [{ name: 'a', value }, { name: 'b', value: 'text' }]
      const judged = judge({ status, message: 'said' }, metrics, criteria)
      assert.ok(rank(judged.status) >= rank(status))
      assert.equal(judge({ status, message: 'said' }, metrics, criteria.toReversed()).status, judged.status)
    }),
  )
})

test('a criterion is read as it is written, and what is none is refused', () => {
  assert.deepEqual(parseCriterion('load1 GT 4 warn'), { metric: 'load1', comparator: 'GT', value: '4', status: 'warn' })
  assert.deepEqual(parseCriterion('  free LTE 1.5 '), { metric: 'free', comparator: 'LTE', value: '1.5', status: 'err' })
  for (const text of ['load1 GT', 'load1 > 4', 'load1 GT 4 fine', 'a GT 1 warn more']) assert.equal(parseCriterion(text), undefined)
})
