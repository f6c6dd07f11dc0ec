import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf, freePort, keyOf, RawClient, type Rig, startApp, startRig, until } from './test-harness.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const caller = 'b7ad6b7169203331'
const traceFields = `traceparent: 00-${trace}-${caller}-01\r\ntracestate: rojo=1\r\nTraceState: congo=2\r\n`

/** Answers with the trace fields that it was given; `/fail` with a 500. */
const app = () =>
  startApp((request, response) => {
    response.statusCode = request.url === '/fail' ? 500 : 200
    response.end(JSON.stringify([request.headers['traceparent'] ?? null, request.headers['tracestate'] ?? null]))
  })

async function ask(port: number, fields: string, path = '/'): Promise<[string, string | null]> {
  const client = new RawClient(port)
  client.send(`GET ${path} HTTP/1.1\r\nHost: web.localhost\r\n${fields}\r\n`)
  const { body } = await client.response()
  client.close()
  return JSON.parse(body)
}

const spansOf = (rig: Rig) => rig.control.spans.flatMap((batch) => batch.spans)

test('from outside each request begins a trace of its own, which its access line and its span name too', async () => {
  await using backend = await app()
  await using rig = await startRig({ services: { web: [backend.port] } }, { spanPeriodMs: 10 })
  const [parent, state] = await ask(rig.port, traceFields)
  const [, traceId, spanId, flags] = parent.split('-')
  assert.match(parent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/)
  assert.notEqual(traceId, trace)
  assert.equal(state, null)
  const [line] = await rig.accessLog()
  assert.equal(line?.['traceId'], traceId)
  await until(() => spansOf(rig).length === 1, 'its span')
  const [span] = spansOf(rig)
  assert.deepEqual([span?.traceId, span?.spanId, span?.parentId, span?.service, span?.status, span?.because], [traceId, spanId, null, 'web', 200, 'sampled'])
  assert.equal(flags, '03')
})

test('a trace that may be trusted goes on: same id, our span as parent, its state in one line', async () => {
  await using backend = await app()
  await using rig = await startRig({ services: { web: [backend.port] } }, { trustTraces: true, spanPeriodMs: 10 })
  const [parent, state] = await ask(rig.port, traceFields)
  assert.match(parent, new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))
  assert.doesNotMatch(parent, new RegExp(caller))
  assert.equal(state, 'rojo=1,congo=2')
  await until(() => spansOf(rig).length === 1, 'its span')
  assert.equal(spansOf(rig)[0]?.parentId, caller)
  // one that is not to be had in two ways, and a state without a trace, are left
  const [twice, none] = await ask(rig.port, `traceparent: 00-${trace}-${caller}-01\r\n${traceFields}`)
  assert.doesNotMatch(twice, new RegExp(trace))
  assert.equal(none, null)
  assert.equal((await ask(rig.port, 'tracestate: a=1\r\n'))[1], null)
})

test('an edge goes on with the trace of its caller; what is not sampled leaves no span, unless it failed', async () => {
  await using backend = await app()
  const port = await freePort()
  const edge = { id: 'e1', app: 'shop', environment: 'production', from: 'web', to: keyOf('api'), protocol: 'http' as const, listen: [{ host: '127.0.0.1', port }] }
  await using rig = await startRig({ services: { api: [backend.port] }, edges: [edge] }, { spanPeriodMs: 10 })
  const [parent] = await ask(port, `traceparent: 00-${trace}-${caller}-00\r\n`)
  assert.match(parent, new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`))
  await ask(port, `traceparent: 00-${trace}-${caller}-00\r\n`, '/fail')
  await until(() => spansOf(rig).length === 1, 'the span of the failure')
  const [span] = spansOf(rig)
  assert.deepEqual([span?.from, span?.route, span?.status, span?.because, span?.traceId], ['web', 'edge:e1', 500, 'error', trace])
})

test('a service that is asked too much for every trace has only some sampled', async () => {
  await using backend = await app()
  await using rig = await startRig({ services: { web: [backend.port] } }, { spanPeriodMs: 10, limits: { tracesPerSecond: 0, traceBurst: 3 } })
  const flags: string[] = []
  for (let n = 0; n < 6; n++) flags.push(((JSON.parse((await bodyOf(rig.port)) ?? '[]') as string[])[0] as string).slice(-2))
  assert.deepEqual(flags, ['03', '03', '03', '02', '02', '02'])
})
