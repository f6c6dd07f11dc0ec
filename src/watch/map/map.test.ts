import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEvent, TrafficSeries } from '#contract/model.ts'
import { type MapApp, type MapInputs, type TracedCall, mapView } from './map.ts'

const service = (name: string, needs: string[], urls: string[] = []) => ({ name, needs, urls, health: 'healthy' as const, protocol: name === 'db' ? 'tcp' : 'http', wanted: 1, ready: 1, instances: [] })
const shop: MapApp = { name: 'shop', environment: 'production', release: 3, services: [service('web', ['api', 'elsewhere'], ['http://shop.localhost']), service('api', ['db']), service('db', [])] }
const blog: MapApp = { name: 'blog', environment: 'production', release: 1, services: [service('web', [])] }
const inputs: MapInputs = { at: new Date(0), live: true, missing: [], apps: [shop], traffic: [], traced: [], events: [], alerts: [], machines: [] }

function series(from: string | null, to: string, requestRate: number, errorShare: number, p95Ms: number | null): TrafficSeries {
  return { key: `${from}>${to}`, app: 'shop', environment: 'production', service: to, from, requestRate, errorShare, staleShare: 0, p50Ms: null, p95Ms, p99Ms: p95Ms, points: [] }
}
const place = (app: string, name: string) => ({ app, environment: 'production', service: name })
const call = (from: [string, string], to: [string, string], p95Ms = 9): TracedCall => ({ from: place(...from), to: place(...to), calls: 10, errors: 1, p95Ms })

test('the map has an edge for each need and for what is open to the outside, with or without traffic', () => {
  const { edges } = mapView(inputs)
  assert.deepEqual(edges.map((edge) => [edge.from, edge.to, edge.protocol, edge.requestRate, edge.p95Ms, edge.declared, edge.observed]), [[null, 'web', 'http', 0, null, true, false], ['web', 'api', 'http', 0, null, true, false], ['api', 'db', 'tcp', 0, null, true, false]])
  assert.equal(new Set(edges.map((edge) => edge.id)).size, 3)
})

test('traffic of several routes to a service adds up on its edge, errors weighted by requests; what nobody declared is drawn too', () => {
  const { edges } = mapView({ ...inputs, traffic: [series(null, 'web', 30, 0, 20), series(null, 'web', 10, 0.4, 80), series('web', 'api', 5, 0, 3), series('web', 'db', 7, 1, 1), series('gone', 'db', 1, 0, 1)] })
  const ingress = edges.find((edge) => edge.from === null && edge.to === 'web')
  assert.deepEqual([ingress?.requestRate, ingress?.errorShare, ingress?.p95Ms], [40, 0.1, 80])
  assert.equal(edges.find((edge) => edge.from === 'web')?.requestRate, 5)
  assert.deepEqual(edges.filter((edge) => !edge.declared).map((edge) => [edge.from, edge.to, edge.observed]), [['web', 'db', true]])
})

test('spans draw what neither needs nor traffic know, also from one app to another, and never a rate', () => {
  const { edges } = mapView({ ...inputs, apps: [shop, blog], traffic: [series('web', 'api', 5, 0, 3)], traced: [call(['shop', 'web'], ['shop', 'api']), call(['blog', 'web'], ['shop', 'api']), call(['shop', 'nobody'], ['shop', 'api'])] })
  const own = edges.find((edge) => edge.from === 'web' && edge.to === 'api' && edge.fromApp === null)
  assert.deepEqual([own?.traced, own?.p95Ms, own?.requestRate], [true, 3, 5])
  const foreign = edges.find((edge) => edge.fromApp === 'blog')
  assert.deepEqual([foreign?.app, foreign?.to, foreign?.declared, foreign?.traced, foreign?.requestRate, foreign?.errorShare, foreign?.p95Ms], ['shop', 'api', false, true, 0, 0.1, 9])
  assert.equal(edges.length, 4)
})

test('changes and faults of the time before stand on what they are about', () => {
  const event = (id: number, kind: JournalEvent['kind'], more: Partial<JournalEvent> = {}): JournalEvent => ({ id, at: new Date(id).toISOString(), kind, actor: { kind: 'agent', name: 'm' }, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: null, release: null, cause: null, summary: kind, data: {}, ...more })
  const { marks } = mapView({ ...inputs, events: [event(1, 'config.changed', { service: null, instance: null }), event(2, 'instance.exited'), event(3, 'instance.ready')] })
  assert.deepEqual(marks.map(({ kind, service: of }) => [kind, of]), [['change', null], ['fault', 'web'], ['healed', 'web']])
})
