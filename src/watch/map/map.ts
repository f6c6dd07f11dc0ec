/** The map: services, who calls whom (declared, seen in traffic, seen in traces), what changed and broke, machines. Pure. */
import type { Alert } from '#contract/healing.ts'
import type { AppDetail, JournalEvent, Machine, MapView, TrafficSeries } from '#contract/model.ts'
import { marksOf } from '#watch/tonight/marks.ts'

export type MapService = Pick<AppDetail['services'][number], 'name' | 'health' | 'protocol' | 'wanted' | 'ready' | 'urls' | 'needs'> & { instances: MapView['services'][number]['instances'] }
export type MapApp = Pick<AppDetail, 'name' | 'environment' | 'release'> & { services: readonly MapService[] }

/** Null: the ingress; of the same app unless it says another. */
type Caller = { app?: string; environment?: string; service: string | null }
type Place = { app: string; environment: string; service: string }
/** Calls between services as spans tell of them. */
export type TracedCall = { from: Place; to: Place; calls: number; errors: number; p95Ms: number }

export type MapInputs = {
  at: Date
  live: boolean
  missing: string[]
  apps: readonly MapApp[]
  traffic: readonly TrafficSeries[]
  traced: readonly TracedCall[]
  /** Of the quarter of an hour before `at`, oldest first. */
  events: readonly JournalEvent[]
  alerts: readonly Alert[]
  machines: readonly Machine[]
}

type Edge = MapView['edges'][number]

export function mapView({ at, live, missing, apps, traffic, traced, events, alerts, machines }: MapInputs): MapView {
  const services = apps.flatMap((app) =>
    app.services.map(({ name, health, protocol, wanted, ready, instances }) => ({
      app: app.name, environment: app.environment, service: name, health, protocol, release: app.release, wanted, ready,
      instances: instances.map(({ id, name: instance, state, machine }) => ({ id, name: instance, state, machine })),
    })),
  )
  const protocols = new Map(services.map((one) => [placeKey(one), one.protocol]))
  const edges = new Map<string, Edge>()
  const edge = (from: Caller, to: Place): Edge | null => {
    const protocol = protocols.get(placeKey(to))
    const fromPlace = { app: from.app ?? to.app, environment: from.environment ?? to.environment }
    if (protocol === undefined || (from.service !== null && !protocols.has(placeKey({ ...fromPlace, service: from.service })))) return null
    const foreign = fromPlace.app !== to.app || fromPlace.environment !== to.environment
    const id = `${foreign ? `${fromPlace.app}/${fromPlace.environment}/` : `${to.app}/${to.environment}/`}${from.service ?? 'ingress'}>${foreign ? placeKey(to) : to.service}`
    const made: Edge = { id, app: to.app, environment: to.environment, fromApp: foreign ? fromPlace.app : null, fromEnvironment: foreign ? fromPlace.environment : null, from: from.service, to: to.service, protocol, declared: false, observed: false, traced: false, requestRate: 0, errorShare: 0, p95Ms: null, p99Ms: null }
    return edges.getOrInsert(id, made)
  }
  for (const { name: app, environment, services: members } of apps) {
    for (const { name, urls, needs } of members) {
      if (urls.length > 0) declare(edge({ service: null }, { app, environment, service: name }))
      for (const need of needs) declare(edge({ service: name }, { app, environment, service: need }))
    }
  }
  for (const series of traffic) if (series.requestRate > 0) observe(edge({ service: series.from }, series), series)
  for (const call of traced) trace(edge(call.from, call.to), call)
  return { at: at.toISOString(), live, missing, services, edges: [...edges.values()], marks: mapMarks(events), alerts: alerts.map(({ id, app, environment, service, title, raisedAt }) => ({ id, app, environment, service, title, raisedAt })), machines: [...machines] }
}

function placeKey({ app, environment, service }: Place): string {
  return `${app}/${environment}/${service}`
}

function declare(edge: Edge | null): void {
  if (edge !== null) edge.declared = true
}

/** Several routes to one service add up, errors weighted by requests; of percentiles the worst is told. */
function observe(edge: Edge | null, series: TrafficSeries): void {
  if (edge === null) return
  const failed = edge.requestRate * edge.errorShare + series.requestRate * series.errorShare
  edge.observed = true
  edge.requestRate += series.requestRate
  edge.errorShare = failed / edge.requestRate
  edge.p95Ms = worst(edge.p95Ms, series.p95Ms)
  edge.p99Ms = worst(edge.p99Ms, series.p99Ms)
}

/** Traces are a sample: they say that there are calls and how long they take, never how many. */
function trace(edge: Edge | null, { calls, errors, p95Ms }: TracedCall): void {
  if (edge === null) return
  edge.traced = true
  if (edge.observed) return
  edge.errorShare = calls === 0 ? 0 : errors / calls
  edge.p95Ms = p95Ms
}

function worst(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b)
}

function mapMarks(events: readonly JournalEvent[]): MapView['marks'] {
  const byId = new Map(events.map((event) => [event.id, event]))
  return marksOf(events).map((mark) => ({ ...mark, environment: byId.get(mark.event)?.environment ?? null, service: byId.get(mark.event)?.service ?? null }))
}
