/** The pure half of the metric store, held against plain reckoning. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inOrder, samplesOf, widened } from './buckets.ts'
import { decodeBuckets, decodePoints, encodeBuckets, encodePoints } from './codec.ts'
import { FairQueue } from './fair-queue.ts'
import { type Bucket, type Point, type Sample, rise, seriesKey } from './model.ts'
import { samplesOfFacts } from './collect.ts'
import type { MetricFn, MetricRank } from '#contract/metrics.ts'
import { answer, gathering, quantileIn } from './query.ts'
import { levelOf, mostPoints, mostSeries, pointsFor, stepFor } from './read.ts'
import { topOf } from './top.ts'

const point = fc.record({ atMs: fc.integer({ min: 0, max: 4 * 3_600_000 }), value: fc.double({ noNaN: true, min: -1e12, max: 1e12 }) }, { noNullPrototype: true })
const points = fc.array(point, { maxLength: 200 }).map(inOrder)
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b))

test('what is sealed is read as it was', () => {
  fc.assert(fc.property(fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 2 ** 43 }), value: fc.double() }, { noNullPrototype: true })).map(inOrder), (given) => assert.deepEqual(decodePoints(encodePoints(given)), given)))
  fc.assert(fc.property(points, (given) => {
    const sums = widened(samplesOf('gauge', given, null), 300_000)
    assert.deepEqual(decodeBuckets(encodeBuckets(sums), 300_000), sums)
  }))
})

test('a quiet hour takes less than two bytes a point', () => {
  const hour = Array.from({ length: 360 }, (_, at) => ({ atMs: 1_700_000_000_000 + at * 10_000, value: 0.25 }))
  assert.ok(encodePoints(hour).length < 720)
})

test('summed in pieces and then wider is the same as summed at once', () => {
  fc.assert(fc.property(points, fc.nat(200), fc.constantFrom('gauge', 'counter', 'delta'), (given, cut, kind) => {
    const whole = widened(samplesOf(kind, given, null), 3_600_000)
    const before = given.slice(0, cut)
    const pieces = [...widened(samplesOf(kind, before, null), 300_000), ...widened(samplesOf(kind, given.slice(cut), before.at(-1)?.value ?? null), 300_000)]
    const twice = widened(pieces, 3_600_000)
    assert.equal(twice.length, whole.length)
    twice.forEach((bucket, at) => {
      const other = whole[at] as Bucket
      for (const field of ['atMs', 'min', 'max', 'count', 'last'] as const) assert.equal(bucket[field], other[field], field)
      assert.ok(close(bucket.sum, other.sum) && close(bucket.increase, other.increase))
    })
  }))
})

test('a counter that begins again has risen by what it shows since', () => {
  assert.equal(rise(null, 500), 0)
  assert.equal(rise(10, 15), 5)
  assert.equal(rise(10, 3), 3)
  fc.assert(fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 50 }), fc.nat(50), (steps, restart) => {
    let total = 0
    const shown = steps.map((step, at) => (total = at === restart ? step : total + step))
    const rises = samplesOf('counter', shown.map((value, at) => ({ atMs: at, value })), 0).map(({ increase }) => increase)
    const expected = steps.reduce((sum, step) => sum + step, 0)
    // one that restarts and is at once above where it was hides its restart; it can only count too little
    const told = rises.reduce((sum, one) => sum + one, 0)
    assert.ok(told <= expected && (restart >= steps.length || restart === 0 ? told === expected : true))
  }))
})

/** One series, asked with the plainest loop there is. */
function naive(fn: string, given: readonly Point[], kind: 'gauge' | 'counter' | 'delta', from: number, to: number): number | null {
  const inside = given.filter(({ atMs }) => atMs >= from && atMs < to)
  if (inside.length === 0) return null
  const values = inside.map(({ value }) => value)
  if (fn === 'min') return Math.min(...values)
  if (fn === 'max') return Math.max(...values)
  if (fn === 'last') return values.at(-1) ?? null
  if (fn === 'avg' || fn === 'sum') return values.reduce((sum, value) => sum + value, 0) / values.length
  let increase = 0
  given.forEach(({ atMs, value }, at) => {
    if (atMs < from || atMs >= to || kind === 'gauge') return
    const before = given[at - 1]?.value
    increase += kind === 'delta' ? value : before === undefined ? 0 : value >= before ? value - before : value
  })
  return fn === 'rate' ? increase / ((to - from) / 1000) : increase
}

test('each answer is what a plain loop over the samples gives', () => {
  fc.assert(fc.property(points, fc.constantFrom('avg', 'min', 'max', 'sum', 'last', 'rate', 'increase'), fc.constantFrom('gauge', 'counter', 'delta'), fc.constantFrom(60_000, 90_000, 600_000), (given, fn, kind, stepMs) => {
    const query = { metric: 'm', fn, since: new Date(3_600_000), until: new Date(7_200_000), stepMs } as const
    const [series] = answer(query, [{ labels: {}, buckets: samplesOf(kind, given, null) }])
    const steps = Array.from({ length: Math.ceil(7_200_000 / stepMs) - Math.floor(3_600_000 / stepMs) }, (_, at) => (Math.floor(3_600_000 / stepMs) + at) * stepMs)
    const expected = steps.map((atMs) => naive(fn, given, kind, atMs, atMs + stepMs))
    if (series === undefined) return assert.ok(expected.every((value) => value === null))
    assert.deepEqual(series.points.map(([atMs]) => atMs), steps)
    series.points.forEach(([, value], at) => assert.ok(value === null ? expected[at] === null : close(value, expected[at] as number), `${fn} ${value} ${expected[at]}`))
  }))
})

