/** Metrics of the preview's world, asked of by the real query; dashboards in memory. */
import { AppError } from '#base/errors.ts'
import { parseDuration } from '#base/units.ts'
import type { Dashboard } from '#contract/dashboards.ts'
import { parseWhere } from '#contract/label-conditions.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Bucket, SeriesKind } from '#watch/metrics/model.ts'
import { type MetricQuery, type MetricSeries, answer } from '#watch/metrics/query.ts'
import { topOf } from '#watch/metrics/top.ts'
import { noise, requestRate } from './noise.ts'
import type { World } from './world.ts'

type Labels = Record<string, string>
/** `at`: the value of a gauge, or the rate a second of what is counted. */
type Series = { name: string; kind: SeriesKind; labels: Labels; at: (ms: number) => number }

const gb = 1024 ** 3
const bounds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, Number.POSITIVE_INFINITY]

function seriesOf(world: World): Series[] {
  return [...world.scene.apps.filter(({ detail }) => !detail.settings.stopped).flatMap(ofApp), ...world.scene.machines.flatMap(({ name, memoryBytes, cpus }) => ofMachine(name, memoryBytes, cpus))]
}

function ofApp({ detail, rates }: World['scene']['apps'][number]): Series[] {
  const of = { app: detail.name, environment: detail.environment }
  const bad = detail.health === 'down' ? 0.9 : detail.health === 'degraded' ? 0.03 : 0.002
  return detail.services.flatMap((service) => {
    const callers = [...(service.urls.length > 0 ? [''] : []), ...detail.services.filter(({ needs }) => needs.includes(service.name)).map(({ name }) => name)]
    const counted = callers.flatMap((from) => {
      const labels = { ...of, service: service.name, from }
      const key = `${detail.name}/${from}/${service.name}`
      const rate = (ms: number) => requestRate(key, ms, (rates[service.name] ?? 6) / callers.length)
      const failed = (ms: number) => rate(ms) * bad * (0.4 + noise(`${key}.bad`, ms, 300_000))
      const requests = (of5: string, at: Series['at']): Series => ({ name: 'nightshift_http_requests_total', kind: 'delta', labels: { ...labels, class: of5 }, at })
      const slowness = (ms: number) => 1.2 + 1.4 * noise(`${key}.slow`, ms, 240_000)
      return [
        requests('2xx', (ms) => rate(ms) * 0.9), requests('4xx', (ms) => rate(ms) * 0.04), requests('5xx', failed),
        ...bounds.map((le): Series => ({ name: 'nightshift_http_request_duration_seconds_bucket', kind: 'delta', labels: { ...labels, le: le === Number.POSITIVE_INFINITY ? '+Inf' : String(le) }, at: (ms) => rate(ms) * (1 - Math.exp((-le * 40) / slowness(ms) ** 2)) })),
      ]
    })
    const used = service.instances.filter(({ startedAt }) => startedAt !== null).flatMap((one): Series[] => {
      const labels = { ...of, service: service.name, instance: one.name, machine: one.machine ?? 'heron' }
      return [
        { name: 'nightshift_instance_cpu_cores', kind: 'gauge', labels, at: (ms) => 0.03 + 0.4 * noise(`${detail.name}${one.name}c`, ms, 240_000) ** 2 },
        { name: 'nightshift_instance_memory_bytes', kind: 'gauge', labels, at: (ms) => (one.memoryBytes ?? 9e7) * (0.85 + 0.15 * noise(`${one.name}m`, ms, 900_000)) },
        ...(one.memoryLimitBytes === null ? [] : [{ name: 'nightshift_instance_memory_limit_bytes', kind: 'gauge' as const, labels, at: () => one.memoryLimitBytes as number }]),
      ]
    })
    return [...counted, ...used]
  }).concat(detail.name === 'billing' ? [{ name: 'invoices_queue_length', kind: 'gauge', labels: of, at: (ms) => 1500 * noise('invoices', ms, 3_600_000) ** 2 }] : [])
}

function ofMachine(machine: string, memory: number, cpus: number): Series[] {
  const busy = (ms: number) => 0.15 + 0.5 * noise(`${machine}cpu`, ms, 600_000) ** 2
  const of = (name: string, kind: SeriesKind, at: Series['at'], more: Labels = {}): Series => ({ name: `nightshift_machine_${name}`, kind, labels: { machine, ...more }, at })
  return [
    of('cpu_seconds_total', 'counter', (ms) => cpus * busy(ms) * 0.75, { mode: 'user' }), of('cpu_seconds_total', 'counter', (ms) => cpus * busy(ms) * 0.25, { mode: 'system' }), of('cpu_seconds_total', 'counter', (ms) => cpus * (1 - busy(ms)), { mode: 'idle' }),
    of('memory_total_bytes', 'gauge', () => memory), of('memory_used_bytes', 'gauge', (ms) => memory * (0.4 + 0.2 * noise(`${machine}mem`, ms, 1_800_000))),
    of('load1', 'gauge', (ms) => cpus * busy(ms) * 1.2), of('load15', 'gauge', (ms) => cpus * busy(Math.floor(ms / 900_000) * 900_000)),
    of('network_received_bytes_total', 'counter', (ms) => 4e5 * (0.4 + noise(`${machine}in`, ms, 200_000)), { device: 'eth0' }), of('network_sent_bytes_total', 'counter', (ms) => 1.6e6 * (0.4 + noise(`${machine}out`, ms, 200_000)), { device: 'eth0' }),
    of('clock_offset_seconds', 'gauge', (ms) => 0.002 * (noise(`${machine}clock`, ms, 600_000) - 0.5)),
    of('disk_total_bytes', 'gauge', () => 80 * gb), of('disk_free_bytes', 'gauge', (ms) => gb * (21 + 6 * noise(`${machine}disk`, ms, 40_000_000))),
  ]
}

