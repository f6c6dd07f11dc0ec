/** Two services with OpenTelemetry's own SDK: their spans hang under those of the proxy, and what they log is found by the trace. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Span } from '#contract/traces.ts'
import { appFetch } from '#test/harness/fetch.ts'
import { tempHome } from '#test/harness/home.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const root = join(import.meta.dirname, '../../..')
/** As in the metrics' test, the library is the one of this repository, and all it is told comes from the variables of the instance. */
const app = `
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
const load = createRequire(${JSON.stringify(join(root, 'package.json'))})
const { ROOT_CONTEXT, SpanKind, SpanStatusCode, defaultTextMapGetter, defaultTextMapSetter, trace } = load('@opentelemetry/api')
const { W3CTraceContextPropagator } = load('@opentelemetry/core')
const { BatchSpanProcessor, TracerProvider } = load('@opentelemetry/sdk-trace')
const { OTLPTraceExporter } = load('@opentelemetry/exporter-trace-otlp-http')
const { BatchLogRecordProcessor, LoggerProvider } = load('@opentelemetry/sdk-logs')
const { OTLPLogExporter } = load('@opentelemetry/exporter-logs-otlp-http')
const soon = { scheduledDelayMillis: 200 }
const tracer = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), ...soon })] }).getTracer('shop')
const logger = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter(), ...soon })] }).getLogger('shop')
const w3c = new W3CTraceContextPropagator()
createServer(async (request, response) => {
  const from = w3c.extract(ROOT_CONTEXT, request.headers, defaultTextMapGetter)
  const span = tracer.startSpan('serve ' + request.url, { kind: SpanKind.SERVER, attributes: { 'cart.items': 3 } }, from)
  const here = trace.setSpan(from, span)
  if (request.url === '/cart') {
    const asks = tracer.startSpan('ask for a price', { kind: SpanKind.CLIENT }, here)
    const headers = {}
    w3c.inject(trace.setSpan(here, asks), headers, defaultTextMapSetter)
    response.statusCode = (await fetch(process.env.API_URL + '/price', { headers })).status
    asks.end()
  } else if (request.url === '/price') {
    logger.emit({ severityNumber: 17, body: 'no price for this book', attributes: { isbn: '978' }, context: here })
    span.addEvent('looked in vain', { shelves: 2 })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no price' })
    response.statusCode = 500
  }
  response.end()
  span.end()
}).listen(process.env.PORT)
`

test('spans of an app are one tree with those of the ingress and the edge, and its log records stand below', async () => {
  await using nightshift = await bootNightshift()
  await using folder = await tempHome('ns-app-')
  const source = join(folder.home, 'shop')
  await mkdir(source)
  await writeFile(join(source, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module', scripts: { start: 'node app.js' } }))
  await writeFile(join(source, 'app.js'), app)
  await writeFile(join(source, 'nightshift.yml'), 'name: shop\nservices:\n  web: { command: node app.js, needs: { api: healthy } }\n  api: { command: node app.js }\n')
  const { code, stdout, stderr } = await nightshift.cli(['deploy', source])
  assert.equal(code, 0, stdout + stderr)
  assert.equal((await appFetch(nightshift.url('shop', '/cart'))).status, 500)

  const found = await until(async () => (await nightshift.client.call('traces.list', { query: { operation: 'GET /cart', errors: 'true' } })).traces[0], { because: 'the trace has come' })
  const { spans, lines } = await until(
    async () => {
      const trace = await nightshift.client.call('traces.read', { params: { trace: found.traceId } })
      const lines = trace.lines.filter((line) => line.stream !== 'access')
      return trace.spans.length === 5 && lines.length > 0 ? { ...trace, lines } : undefined
    },
    { timeoutMs: 30_000, because: 'all five spans and the line are there' },
  )
  const tree: Span[] = []
  for (let parent: string | null = null, next; (next = spans.find((span) => span.parentId === parent)) !== undefined; parent = next.spanId) tree.push(next)
  assert.deepEqual(
    tree.map((span) => [span.byProxy ? 'proxy' : span.instance, span.service, span.kind, span.name, span.status]),
    [
      ['proxy', 'web', 'server', 'GET /cart', 'error'],
      ['web.1', 'web', 'server', 'serve /cart', 'unset'],
      ['web.1', 'web', 'client', 'ask for a price', 'unset'],
      ['proxy', 'api', 'client', 'GET /price', 'error'],
      ['api.1', 'api', 'server', 'serve /price', 'error'],
    ],
  )
  const [, web, , edge, api] = tree as [Span, Span, Span, Span, Span]
  assert.equal(web.attributes['cart.items'], 3)
  assert.equal(edge.attributes['nightshift.from'], 'web')
  assert.deepEqual([api.attributes['status.message'], api.events.map((event) => [event.name, event.attributes])], ['no price', [['looked in vain', { shelves: 2 }]]])
  assert.deepEqual(lines.map((line) => [line.service, JSON.parse(line.text)]), [['api', { level: 'error', isbn: '978', msg: 'no price for this book', trace_id: found.traceId, span_id: api.spanId, logger: 'shop' }]])
})
