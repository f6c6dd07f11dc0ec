import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '#base/errors.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import type { OtlpLogRecord } from '#watch/otlp/model.ts'
import { createLogReader } from '../read.ts'
import { createLogWriter } from '../service.ts'
import { lineOf } from './line.ts'
import { createOtlpLogSink } from './sink.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const record = (more: Partial<OtlpLogRecord>): OtlpLogRecord => ({ atMs: null, observedMs: null, severity: 0, severityText: '', body: null, attributes: {}, traceId: null, spanId: null, ...more })
const from = { app: 'shop', environment: 'production', service: 'web', instance: 'web.1' }

test('a record is the text it is, or JSON with its level, attributes and trace', () => {
  assert.equal(lineOf(record({ body: 'plain words', severity: 9 }), ''), 'plain words')
  assert.equal(lineOf(record({ body: 'WARN low', severity: 13 }), 'app'), 'WARN low')
  assert.deepEqual(JSON.parse(lineOf(record({ body: 'low', severity: 14 }), 'app.db')), { level: 'warn', msg: 'low', logger: 'app.db' })
  assert.deepEqual(JSON.parse(lineOf(record({ body: 'paid', severityText: 'INFO', attributes: { 'http.status_code': 200, user: { id: 7 } }, traceId: trace, spanId: 'b7ad6b7169203331' }), '')), { level: 'info', 'http.status_code': 200, user: { id: 7 }, msg: 'paid', trace_id: trace, span_id: 'b7ad6b7169203331' })
  assert.deepEqual(JSON.parse(lineOf(record({ body: { event: 'paid', total: 3 }, severity: 21 }), '')), { level: 'fatal', event: 'paid', total: 3 })
})

test('records are lines of their service, found by level, field and trace; a store that is away costs no line and tells of none', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const writer = createLogWriter(db)
  const reader = createLogReader(db)
  let away = false
  const sink = createOtlpLogSink({ ingest: (batches) => (away ? Promise.reject(new AppError('unavailable', 'away')) : writer.ingest(batches)) })
  const group = (items: OtlpLogRecord[]) => ({ resource: { 'service.version': 'v12' }, scope: { name: '', version: '' }, items })
  try {
    const atMs = Date.now() - 5000
    await sink(group([record({ body: 'one', atMs }), record({ body: 'failed', severity: 17, atMs: atMs + 1, traceId: trace })]), from, new Date())
    away = true
    await assert.rejects(async () => sink(group([record({ body: 'two', atMs: atMs + 2 })]), from, new Date()), { code: 'unavailable' })
    away = false
    await sink(group([record({ body: 'two', atMs: atMs + 2 })]), from, new Date())
    await sink(group([record({ body: 'three', observedMs: atMs + 3 })]), { ...from, instance: null }, new Date())
    const { lines } = await reader.read({ app: 'shop', limit: 10 })
    assert.deepEqual(lines.map(({ instance, release, level, stream, text }) => [instance, release, level, stream, text]), [
      ['web.1', 12, 'unknown', 'stdout', 'one'], ['web.1', 12, 'error', 'stdout', JSON.stringify({ level: 'error', msg: 'failed', trace_id: trace })], ['web.1', 12, 'unknown', 'stdout', 'two'], ['otlp', 12, 'unknown', 'stdout', 'three'],
    ])
    assert.equal(lines[1]?.trace, trace)
  } finally {
    reader.close()
    await writer.close()
    await db.close()
  }
})
