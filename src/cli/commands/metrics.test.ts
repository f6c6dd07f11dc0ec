import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type Called, call } from '../test/harness.ts'

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(() => {
  api.asked = []
  api.handlers = {
    'metrics.list': () => [
      { name: 'nightshift_http_request_duration_seconds_bucket', kind: 'delta', series: 40, labels: ['app', 'le', 'service'] },
      { name: 'nightshift_http_requests_total', kind: 'delta', series: 8, labels: ['app', 'class', 'service'] },
      { name: 'nightshift_instance_memory_bytes', kind: 'gauge', series: 3, labels: ['app', 'instance'] },
    ],
    'metrics.values': () => ['billing', 'shop'],
    'metrics.query': () => ({ since: at(0), until: at(3), stepMs: 60_000, series: [{ labels: { service: 'web', app: 'shop' }, points: [[time(0), 1.5], [time(1), null], [time(2), 12.44]] }, { labels: { service: 'api', app: 'shop' }, points: [[time(0), 0], [time(1), 0.25], [time(2), 0]] }], others: null }),
  }
})

const time = (minute: number) => Date.UTC(2026, 2, 10, 12, minute)
const at = (minute: number) => new Date(time(minute)).toISOString()

const run = (...argv: string[]): Promise<Called> => call(argv, { env: api.env })
async function ok(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...argv)
  assert.equal(code, 0, stderr)
  return stdout
}
async function refused(...argv: string[]): Promise<string> {
  const { code, stderr } = await run(...argv)
  assert.notEqual(code, 0)
  return stderr
}

describe('metrics', () => {
  test('are listed with their labels, of one app where one is named', async () => {
    assert.match(await ok('metrics', 'shop'), /^nightshift_http_requests_total +delta +8 +app class service$/m)
    assert.deepEqual(api.asked[0]?.query, { app: 'shop' })
    api.handlers['metrics.list'] = () => []
    assert.match(await ok('metrics'), /No metrics yet/)
  })

  test('are a line a series: labels, sparkline, newest, least and greatest, in the unit that the name tells', async () => {
    const out = await ok('metrics', 'query', 'nightshift_http_requests_total', '--fn', 'rate', '--by', 'service,app', '--where', 'app=shop', '--since', '1h', '--offset', '1d')
    assert.match(out, /^series +rate +last +min +max$/m)
    assert.match(out, /^app=shop service=web +▂ █ +12\.4\/s +1\.5\/s +12\.4\/s$/m)
    assert.match(out, /^app=shop service=api +▁█▁ +0\/s +0\/s +0\.25\/s$/m)
    const { since, ...rest } = (api.asked[0] ?? { query: {} }).query as Record<string, string>
    assert.deepEqual(rest, { metric: 'nightshift_http_requests_total', fn: 'rate', by: 'service,app', where: 'app=shop', offset: '1d', rank: 'max' })
    assert.ok(Math.abs(Date.parse(since as string) - Date.now() + 3_600_000) < 60_000)
    assert.equal(JSON.parse(await ok('metrics', 'query', 'nightshift_http_requests_total', '--json')).series.length, 2)
  })

  test('a label that no line has is named', async () => {
    const { stdout, stderr } = await run('metrics', 'query', 'nightshift_http_requests_total', '--by', 'app,sttus')
    assert.match(`${stdout}${stderr}`, /no series of nightshift_http_requests_total there has the label sttus/)
  })

  test('of very many lines the first are told one by one, and the others together', async () => {
    const series = [{ labels: { service: 'web' }, points: [[time(0), 5] as [number, number]] }]
    api.handlers['metrics.query'] = () => ({ since: at(0), until: at(3), stepMs: 60_000, series, others: { count: 298, points: [[time(0), 0.5, 4, 120], [time(1), null, null, null]] } })
    assert.match(await ok('metrics', 'query', 'nightshift_http_requests_total', '--fn', 'rate', '--by', 'service', '--top', '1', '--rank', 'mean', '--with', 'from'), /and 298 others: 0\.5\/s to 4\/s, together 120\/s$/m)
    const { top, rank, with: label } = (api.asked[0] ?? { query: {} }).query as Record<string, unknown>
    assert.deepEqual([top, rank, label], [1, 'mean', 'from'])
    api.handlers['metrics.query'] = () => ({ since: at(0), until: at(3), stepMs: 60_000, series, others: { count: 1, points: [[time(0), 0.5, 0.5, null]] } })
    assert.match(await ok('metrics', 'query', 'nightshift_http_request_duration_seconds', '--fn', 'p95'), /and 1 other: 500 ms to 500 ms$/m)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--top', '0'), /--top: "0" is no number of lines \(1 to 100\)/)
  })

  test('without --fn what the kind means is asked for', async () => {
    for (const metric of ['nightshift_http_requests_total', 'nightshift_instance_memory_bytes', 'nightshift_http_request_duration_seconds']) await ok('metrics', 'query', metric)
    assert.deepEqual(api.asked.filter(({ id }) => id === 'metrics.query').map(({ query }) => query['fn']), ['rate', 'avg', 'p95'])
  })

  test('of which there is nothing says which word is wrong, and what is there', async () => {
    api.handlers['metrics.query'] = () => ({ since: at(0), until: at(3), stepMs: 60_000, series: [], others: null })
    assert.match(await refused('metrics', 'query', 'nightshift_http_request_total'), /there is no metric "nightshift_http_request_total" \(did you mean nightshift_http_requests_total\?\)/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--where', 'aps=shop'), /no label "aps" \(did you mean app\?\); it has app, class, service/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--where', 'app=shp'), /app=shp \(did you mean shop\?\); it has billing, shop/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--by', 'host'), /no label "host"/)
    assert.match(await refused('metrics', 'query', 'nightshift_instance_memory_bytes', '--fn', 'p95'), /is no histogram/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_request_duration_seconds_bucket'), /part of the histogram nightshift_http_request_duration_seconds: ask for that/)
    assert.match(await ok('metrics', 'query', 'nightshift_http_requests_total', '--offset', '1d'), /No values of nightshift_http_requests_total so long before \(--offset 1d\)/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--where', 'shop'), /write label=value/)
    assert.match(await refused('metrics', 'query', 'nightshift_http_requests_total', '--step', 'often'), /is not a duration/)
    assert.match(await ok('metrics', 'query', 'nightshift_http_requests_total', '--where', 'app=shop'), /No values of nightshift_http_requests_total there; further back/)
  })
})
