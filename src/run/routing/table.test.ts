import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import type { DomainRow, EdgeRow } from './model.ts'
import { type RoutedEnvironment, routeTable } from './table.ts'

function env(services: Record<string, object>, extra: Partial<RoutedEnvironment> = {}): RoutedEnvironment {
  const manifest: Manifest = manifestSchema.parse({ services })
  const names = Object.keys(services)
  return { app: 'shop', environment: 'production', createdAt: new Date(0), manifest, split: null, instances: Object.fromEntries(names.map((name) => [name, [`ins_${name}`]])), wanted: Object.fromEntries(names.map((name) => [name, 1])), ...extra }
}

function domain(host: string, extra: Partial<DomainRow> = {}): DomainRow {
  return { host, path: '/', app: 'shop', environment: 'production', service: 'web', certificate_pem: null, sealed_key: null, created_at: new Date(0), ...extra }
}

const inputs = { domains: [] as DomainRow[], edges: [] as EdgeRow[], edgeHosts: ['127.0.0.1'], certificates: [] }
const places = (table: ReturnType<typeof routeTable>) => table.routes.map((route) => `${route.host}${route.path} ${route.service}`)

test('web is served under the app name, other services only when asked', () => {
  const table = routeTable({ ...inputs, environments: [env({ web: {}, api: {}, worker: { port: false } })] })
  assert.deepEqual(places(table), ['shop.localhost/ shop/production/web'])
})

test('another environment has a host of its own', () => {
  assert.deepEqual(places(routeTable({ ...inputs, environments: [env({ web: {} }, { environment: 'staging' })] })), ['shop-staging.localhost/ shop/staging/web'])
})

test('a single service is served whatever its name, unless it speaks no HTTP', () => {
  assert.deepEqual(places(routeTable({ ...inputs, environments: [env({ registry: {} })] })), ['shop.localhost/ shop/production/registry'])
  assert.deepEqual(places(routeTable({ ...inputs, environments: [env({ cache: { protocol: 'redis' } })] })), [])
  assert.deepEqual(places(routeTable({ ...inputs, environments: [env({ web: { public: false } })] })), [])
})

test('a public service with a path shares the host, one without gets its own', () => {
  const table = routeTable({ ...inputs, environments: [env({ web: {}, api: { public: true, path: '/api' }, admin: { public: true } })] })
  assert.deepEqual(places(table).sort(), ['admin.shop.localhost/ shop/production/admin', 'shop.localhost/ shop/production/web', 'shop.localhost/api shop/production/api'])
})

test('a service has the time-out that its manifest names, else none', () => {
  const { services } = routeTable({ ...inputs, environments: [env({ web: { timeout: '1.5s' }, api: {} })] })
  assert.deepEqual([services['shop/production/web']?.timeoutMs, services['shop/production/api']?.timeoutMs], [1_500, null])
})

test('copies of answers are kept where the manifest asks for it', () => {
  const { services } = routeTable({ ...inputs, environments: [env({ web: { cache: { stale_if_error: '10m' } }, api: {} })] })
  assert.deepEqual([services['shop/production/web']?.staleIfErrorMs, services['shop/production/api']?.staleIfErrorMs], [600_000, null])
})

test('an operator\'s domain wins over the same one in a manifest', () => {
  const table = routeTable({ ...inputs, environments: [env({ web: { domains: ['shop.example.com'] }, api: {} })], domains: [domain('shop.example.com', { service: 'api' })] })
  assert.deepEqual(places(table), ['shop.example.com/ shop/production/api', 'shop.localhost/ shop/production/web'])
})

test('an app cannot take the place of another by its manifest, whatever it is called', () => {
  const thief = env({ web: { domains: ['shop.localhost', 'shop.example.com', 'old.example.com'] } }, { app: 'aaa', createdAt: new Date(1) })
  const shop = env({ web: { domains: ['old.example.com'] } })
  const table = routeTable({ ...inputs, environments: [thief, shop], domains: [domain('shop.example.com')] })
  assert.deepEqual(places(table), ['aaa.localhost/ aaa/production/web', 'old.example.com/ shop/production/web', 'shop.example.com/ shop/production/web', 'shop.localhost/ shop/production/web'])
})

test('of two environments with one manifest the older serves its domain', () => {
  const services = { web: { domains: ['shop.example.com'] } }
  const table = routeTable({ ...inputs, environments: [env(services, { environment: 'dev', createdAt: new Date(1) }), env(services)] })
  assert.ok(places(table).includes('shop.example.com/ shop/production/web'))
})

test('a domain of a service that is gone leads nowhere', () => {
  assert.deepEqual(places(routeTable({ ...inputs, environments: [env({ web: {} })], domains: [domain('old.example.com', { service: 'old' })] })), ['shop.localhost/ shop/production/web'])
})

test('an edge listens only while its caller needs it', () => {
  const row: EdgeRow = { app: 'shop', environment: 'production', from_service: 'web', to_service: 'db', port: 30_001 }
  const needed = routeTable({ ...inputs, environments: [env({ web: { needs: { db: 'healthy' } }, db: { protocol: 'postgres' } })], edges: [row], edgeHosts: ['127.0.0.1', '172.17.0.1'] })
  assert.deepEqual(needed.edges.map(({ id, protocol, listen }) => ({ id, protocol, listen })), [{ id: 'shop/production/web>db', protocol: 'tcp', listen: [{ host: '127.0.0.1', port: 30_001 }, { host: '172.17.0.1', port: 30_001 }] }])
  assert.deepEqual(routeTable({ ...inputs, environments: [env({ web: {}, db: {} })], edges: [row] }).edges, [])
})

test('a service that is stopped is known but not expected, so nobody waits for it', () => {
  const table = routeTable({ ...inputs, environments: [env({ web: {} }, { instances: {}, wanted: { web: 0 } })] })
  assert.deepEqual(table.services['shop/production/web'], { app: 'shop', environment: 'production', service: 'web', protocol: 'http', instances: [], expected: false, timeoutMs: null, staleIfErrorMs: null, split: null })
})

test('property: no two routes share a place, and the order of inputs changes nothing', () => {
  const name = fc.constantFrom('web', 'api', 'admin')
  const host = fc.constantFrom('a.example.com', 'b.example.com', '*.example.com')
  fc.assert(
    fc.property(fc.uniqueArray(fc.record({ app: fc.constantFrom('one', 'two'), environment: fc.constantFrom('production', 'staging') }), { selector: (place) => `${place.app}/${place.environment}` }), fc.array(fc.record({ host, service: name, app: fc.constantFrom('one', 'two') })), (places, domains) => {
      const environments = places.map((place) => env({ web: { domains: ['a.example.com'] }, api: { public: true } }, place))
      const rows = [...new Map(domains.map((row) => [row.host, domain(row.host, row)])).values()]
      const table = routeTable({ ...inputs, environments, domains: rows })
      const keys = table.routes.map((route) => route.id)
      assert.equal(new Set(keys).size, keys.length)
      assert.deepEqual(routeTable({ ...inputs, environments: environments.toReversed(), domains: rows }), table)
    }),
  )
})