test('groups: by labels, all in one, each by itself; a shift answers as if it were now', () => {
  const one = (service: string, instance: string, value: number) => ({ labels: { app: 'shop', service, instance }, buckets: samplesOf('gauge', [{ atMs: 60_000, value }], null) })
  const series = [one('web', 'web.1', 1), one('web', 'web.2', 3), one('db', 'db.1', 10)]
  const ask = (more: object) => answer({ metric: 'm', fn: 'sum', since: new Date(60_000), until: new Date(120_000), stepMs: 60_000, ...more }, series).map(({ labels, points: [first] }) => [labels, first?.[1]])
  assert.deepEqual(ask({ by: ['service'] }), [[{ service: 'web' }, 4], [{ service: 'db' }, 10]])
  assert.deepEqual(ask({ by: [] }), [[{}, 14]])
  assert.equal(ask({}).length, 3)
  assert.deepEqual(ask({ by: [], fn: 'max' }), [[{}, 10]])
  assert.deepEqual(ask({ by: [], since: new Date(86_460_000), until: new Date(86_520_000), offsetMs: 86_400_000 }), [[{}, 14]])
})

test('series may be gathered in any order and any pieces; what is held does not grow with them', () => {
  const given = fc.array(fc.record({ group: fc.constantFrom('a', 'b', 'c'), le: fc.constantFrom('0.1', '1', '+Inf'), points: fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 200_000 }), value: fc.nat(1000) }, { noNullPrototype: true }), { maxLength: 20 }).map(inOrder) }, { noNullPrototype: true }), { maxLength: 20 })
  fc.assert(fc.property(given, fc.constantFrom('avg', 'min', 'max', 'sum', 'last', 'rate', 'increase', 'p95'), (all, fn) => {
    const query = { metric: 'm', fn, by: ['group'], since: new Date(0), until: new Date(180_000), stepMs: 60_000 } as const
    const series = all.map(({ group, le, points: own }) => ({ labels: { group, le }, buckets: samplesOf('delta', own, null) }))
    const values = (answers: ReturnType<typeof answer>) => Object.fromEntries(answers.map(({ labels, points: own }) => [labels['group'], own.map(([, value]) => value?.toFixed(6))]))
    assert.deepEqual(values(answer(query, series)), values(answer(query, series.toReversed())))
    const gathered = gathering(query)
    series.forEach((one) => gathered.add(one))
    assert.ok(gathered.size().numbers <= 3 * 3 * 3)
  }))
})

test('the top: the first lines by what is asked, the others between their least and their greatest', () => {
  const line = (name: string, ...values: (number | null)[]) => ({ labels: { name }, points: values.map((value, at): [number, number | null] => [at, value]) })
  const lines = [line('spike', 9, 0, 0), line('steady', 4, 4, 4), line('late', null, null, 5), line('quiet', 1, null, 1)]
  const names = (fn: MetricFn, rank: MetricRank) => topOf(lines, fn, { most: 2, rank }).series.map(({ labels }) => labels.name)
  assert.deepEqual([names('rate', 'max'), names('rate', 'mean'), names('rate', 'last'), names('min', 'max')], [['spike', 'late'], ['late', 'steady'], ['late', 'steady'], ['spike', 'quiet']])
  assert.deepEqual(topOf(lines, 'rate', { most: 2, rank: 'max' }).others, { count: 2, points: [[0, 1, 4, 5], [1, 4, 4, 4], [2, 1, 4, 5]] })
  assert.deepEqual(topOf(lines, 'p95', { most: 3, rank: 'max' }).others, { count: 1, points: [[0, 1, 1, null], [1, null, null, null], [2, 1, 1, null]] })
  assert.equal(topOf(lines, 'rate', { most: 4, rank: 'max' }).others, null)
  fc.assert(fc.property(fc.array(fc.nat(50), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), (tops, most) => {
    const { series, others } = topOf(tops.map((value, at) => line(String(at), value)), 'sum', { most, rank: 'max' })
    assert.equal(series.length + (others?.count ?? 0), tops.length)
    assert.deepEqual(series.map(({ points: [first] }) => first?.[1]), tops.toSorted((a, b) => b - a).slice(0, most))
  }))
})

