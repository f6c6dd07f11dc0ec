import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leakOf, type MemorySample } from './leak.ts'
import { MemoryWatch } from './memory-watch.ts'

const megabyte = 2 ** 20
const limit = 256 * megabyte
/** A sample every ten seconds for ten minutes; `megabytes` by minute. */
const drawn = (megabytes: (minute: number, nth: number) => number): MemorySample[] => Array.from({ length: 60 }, (_, nth) => ({ at: nth * 10_000, bytes: megabytes(nth / 6, nth) * megabyte }))
const noise = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 })

test('a steady rise to the limit is told with its numbers', () => {
  assert.equal(leakOf(drawn((minute) => 190 + 4 * minute), limit), 'its memory rises by 4.0 MB a minute and would reach its limit of 256.0 MB in about 7 min')
})

test('a rise is seen through the noise and through the saw of a collector', () => {
  fc.assert(fc.property(noise, (by) => {
    assert.ok(leakOf(drawn((minute, nth) => 190 + 5 * minute + 6 * (by[nth] ?? 0)), limit))
    assert.ok(leakOf(drawn((minute, nth) => 180 + 6 * minute + 10 * ((nth % 7) / 7)), limit))
  }))
})

test('what is flat, noisy, a saw, far from its limit, falling, or was rising only while it started is no leak', () => {
  fc.assert(fc.property(noise, fc.integer({ min: 10, max: 250 }), (by, level) => {
    assert.equal(leakOf(drawn(() => level), limit), null)
    assert.equal(leakOf(drawn((_, nth) => level * (1 + 0.02 * (by[nth] ?? 0))), limit), null)
    assert.equal(leakOf(drawn((_, nth) => level * (0.8 + 0.2 * ((nth % 9) / 9))), limit), null)
    assert.equal(leakOf(drawn((minute) => 20 + 5 * minute), limit), null)
    assert.equal(leakOf(drawn((minute) => 250 - 3 * minute), limit), null)
    assert.equal(leakOf(drawn((minute) => Math.min(level, 0.9 * level + level * minute)), limit), null)
  }))
})

test('a few minutes, a few samples or none say nothing', () => {
  fc.assert(fc.property(fc.nat(19), (count) => assert.equal(leakOf(drawn((minute) => 190 + 6 * minute).slice(0, count), limit), null)))
  assert.equal(leakOf(drawn((minute) => 190 + 6 * minute).slice(0, 25), limit), null)
})

test('a task is watched from its first sample until it is gone, if it has a limit', () => {
  const watch = new MemoryWatch()
  for (const { at, bytes } of drawn((minute) => 190 + 5 * minute)) {
    watch.note('ins_a.1-1', at, bytes, limit)
    watch.note('ins_b.1-1', at, bytes, null)
  }
  assert.deepEqual([...watch.leaks().keys()], ['ins_a.1-1'])
  watch.keep(new Set())
  assert.equal(watch.leaks().size, 0)
})
