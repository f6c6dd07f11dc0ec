import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextDue, offsetOf, stillDue } from './plan.ts'

const every = fc.integer({ min: 1000, max: 86_400_000 })
const at = fc.integer({ min: 1_500_000_000_000, max: 2_500_000_000_000 })

test('the next run is after now, within one interval, and always at the same times', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), every, at, fc.nat(1_000_000), (check, vantage, everyMs, now, later) => {
      const offset = offsetOf(check, vantage, everyMs)
      const due = nextDue(offset, everyMs, now)
      assert.ok(due > now && due <= now + everyMs)
      assert.equal((due - offset) % everyMs, 0)
      // however late a run ends, the one after it stands where it always stood
      assert.equal((nextDue(offset, everyMs, due + later) - due) % everyMs, 0)
    }),
  )
})

test('after the clock was set back the next run is within one interval again; else it stays', () => {
  fc.assert(
    fc.property(every, at, fc.integer({ min: -86_400_000, max: 86_400_000 }), (everyMs, now, jumpMs) => {
      const due = nextDue(7, everyMs, now)
      const then = stillDue(due, 7, everyMs, now + jumpMs)
      assert.ok(then <= now + jumpMs + everyMs)
      if (jumpMs >= 0) assert.equal(then, due)
      assert.equal((then - 7) % everyMs, 0)
    }),
  )
})

test('a thousand checks of one interval spread evenly over it', () => {
  const buckets = new Array<number>(10).fill(0)
  for (let n = 0; n < 1000; n++) buckets[Math.floor(offsetOf(`chk_${n}`, 'control', 10_000) / 1000)]!++
  for (const count of buckets) assert.ok(count > 60 && count < 140, `${count} of 1000 in a tenth`)
})
