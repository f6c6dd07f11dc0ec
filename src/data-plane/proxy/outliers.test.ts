import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mostEjected, outliers, type Standing } from './outliers.ts'
import { Score } from './score.ts'

const standing = (id: string, extra: Partial<Standing> = {}): Standing => ({ id, ejected: false, requests: 100, errors: 0, answers: 100, typicalMs: 10, ...extra })
const failing = { errors: 100, answers: 0, typicalMs: 0 }

const anyStanding = fc.record({ ejected: fc.boolean(), requests: fc.nat(500), share: fc.double({ min: 0, max: 1, noNaN: true }), typicalMs: fc.double({ min: 0, max: 10_000, noNaN: true }) })
const anyFleet = fc.array(anyStanding, { maxLength: 12 }).map((shapes) =>
  shapes.map(({ ejected, requests, share, typicalMs }, index): Standing => {
    const errors = Math.round(requests * share)
    return { id: `ins_${index}`, ejected, requests, errors, answers: requests - errors, typicalMs }
  }),
)

test('never more than half are out, so never all, and never one that is out already', () => {
  fc.assert(
    fc.property(anyFleet, (fleet) => {
      const out = new Set(outliers(fleet).map((one) => one.id))
      const before = fleet.filter((one) => one.ejected)
      for (const one of before) assert.ok(!out.has(one.id))
      if (out.size > 0) assert.ok(out.size + before.length <= fleet.length / 2)
    }),
  )
})

test('the order of instances does not matter', () => {
  fc.assert(
    fc.property(
      anyFleet.chain((fleet) => fc.tuple(fc.constant(fleet), fc.shuffledSubarray(fleet, { minLength: fleet.length }))),
      ([fleet, shuffled]) => assert.deepEqual(outliers(shuffled), outliers(fleet)),
    ),
  )
})

test('when all are equally bad, nobody is an outlier', () => {
  fc.assert(
    fc.property(anyStanding, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 10 }), ({ share, typicalMs }, volumes) => {
      const [good, bad] = [Math.round(10 * (1 - share)), Math.round(10 * share)]
      const fleet = volumes.map((volume, index) => standing(`ins_${index}`, { requests: 10 * volume, errors: bad * volume, answers: good * volume, typicalMs }))
      assert.deepEqual(outliers(fleet), [])
    }),
  )
})

test('who fails, or is slow, while peers are well is named with the numbers', () => {
  const ids = (fleet: Standing[]) => outliers(fleet).map((one) => one.id)
  assert.deepEqual(outliers([standing('a', failing), standing('b')]), [
    { id: 'a', because: '100 of 100 requests failed, at its peers 0 of 100', numbers: { requests: 100, errors: 100, peerRequests: 100, peerErrors: 0 } },
  ])
  assert.deepEqual(outliers([standing('a', { typicalMs: 700 }), standing('b'), standing('c')]), [
    { id: 'a', because: 'its answers take 700 ms, those of its peers 10 ms', numbers: { requests: 100, errors: 0, typicalMs: 700, peerTypicalMs: 10 } },
  ])
  assert.deepEqual(ids([standing('a', failing), standing('b', failing), standing('c'), standing('d', { typicalMs: 900 })]), ['a', 'b'], 'failing goes before slow')
  assert.deepEqual(ids([standing('a', { requests: 19, errors: 19, answers: 0 }), standing('b')]), [], 'too few to tell')
  assert.deepEqual(ids([standing('a', failing), standing('b', { requests: 3, answers: 3 })]), [], 'nobody to compare with')
  assert.deepEqual(ids([standing('a', { requests: 20, errors: 8, answers: 12 }), standing('b', { requests: 20, errors: 3, answers: 17 })]), [], 'chance')
  assert.deepEqual(ids([standing('a', { typicalMs: 40 }), standing('b', { typicalMs: 5 })]), [], 'slower, but not by much')
  assert.deepEqual(ids([standing('a', failing)]), [])
  assert.equal(mostEjected(1), 0)
})

test('a score forgets what is older than its window, and a few slow answers do not make it slow', () => {
  const score = new Score()
  for (let n = 0; n < 98; n++) score.answered(200, 9, 1_000)
  for (let n = 0; n < 2; n++) score.answered(200, 5_000, 1_000)
  score.answered(503, 1, 1_000)
  const seen = score.standing('a', false, 1_500)
  assert.deepEqual([seen.requests, seen.errors, seen.answers], [101, 1, 100])
  assert.ok(seen.typicalMs > 9 && seen.typicalMs < 12, `${seen.typicalMs}`)
  assert.deepEqual(score.standing('a', true, 11_000), { id: 'a', ejected: true, requests: 0, errors: 0, answers: 0, typicalMs: 0 })
})
