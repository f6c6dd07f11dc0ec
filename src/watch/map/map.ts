/** The map: services, edges that are declared or seen, machines. Pure. */
import type { AppDetail, Machine, MapView, TrafficSeries } from '#contract/model.ts'

export function mapView(apps: AppDetail[], traffic: TrafficSeries[], machines: Machine[]): MapView {
  const services = apps.flatMap((app) =>
    app.services.map((service) => ({
      app: app.name, environment: app.environment, service: service.name, health: service.health, protocol: service.protocol, wanted: service.wanted, ready: service.ready,
      instances: service.instances.map(({ id, name, state, machine }) => ({ id, name, state, machine })),
    })),
  )
  const edges: MapView['edges'] = []
  const add = (app: AppDetail, from: string | null, to: string) => {
    const seen = traffic.filter((series) => series.app === app.name && series.environment === app.environment && series.service === to && series.from === from)
    const requestRate = seen.reduce((sum, series) => sum + series.requestRate, 0)
    const errors = seen.reduce((sum, series) => sum + series.requestRate * series.errorShare, 0)
    const latencies = seen.map((series) => series.p99Ms).filter((value) => value !== null)
    edges.push({
      id: `${app.name}/${app.environment}/${from ?? 'ingress'}>${to}`, app: app.name, environment: app.environment, from, to,
      protocol: app.services.find((service) => service.name === to)?.protocol ?? 'http',
      requestRate, errorShare: requestRate === 0 ? 0 : errors / requestRate, p99Ms: latencies.length === 0 ? null : Math.max(...latencies),
    })
  }
  for (const app of apps) {
    for (const service of app.services) {
      if (service.urls.length > 0) add(app, null, service.name)
      for (const need of service.needs) if (app.services.some(({ name }) => name === need)) add(app, service.name, need)
    }
  }
  return { services, edges, machines }
}
