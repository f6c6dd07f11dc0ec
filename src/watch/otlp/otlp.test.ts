import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { systemClock } from '#base/clock.ts'
import { AppError, isAppError } from '#base/errors.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { createLogger } from '#kernel/log.ts'
import { ingestKey, readIngestKey } from '#run/instances/ingest-key.ts'
import { decodeOtlp, otlpWeight } from './decode.ts'
import { openOtlpDoor, otlpBounds } from './door.ts'
import { HeldBytes, heldBounds } from './held.ts'
import type { OtlpGroup, OtlpLogRecord, OtlpSender, OtlpSinks } from './model.ts'
import { toProtobuf } from './wire.ts'

const box = openSecretBox(Buffer.alloc(32, 7).toString('base64'))
const who = { app: 'shop', environment: 'production', service: 'web', instance: null }
const key = ingestKey(box, who)

const nanos = '1767225600123456789'
const attributes = [{ key: 'a', value: { stringValue: 'x' } }, { key: 'n', value: { intValue: '42' } }, { key: 'l', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 0.5 }] } } }, { key: 'm', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } }]
const resource = { attributes: [{ key: 'service.instance.id', value: { stringValue: 'web.1' } }] }
const scope = { name: 'lib', version: '1.0' }
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const requests = {
  logs: { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [{ timeUnixNano: nanos, observedTimeUnixNano: nanos, severityNumber: 17, severityText: 'ERROR', body: { stringValue: 'no' }, attributes, traceId, spanId }] }] }] },
  traces: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [{ traceId, spanId, parentSpanId: '', name: 'GET /', kind: 2, startTimeUnixNano: nanos, endTimeUnixNano: '1767225600125456789', attributes, events: [{ timeUnixNano: nanos, name: 'e', attributes }], status: { code: 2, message: 'bad' } }] }] }] },
  metrics: {
    resourceMetrics: [{
      resource,
      scopeMetrics: [{
        scope,
        metrics: [
          { name: 'g', unit: 'By', description: 'd', gauge: { dataPoints: [{ timeUnixNano: nanos, asDouble: 1.5, attributes }] } },
          { name: 's', unit: '1', description: '', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ startTimeUnixNano: nanos, timeUnixNano: nanos, asInt: '7', attributes: [] }] } },
          { name: 'h', unit: 's', description: '', histogram: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano: nanos, count: '3', sum: 1.25, bucketCounts: ['1', '2', '0'], explicitBounds: [0.1, 1], attributes: [] }] } },
          { name: 'e', unit: 's', description: '', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: nanos, count: '4', sum: 2, scale: -1, zeroCount: '1', positive: { offset: -2, bucketCounts: ['1', '2'] }, attributes: [] }] } },
          { name: 'q', unit: 's', description: '', summary: { dataPoints: [{ timeUnixNano: nanos, count: '4', sum: 2, quantileValues: [{ quantile: 0.5, value: 1 }], attributes: [] }] } },
        ],
      }],
    }],
  },
}
const json = (request: object) => Buffer.from(JSON.stringify(request))

/** Protobuf has bytes where JSON has hex. */
function encoded(signal: 'logs' | 'metrics' | 'traces'): Buffer {
  const bytes = JSON.parse(JSON.stringify(requests[signal]), (name, value) => (/^(trace|span|parentSpan)Id$/.test(name) && typeof value === 'string' ? Buffer.from(value, 'hex').toString('base64') : value)) as object
  return Buffer.from(toProtobuf(signal, bytes))
}

test('JSON and protobuf of the same request say the same', () => {
  for (const signal of ['logs', 'metrics', 'traces'] as const) {
    const read = decodeOtlp(signal, 'json', json(requests[signal]))
    assert.deepEqual(decodeOtlp(signal, 'protobuf', encoded(signal)), read, signal)
    assert.deepEqual(read[0]?.resource, { 'service.instance.id': 'web.1' })
    assert.deepEqual(read[0]?.scope, scope)
  }
})