test('percentiles: interpolated in their bucket, the lower bound of the open one, nothing of nothing', () => {
  const bounds = (...counts: number[]) => counts.map((count, at) => ({ bound: [0.1, 1, Infinity][at] as number, count }))
  assert.equal(quantileIn(0.5, bounds(0, 0, 0)), null)
  assert.equal(quantileIn(0.5, bounds(10, 10, 10)), 0.05)
  assert.equal(quantileIn(0.5, bounds(0, 10, 10)), 0.55)
  assert.equal(quantileIn(0.99, bounds(0, 0, 10)), 1)
  const series = ['0.1', '1', '+Inf'].map((le, at) => ({ labels: { app: 'shop', le }, buckets: samplesOf('delta', [{ atMs: 0, value: [1, 9, 10][at] as number }], null) }))
  const [p50] = answer({ metric: 'm', fn: 'p50', since: new Date(0), until: new Date(60_000), stepMs: 60_000 }, series)
  assert.deepEqual(p50, { labels: { app: 'shop' }, points: [[0, 0.55]] })
})

test('a series is the same however its labels are ordered; what is none is refused', () => {
  assert.equal(seriesKey('m', { b: '2', a: '1' }), seriesKey('m', { a: '1', b: '2' }))
  assert.notEqual(seriesKey('m', { a: '1,b=2' }), seriesKey('m', { a: '1', b: '2' }))
  assert.throws(() => seriesKey('m m', {}), /no name of a metric/)
  assert.throws(() => seriesKey('m', { 'a-b': '1' }), /no name of a label/)
  assert.throws(() => seriesKey('m', { a: 'x'.repeat(301) }), /300/)
  const wide = (chars: string) => Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`l${at}`, chars]))
  assert.throws(() => seriesKey('m', wide('x'.repeat(300))), /2600 is the most/)
  assert.throws(() => seriesKey('m', wide('é'.repeat(60))), /2600 is the most/, 'bytes count, not characters')
})

test('who fills the queue pushes out its own oldest samples, and nobody else loses one', () => {
  const sample = (app: string, value: number): Sample => ({ name: 'm', labels: { app }, kind: 'gauge', atMs: 0, value })
  const queue = new FairQueue(10)
  assert.equal(queue.add([sample('quiet', 1), sample('quiet', 2)]), 0)
  assert.equal(queue.add(Array.from({ length: 50 }, (_, at) => sample('loud', at))), 42)
  const taken = new Map(queue.takeAll().map(([app, samples]) => [app, samples.map(({ value }) => value)]))
  assert.deepEqual([taken.get('quiet'), taken.get('loud'), queue.size], [[1, 2], [42, 43, 44, 45, 46, 47, 48, 49], 0])
  queue.add([sample('quiet', 2)])
  queue.putBack('quiet', [sample('quiet', 1)])
  assert.deepEqual(queue.takeAll().map(([, samples]) => samples.map(({ value }) => value)), [[1, 2]])
})

test('however samples come, the queue keeps to its bound, and an app with no more than its even share loses none', () => {
  fc.assert(fc.property(fc.array(fc.record({ app: fc.constantFrom('a', 'b', 'c'), count: fc.nat(20) })), (adds) => {
    const queue = new FairQueue(30)
    const given = new Map<string, number>()
    let dropped = 0
    for (const { app, count } of adds) {
      dropped += queue.add(Array.from({ length: count }, () => ({ name: 'm', labels: { app }, kind: 'gauge', atMs: 0, value: 0 })))
      given.set(app, (given.get(app) ?? 0) + count)
      assert.ok(queue.size <= 30)
    }
    const total = [...given.values()].reduce((sum, each) => sum + each, 0)
    assert.equal(queue.size, total - dropped)
    const left = new Map(queue.takeAll().map(([app, samples]) => [app, samples.length]))
    for (const [app, count] of given) if (count <= 10) assert.equal(left.get(app) ?? 0, count, app)
  }))
})

test('no question takes more memory than control has: a day of every series is asked of sums, not of samples', () => {
  const now = new Date('2026-11-28T12:00:00Z')
  const takes = (series: number, hours: number, stepMs: number) => {
    const span = { fromMs: now.getTime() - hours * 3_600_000, toMs: now.getTime() }
    return pointsFor(series, levelOf(stepMs, Math.floor(span.fromMs / stepMs) * stepMs, now), span)
  }
  assert.ok(takes(mostSeries, 24, 60_000) > mostPoints)
  const ofLargeCluster = 300 * 3 * 10
  for (const hours of [1, 6, 24, 7 * 24, 30 * 24]) assert.ok(takes(ofLargeCluster, hours, stepFor(hours * 3_600_000)) < mostPoints, `${hours} h`)
})

test('starts of an instance after its first are restarts, and the first begins the series', () => {
  const started = (attempt: number) => ({ id: `f${attempt}`, at: new Date(attempt).toISOString(), kind: 'instance.started', app: 'shop', environment: 'production', service: 'web', instance: 'ins_a', release: 1, data: { attempt, name: 'web.1' } })
  const samples = samplesOfFacts({ machine: 'm', facts: [started(1), started(2), { ...started(3), kind: 'instance.ready' }, { ...started(4), app: null }] })
  assert.deepEqual(samples.map(({ labels }) => labels['instance']), ['web.1', 'web.1'])
  assert.deepEqual(samples.map(({ name, kind, atMs, value }) => [name, kind, atMs, value]), [['nightshift_instance_restarts_total', 'delta', 1, 0], ['nightshift_instance_restarts_total', 'delta', 2, 1]])
})
