import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClockWatch, bestOffsetMs } from './clock-watch.ts'

/** Control's clock is right; the machine's is ahead of it by `aheadMs`. */
function world(aheadMs: number) {
  let steady = 0
  const asked: number[] = []
  const watch = new ClockWatch((at) => asked.push(at), { steady: () => steady, wall: () => 1_800_000_000_000 + steady + aheadMs })
  return {
    watch,
    wait: (ms: number) => void (steady += ms),
    exchange(thereMs: number, backMs: number) {
      watch.ask()
      steady += thereMs
      const atMs = 1_800_000_000_000 + steady
      steady += backMs
      watch.answered({ asked: asked.at(-1) as number, atMs })
    },
  }
}

test('the offset is never further from the truth than half of the quickest trip', () => {
  const trips = fc.array(fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 4000 })), { minLength: 1, maxLength: 12 })
  fc.assert(fc.property(fc.integer({ min: -100_000, max: 100_000 }), trips, (aheadMs, all) => {
    const { watch, exchange } = world(aheadMs)
    for (const [there, back] of all) exchange(there, back)
    const quickest = Math.min(...all.map(([there, back]) => there + back))
    assert.ok(Math.abs((watch.offsetMs() as number) - aheadMs) <= quickest / 2)
  }))
})

test('nothing is known before the first answer, and what was known grows old', () => {
  const { watch, wait, exchange } = world(250)
  assert.equal(watch.offsetMs(), null)
  exchange(10, 10)
  assert.equal(watch.offsetMs(), 250)
  wait(200_000)
  assert.equal(watch.offsetMs(), null)
})

test('an answer that makes no sense is none', () => {
  const { watch } = world(0)
  for (const answer of [{ asked: 500, atMs: 1 }, { asked: Number.NaN, atMs: 1 }, { asked: 0, atMs: Number.NaN }]) watch.answered(answer)
  assert.equal(watch.offsetMs(), null)
  assert.equal(bestOffsetMs([], 0), null)
})