test('what a request says comes out with plain values', () => {
  const plain = { a: 'x', n: 42, l: [true, 0.5], m: { k: 'v' } }
  const atMs = 1767225600123.4568
  assert.deepEqual(decodeOtlp('logs', 'json', json(requests.logs))[0]?.items[0], { atMs, observedMs: atMs, severity: 17, severityText: 'ERROR', body: 'no', attributes: plain, traceId, spanId })
  assert.deepEqual(decodeOtlp('traces', 'json', json(requests.traces))[0]?.items[0], { traceId, spanId, parentId: null, name: 'GET /', kind: 2, atMs, durationMs: 2, attributes: plain, events: [{ atMs, name: 'e', attributes: plain }], status: 2, statusMessage: 'bad' })
  const [gauge, sum, histogram, exponential, summary] = decodeOtlp('metrics', 'json', json(requests.metrics))[0]?.items ?? []
  assert.deepEqual(gauge, { name: 'g', unit: 'By', description: 'd', kind: 'gauge', points: [{ attributes: plain, startMs: null, atMs, recorded: true, value: 1.5 }] })
  assert.deepEqual(sum && { ...sum, points: sum.points.length }, { name: 's', unit: '1', description: '', kind: 'sum', temporality: 'cumulative', monotonic: true, points: 1 })
  assert.deepEqual(histogram?.points[0], { attributes: {}, startMs: null, atMs, recorded: true, count: 3, sum: 1.25, bounds: [0.1, 1], counts: [1, 2, 0] })
  assert.deepEqual(exponential?.points[0], { attributes: {}, startMs: null, atMs, recorded: true, count: 4, sum: 2, scale: -1, zeroCount: 1, positive: { offset: -2, counts: [1, 2] }, negative: { offset: 0, counts: [] } })
  assert.deepEqual(summary?.kind === 'summary' && summary.points[0]?.quantiles, [{ quantile: 0.5, value: 1 }])
})

test('a time that no calendar tells is none', () => {
  for (const timeUnixNano of ['99999999999999999999999', '1e300', -1, 'soon', 'Infinity'])
    assert.equal(decodeOtlp('logs', 'json', json({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano }] }] }] }))[0]?.items[0]?.atMs, null, String(timeUnixNano))
})

test('any JSON and any bytes are read or refused as invalid, and nothing else happens', () => {
  const read = (signal: 'logs' | 'metrics' | 'traces', format: 'json' | 'protobuf', body: Buffer) => {
    try {
      assert.ok(otlpWeight(signal, format, body) >= 0)
      for (const group of decodeOtlp(signal, format, body)) assert.ok(Array.isArray(group.items))
    } catch (error) {
      assert.ok(error instanceof AppError && error.code === 'invalid', String(error))
    }
  }
  fc.assert(fc.property(fc.jsonValue(), fc.constantFrom('logs', 'metrics', 'traces'), (value, signal) => read(signal, 'json', Buffer.from(JSON.stringify({ resourceLogs: value, resourceMetrics: [{ scopeMetrics: [{ metrics: [{ sum: value, histogram: value }] }] }], resourceSpans: [{ resource: value, scopeSpans: [{ spans: value }] }] })))))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('logs', 'metrics', 'traces'), (bytes, signal) => read(signal, 'protobuf', Buffer.from(bytes))))
})

/** `length` bytes in a field of protobuf. */
function field(number: number, bytes: Buffer): Buffer {
  const head = protobuf.Writer.create().uint32((number << 3) | 2).uint32(bytes.length).finish()
  return Buffer.concat([head, bytes])
}

