import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { apart } from './graph-marks.ts'

const placesOf = (xs: readonly number[], least = 4, from = 0, to = 300) => apart(xs.map((x) => ({ x })), least, from, to).map(({ x }) => x)

test('marks at nearly the same place stand beside each other, and others stay where they are', () => {
  assert.deepEqual(placesOf([10, 10, 100, 102, 200]), [8, 12, 99, 103, 200])
  assert.deepEqual(placesOf([299, 300, 300]), [292, 296, 300], 'within the graph')
  assert.deepEqual(placesOf([]), [])
  assert.deepEqual(apart([{ x: 5 }, { x: 6 }, { x: 50 }], 4, 0, 100).map(({ group }) => group), [0, 0, 1])
})

test('no two lie over each other, in any order, and none leaves the graph while there is room', () =>
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 40 }), (xs) => {
      const placed = apart(xs.map((x) => ({ x })), 4, 0, 300)
      assert.deepEqual(placed.map(({ mark }) => mark.x), xs.toSorted((one, other) => one - other), 'each once, in order')
      for (const [at, { x, mark }] of placed.entries()) {
        if (at > 0) assert.ok(x - (placed[at - 1]?.x ?? 0) >= 4 - 1e-6)
        assert.ok(x >= -1e-6 && x <= 300 + 1e-6)
        if (placed.filter(({ group }) => group === placed[at]?.group).length === 1) assert.equal(x, mark.x)
      }
    }),
  ))
