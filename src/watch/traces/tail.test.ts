import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type NewSpan, bytesOf, shortened } from './model.ts'
import { DayShares } from './shares.ts'
import { type TailLimits, TailSampler, tailLimits } from './tail.ts'

const idOf = (n: number) => n.toString(16).padStart(32, '0')
let next = 0
function span(trace: number, more: Partial<NewSpan> = {}): NewSpan {
  return { traceId: idOf(trace), spanId: (++next).toString(16).padStart(16, '0'), parentId: null, app: 'shop', environment: 'production', service: 'web', instance: null, name: 'GET /', kind: 'server', status: 'unset', byProxy: true, atMs: 0, durationMs: 5, attributes: {}, events: [], slow: false, ...more }
}
const limits: TailLimits = { ...tailLimits, perSecond: { error: 20, slow: 10, sampled: 0 }, oneIn: 1_000_000 }

test('a trace waits until it is silent, and is taken whole and once', () => {
  const sampler = new TailSampler()
  sampler.add([span(1), span(2)], 0)
  sampler.add([span(1, { service: 'api' })], 4_000)
  assert.deepEqual(sampler.take(4_999), [])
  assert.deepEqual(sampler.take(5_000).map(({ traceId, spans }) => [traceId, spans.length]), [[idOf(2), 1]])
  assert.deepEqual(sampler.take(9_000).map(({ traceId, spans }) => [traceId, spans.length]), [[idOf(1), 2]])
  assert.deepEqual(sampler.take(99_000), [])
  assert.equal(sampler.waiting, 0)
})

test('one that goes on and on is decided all the same, and what follows goes the same way', () => {
  const sampler = new TailSampler()
  for (let ms = 0; ms < 30_000; ms += 1_000) sampler.add([span(1)], ms)
  assert.equal(sampler.take(30_000)[0]?.spans.length, 30)
  sampler.add([span(1)], 31_000)
  assert.equal(sampler.take(31_000)[0]?.spans.length, 1)
})

test('failures and slow ones are kept where ordinary ones are not, and each that is not is counted', () => {
  const sampler = new TailSampler(limits)
  sampler.add([span(1), span(2, { status: 'error' }), span(3, { slow: true }), span(4, { durationMs: 1_000 })], 0)
  assert.deepEqual(sampler.take(5_000).map(({ traceId, because }) => [traceId, because]), [[idOf(2), 'error'], [idOf(3), 'slow'], [idOf(4), 'slow']])
  sampler.add([span(1), span(1, { status: 'error' })], 6_000)
  assert.deepEqual(sampler.take(6_000).map(({ traceId, because, spans }) => [traceId, because, spans.length]), [[idOf(1), 'error', 1]], 'an error that comes late')
  assert.deepEqual(sampler.dropped, { 'not sampled': 2 })
})

test('an app that fails all the time does not fill the disk, nor take the room of another', () => {
  const sampler = new TailSampler(limits)
  for (let n = 1; n <= 1_000; n++) sampler.add([span(n, { status: 'error' })], 0)
  sampler.add([span(2_000, { status: 'error', app: 'blog' })], 0)
  const kept = sampler.take(5_000)
  assert.equal(kept.length, 20 * 20 + 1)
  assert.equal(sampler.dropped['too many at once (error)'], 600)
})

test('spans that come late have no more room than those that come in time', () => {
  const sampler = new TailSampler({ ...limits, spansPerTrace: 3 })
  sampler.add([span(1, { status: 'error' })], 0)
  assert.equal(sampler.take(5_000).length, 1)
  for (let n = 0; n < 10; n++) sampler.add([span(1)], 6_000)
  assert.deepEqual([sampler.take(6_000).length, sampler.dropped['too many of one trace']], [2, 8])
  // errors of traces that were not kept: as many as the app may have at once
  const ids = Array.from({ length: 1_000 }, (_, n) => n + 10)
  sampler.add(ids.map((n) => span(n)), 7_000)
  sampler.take(20_000)
  sampler.add(ids.map((n) => span(n, { status: 'error' })), 21_000)
  const kept = sampler.take(21_000).length
  assert.ok(kept > 0 && kept <= 20 * 20, String(kept))
})

test('few spans that say much are as bounded as many that say little', () => {
  const long = { 'a': 'x'.repeat(1_000) }
  const sampler = new TailSampler({ ...limits, bytes: 20_000 })
  for (let n = 1; n <= 50; n++) sampler.add([span(n, { status: 'error', attributes: long })], 0)
  assert.ok(sampler.waiting < 20, String(sampler.waiting))
  const kept = sampler.take(5_000)
  assert.ok(kept.length > 0 && kept.length < 20, String(kept.length))
  assert.equal(kept.length + (sampler.dropped['too many at once'] ?? 0), 50)
  assert.ok(bytesOf(shortened(span(1, { attributes: long, events: Array.from({ length: 32 }, () => ({ atMs: 0, name: 'e', attributes: Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`k${at}`, 'x'.repeat(1_000)])) })) }))) < 2_000)
})

test('an app that has used its share of a day leaves the rest to others, until the next day', () => {
  const shares = new DayShares(1_000)
  assert.equal(shares.take('loud', 499, 1), true)
  assert.equal(shares.take('loud', 10, 1), false)
  assert.equal(shares.take('quiet', 200, 1), true)
  assert.equal(shares.take('other', 240, 1), true)
  assert.equal(shares.take('loud', 10, 2), true)
})

test('of what is beyond the budget one in so many is kept, the same ones wherever it is asked', () => {
  const some = () => {
    const sampler = new TailSampler({ ...limits, oneIn: 10 })
    for (let n = 1; n <= 1_000; n++) sampler.add([span(n)], 0)
    return sampler.take(5_000).map(({ traceId }) => traceId)
  }
  assert.equal(some().length, 100)
  assert.deepEqual(some(), some())
})

test('whatever comes, what waits is bounded and every span is kept, waiting or counted', () => {
  const small: TailLimits = { ...tailLimits, spans: 10, spansPerTrace: 3, decisions: 4, perSecond: { error: 1, slow: 1, sampled: 1 }, burstSeconds: 2 }
  const arrival = fc.record({ trace: fc.integer({ min: 1, max: 8 }), afterMs: fc.nat(4_000), error: fc.boolean(), take: fc.boolean() })
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 60 }), (arrivals) => {
      const sampler = new TailSampler(small)
      let now = 0
      let kept = 0
      for (const { trace, afterMs, error, take } of arrivals) {
        now += afterMs
        sampler.add([span(trace, error ? { status: 'error' } : {})], now)
        assert.ok(sampler.waiting <= 10)
        if (take) for (const one of sampler.take(now)) kept += one.spans.length
      }
      for (const one of sampler.take(now, true)) kept += one.spans.length
      assert.equal(sampler.waiting, 0)
      assert.equal(kept + Object.values(sampler.dropped).reduce((sum, count) => sum + count, 0), arrivals.length)
    }),
  )
})