test('what a body would take is known before it is read, however it is said', () => {
  const many = 300_000
  const pairs = (pair: number[]) => Buffer.alloc(many * 2, Buffer.from(pair))
  const bombs: [string, number][] = [
    ['records', otlpWeight('logs', 'json', Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}${',{}'.repeat(many)}]}]}]}`))],
    ['depth', otlpWeight('logs', 'json', Buffer.from('['.repeat(many) + ']'.repeat(many)))],
    ['members', otlpWeight('traces', 'json', Buffer.from(`{${Array.from({ length: 4 * many }, (_, at) => `"${at}":0`).join(',')}}`))],
    ['records of protobuf', otlpWeight('logs', 'protobuf', field(1, field(2, pairs([0x12, 0]))))],
    ['a list in a body', otlpWeight('logs', 'protobuf', field(1, field(2, field(2, field(5, field(5, pairs([0x0a, 0])))))))],
    ['packed counts', otlpWeight('metrics', 'protobuf', field(1, field(2, field(2, field(10, field(1, field(8, field(2, Buffer.alloc(many)))))))))],
  ]
  for (const [name, weight] of bombs) assert.ok(weight >= many && weight < 1.1 * many, `${name}: ${weight}`)
  const ordinary = (['logs', 'metrics', 'traces'] as const).flatMap((signal) => [otlpWeight(signal, 'json', json(requests[signal])), otlpWeight(signal, 'protobuf', encoded(signal))])
  assert.ok(ordinary.every((weight) => weight > 10 && weight < 150), String(ordinary))
  assert.throws(() => otlpWeight('logs', 'protobuf', Buffer.from([0x0a, 0x7f])), AppError)
})

test('bodies under way are bounded by the app and all together, and what is alone is let through', () => {
  const held = new HeldBytes()
  const [loud, louder, quiet] = [held.by('loud'), held.by('loud'), held.by('quiet')]
  loud.more(heldBounds.appBytes)
  assert.throws(() => louder.more(1), (error: unknown) => isAppError(error, 'limited'))
  quiet.more(heldBounds.bytes - heldBounds.appBytes)
  assert.throws(() => held.by('third').more(1), (error: unknown) => isAppError(error, 'unavailable'))
  loud[Symbol.dispose]()
  louder.more(1)
  for (const hold of [louder, quiet]) hold[Symbol.dispose]()
  assert.equal(held.all, 0)
  held.by('alone').more(2 * heldBounds.bytes)
})

test('an ingest key is of one service, and a changed one is of none', () => {
  assert.deepEqual(readIngestKey(box, key), who)
  assert.deepEqual(readIngestKey(box, ingestKey(box, { ...who, instance: 'web.1' })), { ...who, instance: 'web.1' })
  assert.equal(readIngestKey(openSecretBox(Buffer.alloc(32, 8).toString('base64')), key), null)
  const [, payload, mac] = /^nsi_([^.]+)\.(.+)$/.exec(key) ?? []
  const other = Buffer.from('shop/production/api').toString('base64url')
  assert.notEqual(payload, other)
  for (const forged of [`nsi_${other}.${mac}`, 'nsi_.', '', `nsi_${payload}.${'A'.repeat(43)}`]) assert.equal(readIngestKey(box, forged), null, forged)
})

async function withDoor(sinks: OtlpSinks, work: (post: (path: string, body: Buffer, headers?: Record<string, string>) => Promise<Response>) => Promise<void>) {
  const door = openOtlpDoor({ box, clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }), sinks })
  const server = createServer((request, response) => void (door(request, response) || response.writeHead(418).end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await work((path, body, headers = {}) => fetch(`${base}${path}`, { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers } }))
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('the door hands over what was sent, with whose it is', async () => {
  const taken: [OtlpGroup<OtlpLogRecord>, OtlpSender][] = []
  await withDoor({ logs: (group, from) => void taken.push([group, from]) }, async (post) => {
    for (const answer of [
      await post('/otlp/v1/logs', json(requests.logs)),
      await post('/otlp/v1/logs', gzipSync(json(requests.logs)), { 'content-encoding': 'gzip' }),
    ]) assert.deepEqual([answer.status, await answer.json()], [200, {}])
    const answer = await post('/otlp/v1/logs', encoded('logs'), { 'content-type': 'application/x-protobuf' })
    assert.deepEqual([answer.status, answer.headers.get('content-type'), (await answer.arrayBuffer()).byteLength], [200, 'application/x-protobuf', 0])
  })
  assert.equal(taken.length, 3)
  for (const [group, from] of taken) assert.deepEqual([group.items[0]?.body, from], ['no', { ...who, instance: 'web.1' }])
})

test('the door says what it refuses, and what may be sent again', async () => {
  const sinks: OtlpSinks = { logs: () => { throw new AppError('unavailable', 'the store is away') }, metrics: () => ({ rejected: 2, because: 'no exponential histograms' }) }
  await withDoor(sinks, async (post) => {
    const status = async (answer: Promise<Response>) => (await answer).status
    assert.equal(await status(post('/otlp/v1/logs', json(requests.logs), { authorization: 'Bearer nsi_x.y' })), 401)
    assert.equal(await status(post('/otlp/v1/nothing', json({}))), 404)
    assert.equal(await status(post('/otlp/v1/metrics', Buffer.from('{'))), 400)
    assert.equal(await status(post('/otlp/v1/metrics', json({}), { 'content-type': 'text/plain' })), 415)
    assert.equal(await status(post('/otlp/v1/metrics', Buffer.alloc(otlpBounds.bodyBytes + 1, 32))), 413)
    assert.equal(await status(post('/otlp/v1/metrics', gzipSync(Buffer.alloc(otlpBounds.inflatedBytes + 1, 32)), { 'content-encoding': 'gzip' })), 413)
    const small = gzipSync(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}${',{}'.repeat(otlpBounds.weight)}]}]}]}`))
    assert.deepEqual([small.length < 10_000, await status(post('/otlp/v1/logs', small, { 'content-encoding': 'gzip' }))], [true, 413])
    const away = await post('/otlp/v1/logs', json(requests.logs))
    assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '5'])
    const partial = (await (await post('/otlp/v1/metrics', json(requests.metrics))).json()) as { partialSuccess: Record<string, string> }
    assert.deepEqual([partial.partialSuccess.rejectedDataPoints, partial.partialSuccess.errorMessage], ['2', 'no exponential histograms'])
    const absent = (await (await post('/otlp/v1/traces', json(requests.traces))).json()) as { partialSuccess: Record<string, string> }
    assert.deepEqual([absent.partialSuccess.rejectedSpans, absent.partialSuccess.errorMessage], ['1', 'this Nightshift does not keep traces'])
  })
})
