import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isAppError } from '#base/errors.ts'
import { type TrafficBatch, type TrafficCount, latencyBucketsMs } from '#contract/wire.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { percentile } from './percentile.ts'
import { maxPoints } from '#watch/points.ts'
import { readTraffic, recentCounts, recentRates, sparklines, usualCounts } from './read.ts'
import { ingestTraffic } from './service.ts'
import { dropOldTraffic } from './store.ts'

const db = await fileDatabase()

const now = new Date('2026-05-01T12:00:07Z')
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000)
let ids = 0

function count(requests: number, extra: Partial<TrafficCount> = {}): TrafficCount {
  const latency = latencyBucketsMs.map((bound) => (bound === 10 ? requests : 0)).concat(0)
  return { key: 'route:shop.localhost/', app: 'shop', environment: 'production', service: 'web', from: null, requests, latency, bytesIn: requests, bytesOut: requests, connections: 0, releases: [], ...extra,
    status: { '1xx': 0, '2xx': requests, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 0, failed: 0, ...extra.status } }
}

function batch(ago: number, counts: TrafficCount[]): TrafficBatch {
  return { machine: 'm1', id: `trf_${++ids}`, from: secondsAgo(ago).toISOString(), to: secondsAgo(ago - 10).toISOString(), counts }
}

test('a batch is added once, however often it comes, and batches of several machines add up', async () => {
  const one = batch(100, [count(5), count(7)])
  const other = batch(98, [count(10)])
  const taken = await Promise.all([one, one, other, one].map((each) => ingestTraffic(db, each, now)))
  assert.equal(taken.filter(Boolean).length, 2)
  const [series] = await readTraffic(db, { app: 'shop', minutes: 10 }, now)
  assert.equal(series?.points.reduce((sum, point) => sum + point.requests, 0), 22)
  assert.equal(series?.requestRate, 22 / 600)
})

test('errors are 5xx and what the proxy had to answer; a window has equal steps and 120 points at most', async () => {
  const status = { '1xx': 0, '2xx': 60, '3xx': 5, '4xx': 10, '5xx': 15, aborted: 5, failed: 5 }
  await ingestTraffic(db, batch(60, [count(100, { app: 'errs', status })]), now)
  for (const minutes of [1, 5, 60, 61, 1440]) {
    const [series] = await readTraffic(db, { app: 'errs', minutes }, now)
    if (!series) {
      assert.equal(minutes, 1)
      continue
    }
    assert.equal(series.errorShare, 0.2)
    assert.ok(series.points.length <= maxPoints && series.points.length >= Math.min(minutes * 6, 60))
    const steps = new Set(series.points.slice(1).map((point, nth) => Date.parse(point.at) - Date.parse((series.points[nth] as { at: string }).at)))
    assert.equal(steps.size, 1)
    assert.equal(series.points.reduce((sum, point) => sum + point.errors, 0), 20)
  }
})

test('what a copy answered is no error to callers, and one to those who mend; a proxy of before counts none', async () => {
  await ingestTraffic(db, batch(60, [count(6, { app: 'copied', stale: 3 }), count(4, { app: 'copied' })]), now)
  const [series] = await readTraffic(db, { app: 'copied', minutes: 5 }, now)
  assert.deepEqual([series?.errorShare, series?.staleShare], [0, 0.3])
  for (const counts of Object.values(await recentCounts(db, now))) assert.deepEqual(counts.filter(({ app }) => app === 'copied').map(({ latency: _, ...rest }) => rest), [{ app: 'copied', environment: 'production', service: 'web', requests: 10, errors: 3 }])
  assert.deepEqual(await usualCounts(db, [{ app: 'copied', environment: 'production', service: 'web' }], now), [])
  assert.equal((await usualCounts(db, [{ app: 'copied', environment: 'production', service: 'web' }], new Date(now.getTime() + 30 * 60_000)))[0]?.requests, 10)
})

test('routes, edges and TCP edges are apart; a TCP edge counts connections', async () => {
  await ingestTraffic(db, batch(60, [
    count(4, { app: 'apart' }), count(3, { app: 'apart', key: 'edge:web>api', service: 'api', from: 'web' }),
    count(0, { app: 'apart', key: 'edge:api>db', service: 'db', from: 'api', connections: 9, latency: [] }), count(0, { app: 'apart', key: 'idle', service: 'idle', bytesIn: 0 }),
  ]), now)
  const series = await readTraffic(db, { app: 'apart', minutes: 5 }, now)
  assert.deepEqual(series.map((one) => [one.from, one.service, Math.round(one.requestRate * 300), one.p50Ms]), [[null, 'web', 4, 7.5], ['api', 'db', 9, null], ['web', 'api', 3, 7.5]])
})

