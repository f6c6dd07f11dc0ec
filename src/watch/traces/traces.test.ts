import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TracesQuery } from '#contract/traces.ts'
import type { ProxySpan } from '#contract/wire.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { proxySpan } from './model.ts'
import { openTraces } from './service.ts'
import { beyond } from './writer.ts'
import { dayOf, dayPartitions } from './store.ts'

const now = new Date()
const ids = { one: 'a'.repeat(32), two: 'b'.repeat(32), foreign: 'c'.repeat(32) }
let next = 0
const spanOf = (traceId: string, more: Partial<ProxySpan> = {}): ProxySpan => ({
  traceId, spanId: (++next).toString(16).padStart(16, '0'), parentId: null, atMs: now.getTime() - 1_000, durationMs: 12.5, firstByteMs: 12, app: 'shop', environment: 'production', service: 'web', from: null, route: 'route:r0',
  instance: 'ins_1', release: 3, method: 'GET', host: 'shop.localhost', path: '/cart', status: 200, outcome: 'answered', error: null, retries: 0, parkedMs: 0, protocol: 'HTTP/1.1', because: 'sampled', ...more,
})
const query = (more: Partial<TracesQuery> = {}): TracesQuery => ({ limit: 100, ...more })

test('what proxies send is found by app, service, operation, duration and failure, and read with its lines', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const reader = createLogReader(db)
  const writer = createLogWriter(db)
  const traces = openTraces(db, reader.read)
  try {
    const root = spanOf(ids.one, { durationMs: 700 })
    const edge = spanOf(ids.one, { parentId: root.spanId, service: 'api', from: 'web', path: '/price', status: 503, outcome: 'failed', error: 'no-instance', retries: 1, parkedMs: 30.04, atMs: root.atMs + 100, durationMs: 500 })
    traces.ingest({ machine: 'm1', dropped: 4, spans: [root, edge, edge, spanOf(ids.two), spanOf(ids.foreign, { app: 'blog' }), spanOf('0'.repeat(32)), spanOf(ids.two, { atMs: 1 })] }, now)
    await writer.ingest([batchOf('a', 0, [entry(`{"msg":"no price","trace_id":"${ids.one}"}`, now.getTime()), entry('another line', now.getTime())])])
    assert.equal(await traces.write(new Date(now.getTime() + 6_000)), 3)

    const list = async (more: Partial<TracesQuery> = {}, apps: string[] | null = null) => (await traces.list(query(more), apps, now)).traces.map((trace) => trace.traceId[0]).sort().join('')
    assert.equal(await list(), 'abc')
    assert.equal(await list({}, ['shop']), 'ab')
    assert.equal(await list({ app: 'blog' }, ['shop']), '')
    assert.equal(await list({ service: 'api' }), 'a')
    assert.equal(await list({ minMs: 600 }), 'a')
    assert.equal(await list({ errors: true }), 'a')
    assert.equal(await list({ operation: 'GET /CA' }), 'abc')
    assert.equal(await list({ operation: '%' }), '')
    assert.equal(await list({ until: new Date(now.getTime() - 60_000).toISOString() }), '')
    const { traces: [first], durations, sampling } = await traces.list(query({ errors: true }), null, now)
    assert.deepEqual({ ...first, at: '' }, { traceId: ids.one, app: 'shop', environment: 'production', service: 'web', operation: 'GET /cart', at: '', durationMs: 700, spans: 2, errors: 1, services: ['api', 'web'], because: 'error' })
    assert.deepEqual(durations.map((bar) => bar.traces), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    assert.deepEqual(sampling, { received: 5, stored: 4, dropped: { malformed: 2, 'lost at the proxy': 4 } })

    const trace = await traces.read(ids.one, null)
    assert.deepEqual(trace.spans.map((span) => [span.name, span.service, span.kind, span.status]), [['GET /cart', 'web', 'server', 'unset'], ['GET /price', 'api', 'client', 'error']])
    assert.deepEqual([trace.spans[1]?.attributes['nightshift.from'], trace.spans[1]?.attributes['nightshift.parked_ms'], trace.spans[1]?.attributes['error.type']], ['web', 30, 'no-instance'])
    assert.deepEqual([trace.spans[1]?.atMs, trace.spans[1]?.durationMs], [edge.atMs, 500])
    assert.deepEqual(trace.lines.map((line) => line.text), [`{"msg":"no price","trace_id":"${ids.one}"}`])
    await assert.rejects(() => traces.read(ids.foreign, ['shop']), /there is no trace/)

    // a span that comes late belongs to its trace all the same, and takes its first place where it is the first
    const late = proxySpan(spanOf(ids.two, { atMs: now.getTime() - 3_000, path: '/first', service: 'front', durationMs: 2_500 }), now.getTime())
    traces.add(late === null ? [] : [late], now)
    await traces.close(now)
    const merged = (await traces.list(query({ service: 'front' }), null, now)).traces[0]
    assert.deepEqual([merged?.operation, merged?.spans, merged?.services, merged?.durationMs], ['GET /first', 2, ['front', 'web'], 2_500])
    assert.ok((await dayPartitions(db)).every(({ day, bytes }) => bytes > 0 && dayOf(now.getTime()) - day <= 1))
  } finally {
    reader.close()
    await writer.close()
    await db.close()
  }
})

test('days go when they are too old, and the oldest of the others while all are too large; today stays', () => {
  const today = dayOf(now.getTime())
  const days = [5, 3, 2, 1, 0].map((ago) => ({ name: `${ago}`, day: today - ago, bytes: 100 }))
  const gone = (bytes: number) => beyond(days, now, 3, bytes).map(({ name }) => name)
  assert.deepEqual(gone(1_000), ['5'])
  assert.deepEqual(gone(250), ['5', '3', '2'])
  assert.deepEqual(gone(1), ['5', '3', '2', '1'])
})

test('what cannot be a span is none: ids, times, and text that PostgreSQL does not hold', () => {
  const at = now.getTime()
  for (const bad of [{ traceId: 'A'.repeat(32) }, { spanId: '1' }, { parentId: '0' }, { durationMs: -1 }, { durationMs: Number.NaN }, { atMs: at + 3_600_000 }, { app: '' }, { service: 7 as unknown as string }]) assert.equal(proxySpan(spanOf(ids.one, bad), at), null, JSON.stringify(bad))
  assert.equal(proxySpan(null as unknown as ProxySpan, at), null)
  assert.equal(proxySpan(spanOf(ids.one, { path: '/a\0b\ud800' }), at)?.name, 'GET /a\ufffdb\ufffd')
})