const fits = (labels: Labels, where: Record<string, string[]>) =>
  Object.entries(where).every(([label, wanted]) => wanted.some((one) => new RegExp(`^${one.split('*').map((part) => RegExp.escape(part)).join('.*')}$`).test(labels[label] ?? '')))

function bucketsOf({ kind, at }: Series, first: number, last: number, stepMs: number): Bucket[] {
  const count = Math.max(0, Math.floor((last - first) / stepMs) + 1)
  return Array.from({ length: count }, (_, nth) => first + nth * stepMs).map((atMs) => {
    const value = at(atMs + stepMs / 2)
    return { atMs, widthMs: stepMs, min: value, max: value, sum: value, count: 1, last: value, increase: kind === 'gauge' ? 0 : (value * stepMs) / 1000 }
  })
}

/** Asks of the world's metrics as the store is asked. */
export function previewQuery(world: World): (query: MetricQuery) => Promise<{ series: MetricSeries[] }> {
  return async (query) => {
    const { since, until, stepMs, offsetMs = 0, where = {}, with: label, fn } = query
    const metric = /^p\d\d$/.test(fn) ? `${query.metric}_bucket` : query.metric
    const first = Math.floor(since.getTime() / stepMs) * stepMs - offsetMs
    const wanted = Object.fromEntries(Object.entries(where).map(([label, values]) => [label, [values].flat()]))
    const series = seriesOf(world).filter(({ name, labels }) => name === metric && fits(labels, wanted) && (label === undefined || (labels[label] ?? '') !== '')).map((one) => ({ labels: one.labels, buckets: bucketsOf(one, first, until.getTime() - offsetMs, stepMs) }))
    return { series: answer(query, series) }
  }
}

export function metricHandlers(world: World): Handlers {
  const ask = previewQuery(world)
  const dashboards = new Map<string, Dashboard>(world.scene.apps.length === 0 ? [] : [['evening', evening()]])
  const find = (id: string) => {
    const found = dashboards.get(id)
    if (found === undefined) throw new AppError('not-found', `there is no dashboard "${id}" (see: nightshift dashboards)`)
    return found
  }
  return {
    'metrics.list': async ({ query }) =>
      [...Map.groupBy(seriesOf(world).filter(({ labels }) => query.app === undefined || labels['app'] === query.app), ({ name }) => name)]
        .map(([name, members]) => ({ name, kind: members[0]?.kind ?? ('gauge' as const), series: members.length, labels: [...new Set(members.flatMap(({ labels }) => Object.keys(labels)))].sort() }))
        .sort((one, other) => one.name.localeCompare(other.name)),
    'metrics.values': async ({ query }) => [...new Set(seriesOf(world).filter(({ name }) => name === query.metric).flatMap(({ labels }) => labels[query.label] ?? []))].sort(),
    'metrics.query': async ({ query }) => {
      const until = query.until === undefined ? Date.now() : Date.parse(query.until)
      const since = query.since === undefined ? until - 3_600_000 : Date.parse(query.since)
      const stepMs = query.step === undefined ? 30_000 : parseDuration(query.step)
      const offsetMs = query.offset === undefined ? 0 : parseDuration(query.offset)
      const { series: all } = await ask({ ...query, where: parseWhere(query.where), by: query.by?.split(',').filter((label) => label !== ''), since: new Date(since), until: new Date(until), stepMs, offsetMs })
      const { series, others } = topOf(all, query.fn, { most: query.top ?? all.length, rank: query.rank })
      return { since: new Date(since).toISOString(), until: new Date(until).toISOString(), stepMs, series, others }
    },
    'dashboards.list': async () => [...dashboards.values()].map(({ rows, ...one }) => ({ ...one, graphs: rows.flat().length })),
    'dashboards.read': async ({ params }) => find(params.dashboard),
    'dashboards.save': async ({ params, body }) => {
      const saved = { ...body, id: params.dashboard, changedBy: 'rosa', changedAt: new Date().toISOString() }
      dashboards.set(saved.id, saved)
      world.record('dashboard.saved', `rosa saved the dashboard ${saved.title}`)
      return saved
    },
    'dashboards.remove': async ({ params }) => {
      const { id, title } = find(params.dashboard)
      dashboards.delete(id)
      world.record('dashboard.removed', `rosa removed the dashboard ${title}`)
      return {}
    },
  }
}

function evening(): Dashboard {
  const requests = { metric: 'nightshift_http_requests_total', fn: 'rate' as const, where: '', by: ['app'] }
  return { id: 'evening', title: 'Evening', app: null, changedBy: 'ines', changedAt: new Date(Date.now() - 86_400_000).toISOString(), rows: [[{ title: 'Requests by app', lines: [requests] }, { title: 'Jobs waiting', lines: [{ metric: 'shop_jobs_waiting', fn: 'last', where: '', by: [] }] }]] }
}