test('a caller sees only the apps it may see', async () => {
  assert.deepEqual((await readTraffic(db, { apps: ['apart'], minutes: 60 }, now)).map((one) => one.app), ['apart', 'apart', 'apart'])
  assert.deepEqual(await readTraffic(db, { apps: [], minutes: 60 }, now), [])
  assert.deepEqual([...(await sparklines(db, now, { apps: ['errs'] })).keys()], ['errs/production'])
})

test('the rate of the moment is of the last complete minute, from outside only', async () => {
  for (const ago of [17, 27, 37, 47, 57, 67]) await ingestTraffic(db, batch(ago, [count(20, { app: 'rate' }), count(99, { app: 'rate', key: 'edge', from: 'web', service: 'api' })]), now)
  assert.deepEqual(await recentRates(db, now, { app: 'rate' }), [{ app: 'rate', environment: 'production', service: 'web', requestRate: 2, errorShare: 0 }])
  const line = (await sparklines(db, now, { minutes: 10, count: 10 })).get('rate/production')
  assert.equal(line?.length, 10)
  assert.equal(line?.at(-1), 2)
})

test('what can never be stored is refused; what is a day old is not taken', async () => {
  const good = batch(60, [count(1, { app: 'bad' })])
  for (const bad of [{ ...good, id: '' }, { ...good, from: 'x' }, { ...good, counts: [{ ...count(1), requests: -1 }] }, { ...good, counts: [{ ...count(1), requests: 1.5 }] }, { ...good, counts: [{ ...count(1), app: 'a\0' }] }, { ...good, counts: null }])
    await assert.rejects(ingestTraffic(db, bad as TrafficBatch, now), (error: unknown) => isAppError(error, 'invalid'))
  assert.equal(await ingestTraffic(db, { ...good, from: secondsAgo(90_000).toISOString(), to: secondsAgo(89_990).toISOString() }, now), false)
  assert.deepEqual(await readTraffic(db, { app: 'bad', minutes: 60 }, now), [])
})

test('points older than a day go', async () => {
  await ingestTraffic(db, batch(3600, [count(1, { app: 'gone' })]), now)
  await dropOldTraffic(db, secondsAgo(1800))
  assert.deepEqual(await readTraffic(db, { app: 'gone', minutes: 1440 }, now), [])
  assert.equal((await readTraffic(db, { app: 'rate', minutes: 1440 }, now)).length, 2)
})

const counts = (of: Record<number, number>) => Array.from({ length: latencyBucketsMs.length + 1 }, (_, bucket) => of[bucket] ?? 0)
const quantiles: [string, Record<number, number>, number, number | null][] = [
  ['nothing', {}, 0.5, null],
  ['all in the first bucket', { 0: 10 }, 0.5, 0.5],
  ['half of 10 to 20 ms', { 4: 100 }, 0.5, 15],
  ['the 99th of 10 to 20 ms', { 4: 100 }, 0.99, 19.9],
  ['one slow in a hundred, p99', { 2: 99, 9: 1 }, 0.99, 5],
  ['one slow in a hundred, p99.5', { 2: 99, 9: 1 }, 0.995, 750],
  ['over two buckets', { 1: 50, 3: 50 }, 0.75, 7.5],
  ['the open bucket is its lower bound', { 14: 5 }, 0.5, 30000],
]
for (const [what, of, share, ms] of quantiles) test(`percentile: ${what}`, () => assert.equal(percentile(counts(of), share), ms))

test('a percentile lies in the bucket that holds its rank, and rises with the share', () =>
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 15, maxLength: 15 }), fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }), (histogram, a, b) => {
      const [low, high] = [percentile(histogram, Math.min(a, b)), percentile(histogram, Math.max(a, b))]
      if (low === null || high === null) return assert.ok(histogram.every((each) => each === 0))
      assert.ok(low <= high)
      const total = histogram.reduce((sum, each) => sum + each, 0)
      const upTo = (bound: number) => histogram.slice(0, latencyBucketsMs.filter((each) => each <= bound).length).reduce((sum, each) => sum + each, 0)
      const above = latencyBucketsMs.find((bound) => bound > high) // none: it is in the open bucket, or at its edge
      assert.ok((above === undefined ? total : upTo(above)) >= Math.max(a, b) * total - 1e-6)
    }),
  ))
