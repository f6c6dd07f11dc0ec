/** What the preview answers for the home page, the map and the graphs. */
import type { AppSummary, MapView, ResourceSeries, Tonight, TrafficSeries } from '#contract/model.ts'
import { noise, pick, requestRate } from './noise.ts'
import type { PreviewApp } from './scene.ts'
import type { World } from './world.ts'

const day = 86_400_000

export function tonightOf(world: World, now: number, summaryOf: (app: PreviewApp) => AppSummary): Tonight {
  const { apps, events } = world.scene
  const services = apps.flatMap((app) => app.detail.services)
  const healthy = services.filter((one) => one.health === 'healthy').length
  const needsPerson = apps.flatMap(({ detail, needsPerson: needs }) => needs.map((one) => ({ app: detail.name, environment: detail.environment, alert: null, ...one })))
  const marks: Tonight['marks'] = events
    .filter((one) => now - Date.parse(one.at) < day)
    .flatMap((one) => {
      const kind = one.kind === 'instance.held' ? 'held' : one.kind === 'instance.ready' && one.summary.includes('after') ? 'healed' : /exited|unhealthy|lost|failed/.test(one.kind) ? 'fault' : /activated|changed|scale|domain|stopped|destroyed|created/.test(one.kind) ? 'change' : null
      return kind === null ? [] : [{ at: one.at, kind, event: one.id, app: one.app, summary: one.summary } as const]
    })
  const quiet = needsPerson.length === 0
  const healed = marks.filter((one) => one.kind === 'healed').length
  const sentence = apps.length === 0 ? 'All quiet. Nothing runs here yet.' : quiet ? `All quiet. ${healthy} services healthy, ${healed} faults healed in the last 24 hours, nobody was woken.` : `${needsPerson.length === 1 ? '1 service needs' : `${needsPerson.length} services need`} a person; ${healthy} of ${services.length} are healthy.`
  return {
    sentence, quiet, needsPerson, marks,
    apps: apps.filter((one) => one.detail.environment === 'production').map((app) => ({ ...summaryOf(app), sparkline: Array.from({ length: 48 }, (_, i) => (app.rates['web'] === undefined ? 0 : Math.round(10 * requestRate(`${app.detail.name}/web`, now - (47 - i) * 75_000, app.rates['web'])) / 10)) })),
  }
}

function series(key: string, app: PreviewApp, service: string, from: string | null, base: number, now: number, minutes: number): TrafficSeries {
  const stepMs = minutes <= 60 ? 15_000 : 60_000 * Math.ceil(minutes / 240)
  const end = Math.floor(now / stepMs) * stepMs
  const name = `${app.detail.name}/${service}`
  const bad = app.detail.health === 'down' ? 1 : app.detail.health === 'degraded' ? 0.03 : 0.0004
  const points = Array.from({ length: Math.floor((minutes * 60_000) / stepMs) }, (_, i) => {
    const ms = end - minutes * 60_000 + (i + 1) * stepMs
    const requests = Math.round((requestRate(name, ms, base) * stepMs) / 1000)
    const burst = pick(`${key}.burst`, ms, 240_000) > 0.93 ? 0.05 : 0
    return { at: new Date(ms).toISOString(), requests, errors: Math.round(requests * Math.min(1, bad + burst * noise(key, ms, 60_000))), p50Ms: 6 + 9 * noise(`${key}.p50`, ms, 300_000), p99Ms: 60 + 220 * noise(`${key}.p99`, ms, 180_000) ** 2 }
  })
  const total = points.reduce((sum, one) => sum + one.requests, 0)
  const errors = points.reduce((sum, one) => sum + one.errors, 0)
  return { key, app: app.detail.name, environment: app.detail.environment, service, from, requestRate: total / (minutes * 60), errorShare: total === 0 ? 0 : errors / total, staleShare: 0, p50Ms: points.at(-1)?.p50Ms ?? null, p95Ms: points.at(-1) === undefined ? null : (points.at(-1)?.p99Ms ?? 0) * 0.6, p99Ms: points.at(-1)?.p99Ms ?? null, points }
}

export function trafficOf(world: World, now: number, minutes: number, name?: string, environment?: string): TrafficSeries[] {
  return world.scene.apps
    .filter((app) => (name === undefined || app.detail.name === name) && (environment === undefined || app.detail.environment === environment) && !app.detail.settings.stopped)
    .flatMap((app) =>
      app.detail.services.flatMap((service) => {
        const base = app.rates[service.name]
        const callers = app.detail.services.filter((one) => one.needs.includes(service.name))
        const edges = callers.map((one) => series(`edge:${app.detail.name}-${app.detail.environment}-${one.name}-${service.name}`, app, service.name, one.name, (base ?? 4) / callers.length, now, minutes))
        return service.urls.length > 0 && base !== undefined ? [series(`route:${app.detail.name}-${app.detail.environment}-${service.name}`, app, service.name, null, base, now, minutes), ...edges] : edges
      }),
    )
}

export function resourcesOf(app: PreviewApp, now: number, minutes: number): ResourceSeries[] {
  const stepMs = minutes <= 60 ? 15_000 : 60_000
  return app.detail.services.flatMap((service) =>
    service.instances.map((one) => {
      const base = one.memoryBytes ?? 90 * 1024 ** 2
      const points = Array.from({ length: Math.floor((minutes * 60_000) / stepMs) }, (_, i) => {
        const ms = Math.floor(now / stepMs) * stepMs - minutes * 60_000 + (i + 1) * stepMs
        return { at: new Date(ms).toISOString(), cpu: 0.03 + 0.25 * noise(`${one.id}c`, ms, 120_000) ** 2 + 0.05 * pick(`${one.id}p`, ms, stepMs), memoryBytes: Math.round(base * (0.85 + 0.15 * noise(`${one.id}m`, ms, 900_000))) }
      })
      return { instance: one.id, name: one.name, service: service.name, points: one.startedAt === null ? [] : points.filter((point) => point.at >= (one.startedAt as string)) }
    }),
  )
}

export function mapOf(world: World, now: number): MapView {
  const edges = trafficOf(world, now, 5)
  return {
    at: new Date(now).toISOString(), live: true, missing: [], marks: [], alerts: [],
    services: world.scene.apps.flatMap(({ detail }) => detail.services.map((one) => ({ app: detail.name, environment: detail.environment, service: one.name, health: one.health, protocol: one.protocol, release: detail.release, wanted: one.wanted, ready: one.ready, instances: one.instances.map(({ id, name, state, machine }) => ({ id, name, state, machine })) }))),
    edges: edges.map((one) => ({ id: one.key, app: one.app, environment: one.environment, fromApp: null, fromEnvironment: null, from: one.from, to: one.service, protocol: 'http', declared: true, observed: one.requestRate > 0, traced: false, requestRate: one.requestRate, errorShare: one.errorShare, p95Ms: one.p95Ms, p99Ms: one.p99Ms })),
    machines: world.scene.machines,
  }
}
