import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OtlpSpan } from '#watch/otlp/model.ts'
import { appSpan, traceSink } from './from-otlp.ts'
import { type NewSpan, bounds } from './model.ts'

const now = new Date('2026-03-29T03:12:00Z')
const from = { app: 'shop', environment: 'production', service: 'web', instance: 'web.1' }
const spanOf = (more: Partial<OtlpSpan> = {}): OtlpSpan => ({
  traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: 'c'.repeat(16), name: 'serve /cart', kind: 2, atMs: now.getTime() - 100, durationMs: 12.5, attributes: {}, events: [], status: 0, statusMessage: '', ...more,
})

test('a span is of whom the ingest key names, whatever it says of itself', () => {
  const span = appSpan(spanOf({ attributes: { 'service.name': 'bank', app: 'bank' } }), from, now.getTime())
  assert.deepEqual([span?.app, span?.environment, span?.service, span?.instance, span?.byProxy, span?.slow], ['shop', 'production', 'web', 'web.1', false, false])
  assert.equal(appSpan(spanOf(), { ...from, instance: null }, now.getTime())?.instance, null)
})

test('kinds and statuses are by their numbers in OTLP; one that is not known is internal, or unset', () => {
  const kinds = [0, 1, 2, 3, 4, 5, 6, -1].map((kind) => appSpan(spanOf({ kind }), from, now.getTime())?.kind)
  assert.deepEqual(kinds, ['internal', 'internal', 'server', 'client', 'producer', 'consumer', 'internal', 'internal'])
  assert.deepEqual([0, 1, 2, 3].map((status) => appSpan(spanOf({ status }), from, now.getTime())?.status), ['unset', 'ok', 'error', 'unset'])
})

test('what is kept of a span is bounded, and its status message is an attribute', () => {
  const attributes = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, n === 0 ? { deep: ['x'] } : 'v'.repeat(5_000)]))
  const events = Array.from({ length: 100 }, () => ({ atMs: null, name: 'e'.repeat(500), attributes: {} }))
  const span = appSpan(spanOf({ name: '', attributes, events, statusMessage: 'no\0price', status: 2 }), from, now.getTime()) as NewSpan
  assert.equal(span.name, 'unnamed')
  assert.equal(Object.keys(span.attributes).length, bounds.attributes + 1)
  assert.deepEqual([span.attributes['k0'], String(span.attributes['k1']).length, span.attributes['status.message']], ['{"deep":["x"]}', bounds.value, 'no\ufffdprice'])
  assert.equal(span.events.length, bounds.events)
  assert.deepEqual([span.events[0]?.atMs, span.events[0]?.name.length], [span.atMs, bounds.name])
  const large = appSpan(spanOf({ attributes, events: events.map((event) => ({ ...event, attributes })) }), from, now.getTime()) as NewSpan
  assert.deepEqual([large.events, large.attributes['nightshift.events_left_out']], [[], bounds.events], 'events that are longer than all else')
})

test('the sink keeps the good ones of a group, tells the sender of the others and counts them', async () => {
  const kept: NewSpan[] = []
  const counted: Record<string, number> = {}
  const sink = traceSink({ add: (spans) => void kept.push(...spans), count: (because, spans) => void (counted[because] = (counted[because] ?? 0) + spans) })
  const group = (items: OtlpSpan[]) => ({ resource: { 'service.name': 'bank' }, scope: { name: 'lib', version: '1' }, items })
  const bad = [spanOf({ traceId: '0'.repeat(32) }), spanOf({ spanId: 'B'.repeat(16) }), spanOf({ atMs: now.getTime() - 2 * bounds.oldMs }), spanOf({ durationMs: -1 })]
  assert.deepEqual(await sink(group([spanOf(), ...bad]), from, now), { rejected: 4, because: 'spans need ids that are not all zeros, and times of the last day' })
  assert.equal(await sink(group([spanOf({ parentId: null })]), from, now), undefined)
  assert.deepEqual(kept.map((span) => span.parentId), ['c'.repeat(16), null])
  assert.deepEqual(counted, { malformed: 4 })
})
