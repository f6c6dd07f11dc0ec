import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type RuleSpec, comparators, ruleSpecSchema } from '#contract/alerting.ts'
import { holdsFor, judgeForecast, judgeUnusual, lineOf, median } from './judge.ts'
import type { Reading, SeriesState } from './model.ts'
import { nextStates, staleMs } from './plan.ts'

const step = 30_000
const at = (nth: number) => new Date(1_700_000_000_000 + nth * step)
const reading = (holds: boolean | null): Reading => ({ series: 's', labels: {}, value: holds === null ? null : 1, holds, because: String(holds) })

/** Firing or not after each look. */
function run(times: { forMs: number; keepFiringMs: number }, looks: readonly (boolean | null)[]) {
  let states: SeriesState[] = []
  return looks.map((holds, nth) => {
    const next = nextStates(times, states, [reading(holds)], at(nth))
    states = next.states
    return { firing: states[0]?.state === 'firing', state: states[0], to: next.transitions[0]?.to ?? null }
  })
}

/** By the definition: it begins when the condition held at every look of the last `for`; it ends when it held at no look of the last `keep`. */
function naive({ forMs, keepFiringMs }: { forMs: number; keepFiringMs: number }, looks: readonly boolean[]): boolean[] {
  const need = Math.ceil(forMs / step) + 1
  const keep = Math.ceil(keepFiringMs / step)
  let firing = false
  return looks.map((holds, nth) => {
    if (!firing) firing = nth + 1 >= need && looks.slice(nth + 1 - need, nth + 1).every((one) => one)
    else if (!holds) firing = looks.slice(Math.max(0, nth - Math.max(0, keep - 1)), nth + 1).some((one) => one)
    return firing
  })
}

const times = fc.record({ forMs: fc.integer({ min: 0, max: 8 }).map((n) => n * step), keepFiringMs: fc.integer({ min: 0, max: 8 }).map((n) => n * step) })

describe('the states of a series', () => {
  test('are what the definition of for and keep firing for says', () => {
    fc.assert(fc.property(times, fc.array(fc.boolean(), { maxLength: 60 }), (each, looks) => assert.deepEqual(run(each, looks).map(({ firing }) => firing), naive(each, looks))), { numRuns: 3000 })
  })

  test('every firing begins and ends with one transition, and the order of series does not matter', () => {
    const looks = fc.array(fc.constantFrom(true, false, null), { maxLength: 80 })
    fc.assert(
      fc.property(times, looks, (each, all) => {
        const turns = run(each, all)
        let firing = false
        for (const turn of turns) {
          assert.equal(turn.to === 'firing', !firing && turn.firing)
          assert.equal(turn.to === 'over', firing && !turn.firing)
          firing = turn.firing
        }
      }),
    )
    const two = [{ ...reading(true), series: 'a' }, { ...reading(true), series: 'b' }]
    assert.deepEqual(nextStates({ forMs: 0, keepFiringMs: 0 }, [], two, at(0)), nextStates({ forMs: 0, keepFiringMs: 0 }, [], two.toReversed(), at(0)))
  })

  test('what is gone is over with its reason, whatever went before and however long it would fire on', () => {
    fc.assert(
      fc.property(times, fc.array(fc.constantFrom(true, false, null), { maxLength: 20 }), (each, looks) => {
        const before = run(each, looks).at(-1)?.state
        const next = nextStates(each, before === undefined ? [] : [before], [{ series: 's', labels: {}, value: null, holds: 'gone', because: 'shop was destroyed' }], at(looks.length))
        assert.deepEqual(next.states, [])
        assert.deepEqual(next.transitions.map(({ to, because }) => [to, because]), before === undefined ? [] : [[before.state === 'firing' ? 'over' : 'dropped', 'shop was destroyed']])
      }),
    )
  })

  test('a firing series whose values are gone fires on for a while, since a lost machine is not well', () => {
    const looks = [true, ...Array.from({ length: staleMs / step + 1 }, () => null)]
    const turns = run({ forMs: 0, keepFiringMs: 0 }, looks)
    assert.equal(turns.at(-2)?.to, 'over')
    assert.ok(turns.slice(0, -2).every(({ firing }) => firing))
  })

  test('a pause of the looker is no time for which a condition held', () => {
    const first = nextStates({ forMs: 60 * 60_000, keepFiringMs: 0 }, [], [reading(true)], at(0)).states
    const later = nextStates({ forMs: 60 * 60_000, keepFiringMs: 0 }, first, [reading(true)], at(400))
    assert.equal(later.states[0]?.state, 'pending')
    assert.deepEqual(later.states[0]?.since, at(400))
  })
})

const spec = (condition: object): RuleSpec => ruleSpecSchema.parse({ title: 't', summary: 's', measure: { metric: 'm_bytes' }, condition })

describe('judging', () => {
  test('comparators agree with the language', () => {
    // by where the one may stand to the other: the field has shipped comparators that were mixed up
    const places: Record<string, number[]> = { '>': [1], '>=': [1, 0], '<': [-1], '<=': [-1, 0], '==': [0], '!=': [-1, 1] }
    fc.assert(fc.property(fc.constantFrom(...comparators), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), (is, a, b) => assert.equal(holdsFor(is, a, b), places[is]?.some((place) => place === Math.sign(a - b)))))
  })

  test('the median leaves as many below as above', () => {
    fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values)
      assert.ok(values.filter((value) => value < middle).length <= values.length / 2 && values.filter((value) => value > middle).length <= values.length / 2)
    }))
  })

  test('the line through points on a line is that line', () => {
    fc.assert(fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 2, max: 20 }), (slope, base, count) => {
      const line = lineOf(Array.from({ length: count }, (_, nth) => [nth * 1000, base + slope * nth] as const), 0)
      assert.ok(Math.abs(line.at - base) < 1e-6 && Math.abs(line.slope * 1000 - slope) < 1e-6)
    }))
  })

  test('a disk that will be full is told before it is, and one that fills slowly is not', () => {
    const hour = 3_600_000
    const condition = { kind: 'forecast', fromMs: 6 * hour, withinMs: 24 * hour, is: '<=', value: 0 } as const
    const falling = (perHour: number) => Array.from({ length: 37 }, (_, nth) => [nth * hour / 6, 100 - (perHour * nth) / 6] as const)
    const rule = spec(condition)
    assert.equal(judgeForecast(rule, condition, falling(10), 6 * hour).holds, true)
    assert.match(judgeForecast(rule, condition, falling(10), 6 * hour).because, /reaches 0 B in 4 h/)
    assert.equal(judgeForecast(rule, condition, falling(1), 6 * hour).holds, false)
    assert.equal(judgeForecast(rule, condition, falling(10).slice(30), 6 * hour).holds, null, 'an hour says nothing of a day')
  })

  test('unusual is judged by other days, of which one may be odd', () => {
    const condition = { kind: 'unusual' as const, days: [1, 2, 3, 4, 5, 6, 7], side: 'both' as const, factor: 5 }
    const rule = spec(condition)
    const days = [100, 104, 96, 98, 102, 5000, 101]
    assert.equal(judgeUnusual(rule, condition, 103, days).holds, false)
    assert.equal(judgeUnusual(rule, condition, 10, days).holds, true)
    assert.equal(judgeUnusual(rule, { ...condition, side: 'above' }, 10, days).holds, false)
    assert.equal(judgeUnusual(rule, condition, 10, [100, null, null, null, null, null, 99]).holds, null)
  })
})
