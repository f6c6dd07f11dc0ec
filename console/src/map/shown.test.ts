import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MapView } from '#contract/model.ts'
import { shownOf } from './shown.ts'

function mapOf(apps: number, each: number): MapView {
  const names = Array.from({ length: apps }, (_, nth) => `app${nth}`)
  const place = (app: string) => ({ app, environment: 'production' })
  const edge = (app: string, from: string | null, to: string, more: object = {}) => ({ id: `${app}/${from}>${to}`, ...place(app), fromApp: null, fromEnvironment: null, from, to, protocol: 'http', declared: true, observed: true, traced: false, requestRate: 2, errorShare: 0.5, p95Ms: 3, p99Ms: 4, ...more })
  return {
    at: '', live: true, missing: [], marks: [], alerts: [], machines: [],
    services: names.flatMap((app) => Array.from({ length: each }, (_, nth) => ({ ...place(app), service: `s${nth}`, health: app === 'app1' && nth === 1 ? ('down' as const) : ('healthy' as const), protocol: 'http', release: 1, wanted: 1, ready: 1, instances: [] }))),
    edges: names.flatMap((app) => [edge(app, null, 's0'), edge(app, null, 's1'), ...Array.from({ length: each - 1 }, (_, nth) => edge(app, `s${nth}`, `s${nth + 1}`))]).concat(names.length > 1 ? [edge('app0', 's2', 's0', { id: 'foreign', fromApp: 'app1', fromEnvironment: 'production' })] : []),
  }
}

test('a small map is drawn whole; in a large one apps are one box each, worst health first, and what is inside them is not drawn', () => {
  assert.equal(shownOf(mapOf(3, 4), {}).map.services.length, 12)
  const { map, foldable } = shownOf(mapOf(30, 10), {})
  assert.deepEqual([foldable, map.services.length, map.services[1]?.health], [true, 30, 'down'])
  assert.deepEqual([map.services[1]?.ready, map.services[1]?.wanted], [9, 10])
  assert.deepEqual(map.edges.filter((edge) => edge.app === 'app0').map((edge) => [edge.fromApp, edge.from, edge.to, edge.requestRate, edge.errorShare]), [[null, null, ':all', 4, 0.5], ['app1', ':all', ':all', 2, 0.5]])
})

test('an app that is opened, or holds what is chosen, is drawn with its services', () => {
  const services = (by: object) => shownOf(mapOf(30, 10), by).map.services
  assert.equal(services({ open: 'app3/production' }).length, 39)
  assert.equal(services({ select: 'app4/production/s2' }).filter((one) => one.app === 'app4').length, 10)
  assert.ok(shownOf(mapOf(30, 10), { open: 'app1/production' }).map.edges.some((edge) => edge.fromApp === 'app1' && edge.from === 's2' && edge.to === ':all'))
})

test('a filter leaves what it fits, by name, app or health; the neighbourhood one step each way', () => {
  const ids = (by: object) => shownOf(mapOf(30, 10), by).map.services.map((one) => `${one.app}/${one.service}`)
  assert.deepEqual(ids({ q: 'down' }), ['app1/s1'])
  assert.equal(ids({ q: 'app7' }).length, 10)
  assert.deepEqual(ids({ near: 'app1/production/s2' }), ['app0/s0', 'app1/s1', 'app1/s2', 'app1/s3'])
  assert.deepEqual(ids({ q: 'nothing' }), [])
})
