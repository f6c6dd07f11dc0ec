import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OtlpExponentialPoint, OtlpMetric } from '#watch/otlp/model.ts'
import { mostSamples, nameOf, powersOfTwo, samplesOfOtlp } from './otlp.ts'

const now = new Date('2026-03-10T12:00:00Z')
const from = { app: 'shop', environment: 'production', service: 'web', instance: 'web.1' }
const point = (more: object) => ({ attributes: {}, startMs: null, atMs: now.getTime(), recorded: true, ...more })
const read = (...items: object[]) => samplesOfOtlp({ resource: {}, scope: { name: '', version: '' }, items: items.map((one) => ({ description: '', unit: '', ...one })) as OtlpMetric[] }, from, now)
const short = (items: ReturnType<typeof read>) => items.samples.map(({ name, kind, value, labels: { app: _app, environment: _environment, service: _service, instance: _instance, ...labels } }) => [name, kind, value, labels])

test('gauges, sums and histograms become series named as Prometheus names them', () => {
  const answer = read(
    { name: 'queue.size', unit: '{job}', kind: 'gauge', points: [point({ value: 3, attributes: { 'queue.name': 'mail', app: 'forged' } })] },
    { name: 'http.requests', kind: 'sum', monotonic: true, temporality: 'cumulative', points: [point({ value: 7 })] },
    { name: 'open', kind: 'sum', monotonic: false, temporality: 'cumulative', points: [point({ value: 2 })] },
    { name: 'added', unit: 'By', kind: 'sum', monotonic: true, temporality: 'delta', points: [point({ value: 5 })] },
    { name: 'took', unit: 's', kind: 'histogram', temporality: 'cumulative', points: [point({ count: 3, sum: 1.5, bounds: [0.1, 1], counts: [1, 2, 0] })] },
  )
  assert.deepEqual(short(answer), [
    ['queue_size', 'gauge', 3, { queue_name: 'mail', exported_app: 'forged' }],
    ['http_requests_total', 'counter', 7, {}],
    ['open', 'gauge', 2, {}],
    ['added_bytes_total', 'delta', 5, {}],
    ['took_seconds_bucket', 'counter', 1, { le: '0.1' }],
    ['took_seconds_bucket', 'counter', 3, { le: '1' }],
    ['took_seconds_bucket', 'counter', 3, { le: '+Inf' }],
    ['took_seconds_count', 'counter', 3, {}],
    ['took_seconds_sum', 'counter', 1.5, {}],
  ])
  assert.deepEqual([answer.rejected, answer.samples[0]?.labels['app'], answer.samples[0]?.labels['instance']], [0, 'shop', 'web.1'])
})

test('what has no form here is refused by name, and the rest is kept', () => {
  const answer = read(
    { name: 'a', kind: 'sum', monotonic: true, temporality: 'unspecified', points: [point({ value: 1 })] },
    { name: 'b', kind: 'gauge', points: [point({ value: 1, atMs: now.getTime() - 2 * 86_400_000 }), point({ value: 2 }), point({ value: 9, recorded: false })] },
    { name: 'c', kind: 'exponential', temporality: 'delta', points: [point({ count: 1, sum: 1, scale: 0, zeroCount: 0, positive: { offset: 0, counts: [] }, negative: { offset: 0, counts: [1] } })] },
  )
  assert.deepEqual(short(answer), [['b', 'gauge', 2, {}]])
  assert.equal(answer.rejected, 3)
  assert.deepEqual(answer.because.map((one) => one.split(':')[0]), ['a', 'b', 'c'])
})

test('exponential buckets are counted below the same powers of two at every scale', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 6 }), (values, scale) => {
    // an index is the least i with value <= base^(i+1); near a bound the logarithm cannot tell, so values stand off from it
    const indices = values.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1)
    const offset = Math.min(...indices)
    const counts = Array.from({ length: Math.max(...indices) - offset + 1 }, (_, at) => indices.filter((index) => index === offset + at).length)
    const buckets = powersOfTwo({ ...point({}), count: values.length, sum: null, scale, zeroCount: 0, positive: { offset, counts }, negative: { offset: 0, counts: [] } } as OtlpExponentialPoint)
    for (const { le, count } of buckets) {
      const bound = le === '+Inf' ? Infinity : Number(le)
      assert.equal(count, indices.filter((index) => 2 ** ((index + 1) / 2 ** scale) <= bound * (1 + 1e-9)).length, le)
    }
  }))
})

test('a request makes so many samples and no more, however few its points are', () => {
  const wide = point({ count: 1, sum: 1, scale: 0, zeroCount: 0, positive: { offset: 0, counts: Array.from({ length: 1_000 }, () => 1) }, negative: { offset: 0, counts: [] } })
  const answer = read({ name: 'wide', kind: 'exponential', temporality: 'delta', points: Array.from({ length: 5_000 }, () => wide) })
  assert.ok(answer.samples.length >= mostSamples && answer.samples.length < mostSamples + 1_000, String(answer.samples.length))
  assert.deepEqual([answer.rejected > 4_000, answer.because], [true, [`one request may make ${mostSamples} samples`]])
  const wider = read({ name: 'wider', kind: 'exponential', temporality: 'delta', points: [{ ...wide, positive: { offset: 0, counts: Array.from({ length: 1_001 }, () => 1) } }] })
  assert.deepEqual([wider.samples, wider.rejected], [[], 1])
})

test('a unit is told once', () => {
  assert.equal(nameOf({ name: 'process.cpu.seconds', unit: 's', kind: 'gauge' }), 'process_cpu_seconds')
  assert.equal(nameOf({ name: '9lives', unit: 'constructor', kind: 'gauge' }), '_9lives')
})
