/** What an app measures comes in, by both ways, and what we measure is read by a Prometheus. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePrometheusText } from '#base/prometheus-text.ts'
import { tempHome } from '#test/harness/home.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { startPrometheus, whyNoPrometheus } from '#test/harness/prometheus.ts'
import { until } from '#test/harness/wait.ts'

const root = join(import.meta.dirname, '../../..')
/** Its library is the one of this repository: the endpoint, the key and the names come from the variables of the instance. */
const app = `
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
const load = createRequire(${JSON.stringify(join(root, 'package.json'))})
const { MeterProvider, PeriodicExportingMetricReader } = load('@opentelemetry/sdk-metrics')
const { OTLPMetricExporter } = load('@opentelemetry/exporter-metrics-otlp-proto')
const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 500, exportTimeoutMillis: 400 })] })
const meter = provider.getMeter('shop')
const orders = meter.createCounter('orders')
const took = meter.createHistogram('order.duration', { unit: 's' })
orders.add(5, { kind: 'book' })
took.record(0.3)
setInterval(() => (orders.add(1, { kind: 'book' }), took.record(0.3)), 200)
createServer((request, response) => response.end(request.url === '/metrics' ? '# TYPE shelves gauge\\nshelves{app="other"} 7\\n' : 'ok')).listen(process.env.PORT)
`

test('an app sends by OpenTelemetry and is read in the text of Prometheus; a Prometheus reads us', async (t) => {
  await using nightshift = await bootNightshift()
  await using folder = await tempHome('ns-app-')
  const source = join(folder.home, 'shop')
  await mkdir(source)
  await writeFile(join(source, 'package.json'), JSON.stringify({ name: 'shop', private: true, type: 'module', scripts: { start: 'node app.js' } }))
  await writeFile(join(source, 'app.js'), app)
  await writeFile(join(source, 'nightshift.yml'), 'name: shop\nservices:\n  web:\n    command: node app.js\n    metrics: { path: /metrics, every: 5s }\n')
  const { code, stdout, stderr } = await nightshift.cli(['deploy', source])
  assert.equal(code, 0, stdout + stderr)

  const ask = async (metric: string, fn: 'last' | 'increase' | 'p50', by = 'app,service,instance') =>
    (await nightshift.client.call('metrics.query', { query: { metric, fn, by, where: 'app=shop', step: '10s' } })).series.flatMap(({ labels, points }) => points.flatMap(([, value]) => (value === null ? [] : [{ labels, value }])))
  const who = { app: 'shop', service: 'web', instance: 'web.1' }
  const counted = await until(async () => (await ask('orders_total', 'increase')).find(({ value }) => value > 0), { timeoutMs: 40_000, because: 'orders are counted' })
  assert.deepEqual(counted.labels, who)
  const median = await until(async () => (await ask('order_duration_seconds', 'p50', ''))[0], { because: 'the histogram is there' })
  assert.ok(median.value > 0 && median.value <= 5, String(median.value))
  const shelves = await until(async () => (await ask('shelves', 'last'))[0], { because: 'its page is read' })
  assert.deepEqual(shelves, { labels: who, value: 7 })
  const up = await until(async () => (await ask('nightshift_instance_up', 'last')).find(({ value }) => value === 1), { because: 'it is told to be ready' })
  assert.deepEqual(up.labels, who)
  const { series: clocks } = await until(async () => {
    const answer = await nightshift.client.call('metrics.query', { query: { metric: 'nightshift_machine_clock_offset_seconds', fn: 'last', by: 'machine' } })
    return answer.series.length > 0 ? answer : null
  }, { timeoutMs: 30_000, because: 'the agent has asked for the time' })
  // both have the same clock
  for (const [, value] of clocks[0]?.points ?? []) assert.ok(value === null || Math.abs(value) < 5, String(value))

  await t.test('by Prometheus', { skip: whyNoPrometheus }, async () => {
    assert.equal((await fetch(`${nightshift.api}/metrics`)).status, 401)
    const { secret } = await nightshift.client.call('tokens.create', { body: { name: 'prometheus', scope: 'read' } })
    const basic = await fetch(`${nightshift.api}/metrics`, { headers: { authorization: `Basic ${Buffer.from(`any:${secret}`).toString('base64')}` } })
    assert.equal(parsePrometheusText(await basic.text(), 10_000).bad, 0)
    await using prometheus = await startPrometheus({ target: new URL(nightshift.api).host, token: secret })
    const memory = await until(async () => (await prometheus.query('nightshift_instance_memory_bytes{app="shop"}'))[0], { because: 'Prometheus has read us' })
    assert.ok(memory.value > 1e6)
    assert.ok(((await prometheus.query('nightshift_machine_memory_total_bytes'))[0]?.value ?? 0) > memory.value)
    const own = parsePrometheusText(await (await fetch(`${prometheus.url}/metrics`)).text(), 10_000)
    const { stdout: added, stderr: refusal } = await nightshift.cli(['forwards', 'add', prometheus.url, '--label', 'site=night'])
    assert.match(added, /metrics are sent to http/, refusal)
    // what an app sends by OpenTelemetry is not on our page, and comes by this way alone
    const orders = await until(async () => (await prometheus.query('orders_total{site="night",app="shop"}'))[0], { timeoutMs: 40_000, because: 'orders are sent on' })
    assert.ok(orders.value > 0 && orders.metric['instance'] === 'web.1')
    await until(async () => (await prometheus.query('nightshift_instance_up{site="night"}'))[0]?.value === 1, { timeoutMs: 40_000, because: 'what we measure is sent on too' })
    assert.ok(own.bad === 0 && own.samples.length > 300 && own.samples.some(({ type, name }) => type === 'histogram' && name.endsWith('_bucket')), 'what it says of itself is read to the last line')
  })
})
