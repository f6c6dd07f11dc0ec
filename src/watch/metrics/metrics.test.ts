/** The metric store on a real PostgreSQL: what is asked is the same before and after sealing, merging and forgetting. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { createLogger } from '#kernel/log.ts'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { samplesOfTraffic } from './collect.ts'
import { sealTurn, tidyTurn } from './loop.ts'
import type { Sample } from './model.ts'
import type { MetricQuery, MetricSeries } from './query.ts'
import { labelValues, metricNames, queryMetrics } from './read.ts'
import { mostSeriesPerApp } from './series-ids.ts'
import { type MetricWriter, createMetricWriter } from './service.ts'

const log = createLogger({ process: 'test', level: 'silent' })
const now = new Date('2026-03-10T12:00:00Z')
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000)
let database: TestDatabase
let db: Database
let writer: MetricWriter

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  writer = createMetricWriter({ db, log, clock: { now: () => now } })
})

after(async () => {
  await writer.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

const sample = (name: string, app: string, kind: Sample['kind'], at: Date, value: number, more: Record<string, string> = {}): Sample => ({ name, labels: { app, ...more }, kind, atMs: at.getTime(), value })
const ask = async (metric: string, more: Partial<MetricQuery> & { at?: Date } = {}): Promise<MetricSeries[]> =>
  (await queryMetrics(db, { metric, fn: 'increase', by: [], since: hours(-6), until: now, stepMs: 3_600_000, ...more }, null, more.at ?? now)).series
const values = (series: MetricSeries[]) => series[0]?.points.map(([, value]) => value)

test('rises, means and extremes stay the same when samples are sealed, merged by the day and kept by the hour', async () => {
  const samples = Array.from({ length: 6 * 60 }, (_, minute) => {
    const at = new Date(hours(-6).getTime() + minute * 60_000)
    return [sample('jobs_total', 'a', 'counter', at, minute < 200 ? minute * 2 : minute - 200), sample('added', 'a', 'delta', at, 1), sample('load', 'a', 'gauge', at, minute % 60)]
  }).flat()
  await writer.store(db, samples.slice(0, 600))
  const questions: [string, Partial<MetricQuery>][] = [['jobs_total', { fn: 'increase' }], ['jobs_total', { fn: 'rate' }], ['added', { fn: 'increase' }], ['load', { fn: 'avg' }], ['load', { fn: 'max' }], ['load', { fn: 'min' }], ['load', { fn: 'last' }]]
  const all = async (at: Date) => Promise.all(questions.map(async ([metric, more]) => values(await ask(metric, { ...more, at }))))

  await sealTurn(db, new Date(Date.now() + 2 * 3_600_000))
  await writer.store(db, samples.slice(600))
  const expected = [[118, 120, 120, 79, 60, 60], [118 / 3600, 120 / 3600, 120 / 3600, 79 / 3600, 60 / 3600, 60 / 3600], Array(6).fill(60), Array(6).fill(29.5), Array(6).fill(59), Array(6).fill(0), Array(6).fill(59)]
  assert.deepEqual(await all(now), expected, 'half of it sealed')
  await sealTurn(db, new Date(Date.now() + 4 * 3_600_000))
  assert.deepEqual((await db.one<{ count: number }>('SELECT count(*) FROM metric_hot')).count, 0)
  assert.deepEqual(await all(now), expected, 'all of it sealed')

  await tidyTurn(db, hours(24), () => assert.fail('nothing is to be forgotten yet'))
  assert.deepEqual(await all(hours(23)), expected, 'in sums of five minutes')
  const hourly = await db.query<{ level: string; count: number }>(`SELECT level, count(*) FROM metric_chunks WHERE level <> 'raw' GROUP BY level ORDER BY level`)
  assert.deepEqual(hourly, [{ level: '1h', count: 3 }, { level: '5m', count: 3 }])
  await tidyTurn(db, hours(24 * 31 + 1), () => {})
  assert.deepEqual(await db.query('SELECT DISTINCT level FROM metric_chunks'), [{ level: '1h' }])
  assert.deepEqual(await all(hours(24 * 31 + 1)), expected, 'in sums of an hour')

  let forgotten = 0
  await tidyTurn(db, hours(24 * 401), () => forgotten++)
  assert.deepEqual([await ask('added'), forgotten, await db.query('SELECT FROM metric_series')], [[], 1, []])
})

test('a late sample of a day that was merged is merged into it', async () => {
  const at = hours(-30)
  await writer.store(db, [sample('late', 'b', 'delta', at, 1)])
  await sealTurn(db, new Date(Date.now() + 6 * 3_600_000))
  await tidyTurn(db, hours(0), () => {})
  await writer.store(db, [sample('late', 'b', 'delta', new Date(at.getTime() + 1000), 2)])
  await sealTurn(db, new Date(Date.now() + 8 * 3_600_000))
  await tidyTurn(db, hours(0), () => {})
  const counts = await db.query(`SELECT level, count(*) FROM metric_chunks WHERE level <> 'raw' GROUP BY level ORDER BY level`)
  assert.deepEqual(counts, [{ level: '1h', count: 1 }, { level: '5m', count: 1 }])
  assert.equal((await ask('late', { since: hours(-31), until: hours(-29), stepMs: 7_200_000 })).flatMap(({ points }) => points).reduce((sum, [, value]) => sum + (value ?? 0), 0), 3)
})

test('what proxies count is asked as rates and percentiles, by any label', async () => {
  const latency = Array.from({ length: 15 }, () => 0)
  latency[5] = 90 // up to 50 ms
  latency[9] = 10 // up to 1 s
  const count = (service: string, requests: number) => ({ key: `route:${service}`, app: 'c', environment: 'production', service, from: null, requests, status: { '1xx': 0, '2xx': requests - 5, '3xx': 0, '4xx': 0, '5xx': 5, aborted: 0, failed: 0 }, latency, bytesIn: 10, bytesOut: 20, connections: 0, releases: [] })
  await writer.store(db, samplesOfTraffic({ machine: 'm1', id: 'x', from: hours(-1).toISOString(), to: hours(-1).toISOString(), counts: [count('web', 100), count('api', 50)] }))
  const minute = { since: hours(-1), until: new Date(hours(-1).getTime() + 60_000), stepMs: 60_000 }
  const seen = await ask('nightshift_http_requests_total', { ...minute, by: ['service', 'class'], where: { app: 'c' } })
  assert.deepEqual(seen.map(({ labels, points }) => [labels['service'], labels['class'], points[0]?.[1]]).toSorted(), [['api', '2xx', 45], ['api', '5xx', 5], ['web', '2xx', 95], ['web', '5xx', 5]])
  assert.deepEqual(values(await ask('nightshift_http_requests_total', { ...minute, fn: 'rate', where: { service: ['w*', 'none'] } })), [100 / 60])
  const [p50, p95] = await Promise.all((['p50', 'p95'] as const).map(async (fn) => values(await ask('nightshift_http_request_duration_seconds', { ...minute, fn, where: { service: 'web' } }))?.[0] as number))
  assert.ok(Math.abs((p50 as number) - (0.02 + (0.03 * 50) / 90)) < 1e-9 && Math.abs((p95 as number) - 0.75) < 1e-9, `${p50} ${p95}`)
})

test('who may see some apps asks of those alone', async () => {
  await writer.store(db, [sample('seen', 'mine', 'gauge', hours(-1), 1), sample('seen', 'yours', 'gauge', hours(-1), 2), { name: 'seen', labels: { machine: 'm1' }, kind: 'gauge', atMs: hours(-1).getTime(), value: 4 }])
  const total = async (apps: readonly string[] | null) => (await queryMetrics(db, { metric: 'seen', fn: 'sum', by: [], since: hours(-2), until: now, stepMs: 7_200_000 }, apps, now)).series[0]?.points.at(-1)?.[1]
  assert.deepEqual([await total(null), await total(['mine']), await total([])], [7, 1, undefined])
  assert.deepEqual((await metricNames(db, ['mine'])).map(({ name, series }) => [name, series]), [['seen', 1]])
  assert.deepEqual(await labelValues(db, 'seen', 'app', ['mine']), ['mine'])
})

test('what waits for nobody is stored soon; what is no sample, and series beyond the bound of an app, are counted', async () => {
  writer.write([sample('soon', 'd', 'gauge', hours(-1), 1), sample('bad name', 'd', 'gauge', now, 1), sample('soon', 'd', 'gauge', now, Number.NaN)])
  await until(async () => (await ask('soon', { fn: 'last' })).length === 1, { because: 'the sample is stored' })
  assert.equal(writer.lost().invalid, 2)
  await writer.store(db, Array.from({ length: mostSeriesPerApp + 10 }, (_, at) => sample('many', 'e', 'gauge', now, at, { id: String(at) })))
  assert.equal(writer.lost().overSeries, 10)
  await writer.store(db, [sample('many', 'f', 'gauge', now, 1)])
  assert.equal((await metricNames(db, ['f'])).length, 1, 'another app has room')
  await writer.store(db, [sample('nightshift_http_requests_total', 'e', 'delta', now, 1, { class: '5xx' })])
  writer.forgetIds() // as after a restart: what there is, is counted anew
  await writer.store(db, [sample('nightshift_http_requests_total', 'e', 'delta', now, 1, { class: '4xx' }), sample('many', 'e', 'gauge', now, 1, { id: 'one more' })])
  assert.deepEqual((await metricNames(db, ['e'])).map(({ name, series }) => [name, series]), [['many', mostSeriesPerApp], ['nightshift_http_requests_total', 2]], 'what is measured of it has room of its own')
})

test('what the database can never hold costs the app that sent it, and nobody else', async () => {
  const before = writer.lost().invalid
  const hostile = Array.from({ length: 24 }, () => randomBytes(150).toString('hex'))
  writer.write([sample('kept', 'g1', 'gauge', hours(-1), 1), sample('wide', 'g2', 'gauge', hours(-1), 1, Object.fromEntries(hostile.map((value, at) => [`l${at}`, value]))), sample('kept', 'g4', 'gauge', hours(-1), 1)])
  writer.write([{ ...sample('beyond', 'g5', 'gauge', now, 1), atMs: 1e20 }]) // no bigint
  await until(async () => (await metricNames(db, ['g1', 'g4'])).length === 1 && (await ask('kept', { fn: 'last', by: ['app'] })).length === 2, { because: 'the others are stored' })
  assert.equal(writer.lost().invalid - before, 2, 'the series that is too wide, and the time that is none')
})

test('a question that is none, or takes too much, says so', async () => {
  await assert.rejects(ask('seen', { stepMs: 10 }), (error: unknown) => isAppError(error, 'invalid'))
  await assert.rejects(ask('seen', { since: now, until: now }), (error: unknown) => isAppError(error, 'invalid'))
  await assert.rejects(ask('seen', { stepMs: 1000, since: hours(-24) }), (error: unknown) => isAppError(error, 'limited'))
  await assert.rejects(ask('many', { by: ['id'], until: hours(1) }), (error: unknown) => isAppError(error, 'limited') && /"top"/.test(error.message))
})

test('of very many lines the first are answered, and the others together', async () => {
  const asked: MetricQuery = { metric: 'many', fn: 'last', by: ['id'], since: hours(-1), until: new Date(now.getTime() + 1), stepMs: 3_600_000 }
  const { series, others } = await queryMetrics(db, { ...asked, where: { app: 'e' }, top: { most: 3, rank: 'max' } }, null, now)
  assert.deepEqual(series.map(({ labels, points }) => [labels['id'], points.at(-1)?.[1]]), [4999, 4998, 4997].map((id) => [String(id), id]))
  assert.deepEqual([others?.count, others?.points.at(-1)?.slice(1)], [4997, [0, 4996, (4996 * 4997) / 2]])
  assert.equal((await queryMetrics(db, { ...asked, top: { most: 3, rank: 'max' } }, ['f'], now)).others, null, 'of apps that are not seen nothing is told')
})

test('percentiles of 300 apps on three machines, each bucket a series, are one question', async () => {
  const bounds = ['0.1', '1', '+Inf']
  const samples = Array.from({ length: 300 }, (_, app) => ['m1', 'm2', 'm3'].flatMap((machine) => ['', 'edge'].flatMap((from) => bounds.map((le, at) => sample('wait_seconds_bucket', `app-${app}`, 'delta', hours(-1), at === 0 ? 300 - app : 300, { machine, from, le }))))).flat()
  for (let at = 0; at < samples.length; at += 1000) await writer.store(db, samples.slice(at, at + 1000))
  const minute = { since: hours(-1), until: new Date(hours(-1).getTime() + 60_000), stepMs: 60_000 }
  const ask95 = async (more: Partial<MetricQuery>) => queryMetrics(db, { metric: 'wait_seconds', fn: 'p95', by: ['app'], ...minute, ...more, top: { most: 2, rank: 'mean' } }, null, now)
  const { series, others } = await ask95({})
  assert.deepEqual([series.map(({ labels }) => labels['app']), others?.count, others?.points[0]?.[3]], [['app-299', 'app-298'], 298, null])
  const [edges] = (await ask95({ by: ['from'], with: 'from' })).series
  assert.deepEqual(edges?.labels, { from: 'edge' }, 'series on which the label is empty are left out')
})
