import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppDetail, TrafficSeries } from '#contract/model.ts'
import { mapView } from './map.ts'

const service = (name: string, needs: string[], urls: string[] = []) => ({ name, needs, urls, health: 'healthy', protocol: name === 'db' ? 'tcp' : 'http', wanted: 1, ready: 1, instances: [] })
const shop = { name: 'shop', environment: 'production', services: [service('web', ['api', 'elsewhere'], ['http://shop.localhost']), service('api', ['db']), service('db', [])] } as unknown as AppDetail

function series(from: string | null, to: string, requestRate: number, errorShare: number, p99Ms: number | null): TrafficSeries {
  return { key: `${from}>${to}`, app: 'shop', environment: 'production', service: to, from, requestRate, errorShare, staleShare: 0, p50Ms: null, p99Ms, points: [] }
}

test('the map has an edge for each need and for what is open to the outside, with or without traffic', () => {
  const { edges } = mapView([shop], [], [])
  assert.deepEqual(edges.map((edge) => [edge.from, edge.to, edge.protocol, edge.requestRate, edge.p99Ms]), [[null, 'web', 'http', 0, null], ['web', 'api', 'http', 0, null], ['api', 'db', 'tcp', 0, null]])
  assert.equal(new Set(edges.map((edge) => edge.id)).size, 3)
})

test('traffic of several routes to a service adds up on its edge, errors weighted by requests', () => {
  const { edges } = mapView([shop], [series(null, 'web', 30, 0, 20), series(null, 'web', 10, 0.4, 80), series('web', 'api', 5, 0, 3), series(null, 'api', 7, 1, 1)], [])
  const ingress = edges.find((edge) => edge.from === null && edge.to === 'web')
  assert.deepEqual([ingress?.requestRate, ingress?.errorShare, ingress?.p99Ms], [40, 0.1, 80])
  assert.equal(edges.find((edge) => edge.from === 'web')?.requestRate, 5)
})
