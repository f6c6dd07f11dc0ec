import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlidingWindow } from './sliding-window.ts'

test('the sum is that of the slots which are not over, however time jumps', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(3_000), kind: fc.nat(1), amount: fc.nat(9) }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.nat(100_000), steps, (startMs, list) => {
      const window = new SlidingWindow(5, 200, 2)
      const added: { slot: number; kind: number; amount: number }[] = []
      let now = startMs
      for (const { afterMs, kind, amount } of list) {
        now += afterMs
        window.add(kind, amount, now)
        added.push({ slot: Math.floor(now / 200), kind, amount })
        for (const one of [0, 1]) {
          const expected = added.filter((each) => each.kind === one && each.slot > Math.floor(now / 200) - 5).reduce((sum, each) => sum + each.amount, 0)
          assert.equal(window.sum(one, now), expected)
        }
      }
    }),
  )
})
