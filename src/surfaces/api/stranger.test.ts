import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { systemClock } from '#base/clock.ts'
import { type EndpointSpec, endpoints } from '#contract/endpoints.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { type AccessService, openAccess } from '#people/access/service.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createApi } from './server.ts'

const table = Object.entries(endpoints) as [string, EndpointSpec][]
const reached: string[] = []
let api: FastifyInstance
let access: AccessService
let database: Awaited<ReturnType<typeof testDatabase>>
let db: Database
let base: string

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  access = openAccess({ db, adminToken: 'the-admin-token', machineToken: 'the-machine-token' })
  // every handler tells that it was reached: a stranger must never see that
  const handlers = Object.fromEntries(table.map(([id]) => [id, () => { reached.push(id); throw new Error(`reached ${id}`) }])) as unknown as Handlers
  api = createApi({ access, handlers, doors: [], upgradeDoors: [], consoleDir: null, version: 'test', log: createLogger({ process: 'test', level: 'silent' }) })
  await api.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${(api.server.address() as { port: number }).port}`
})

after(async () => {
  await api.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

const sample: Record<string, string> = { app: 'shop', build: 'bld_1', id: 'tok_1', host: 'shop.example.com' }
const urlOf = (spec: EndpointSpec) => base + spec.path.replace(/\{(\w+)\}/g, (_, name: string) => sample[name] as string)

function call(spec: EndpointSpec, headers: Record<string, string> = {}): Promise<Response> {
  const body = spec.method === 'GET' || spec.method === 'DELETE' ? null : '{}'
  return fetch(urlOf(spec), { method: spec.method, headers: { ...(body ? { 'content-type': spec.upload ?? 'application/json' } : {}), ...headers }, body })
}

async function expectRefused(spec: EndpointSpec, headers: Record<string, string>, status: number): Promise<void> {
  reached.length = 0
  const response = await call(spec, headers)
  const text = await response.text()
  assert.equal(response.status, status, `${spec.method} ${spec.path}: ${text}`)
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.deepEqual(reached, [], `${spec.path} reached its handler`)
}

const guarded = table.filter(([, spec]) => spec.access !== 'public')

test('a stranger gets nothing at any endpoint', async () => {
  assert.ok(guarded.length > 35)
  for (const [, spec] of guarded) await expectRefused(spec, {}, 401)
})

test('credentials that are wrong in any way open nothing', async () => {
  const bad = ['Bearer x', 'Bearer the-machine-token', 'Basic dGhlLWFkbWluLXRva2Vu', 'Bearer', `Bearer ${'a'.repeat(300)}`]
  for (const [, spec] of guarded) for (const authorization of bad) await expectRefused(spec, { authorization }, 401)
  for (const [, spec] of guarded) await expectRefused(spec, { cookie: 'nightshift_session=guess', 'x-nightshift-client': 'console' }, 401)
})

test('public endpoints are just the two that must be', () => {
  assert.deepEqual(table.filter(([, spec]) => spec.access === 'public').map(([id]) => id), ['system.health', 'login.redeem'])
})

test('a credential opens what its scope allows and nothing above', async () => {
  const admin = await access.callerOfToken('the-admin-token', systemClock.now())
  assert.ok(admin)
  const order = ['read', 'deploy', 'admin'] as const
  for (const scope of order) {
    const { secret } = await access.createToken(admin, { name: scope, scope }, systemClock.now())
    for (const [id, spec] of guarded) {
      if (id === 'login.logout') continue
      const allowed = order.indexOf(scope) >= order.indexOf(spec.access as 'read')
      if (!allowed) await expectRefused(spec, { authorization: `Bearer ${secret}` }, 403)
      else {
        const response = await call(spec, { authorization: `Bearer ${secret}` })
        assert.ok(response.status === 500 || response.status === 400, `${id} as ${scope}: ${response.status}`) // reached, or its input was refused
        await response.arrayBuffer()
      }
    }
  }
})

test('a token that is limited to one app does not see that others exist', async () => {
  const admin = await access.callerOfToken('the-admin-token', systemClock.now())
  assert.ok(admin)
  const { secret, id } = await access.createToken(admin, { name: 'other', scope: 'admin', apps: ['other'] }, systemClock.now())
  for (const [, spec] of guarded) if (spec.path.includes('{app}') && spec.method === 'GET') await expectRefused(spec, { authorization: `Bearer ${secret}` }, 404)
  await access.revokeToken(admin, id, systemClock.now())
  await expectRefused(endpoints['apps.list'], { authorization: `Bearer ${secret}` }, 401)
})

test('a login link works once, its session needs the console header for changes and its own origin', async () => {
  const admin = await access.callerOfToken('the-admin-token', systemClock.now())
  assert.ok(admin)
  const { code } = await access.createLoginLink(admin, 'ada', systemClock.now())
  const redeem = () => fetch(`${base}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) })
  const first = await redeem()
  assert.equal(first.status, 200)
  const setCookie = first.headers.get('set-cookie') ?? ''
  for (const attribute of ['HttpOnly', 'SameSite=Strict', 'Path=/']) assert.ok(setCookie.includes(attribute), setCookie)
  const cookie = setCookie.split(';')[0] as string
  assert.equal((await redeem()).status, 401)
  await expectRefused(endpoints['tokens.create'], { cookie }, 403)
  await expectRefused(endpoints['apps.list'], { cookie, origin: 'https://evil.example' }, 403)
  assert.equal((await call(endpoints['apps.list'], { cookie })).status, 500)
  const out = await fetch(`${base}/v1/logout`, { method: 'POST', headers: { cookie, 'x-nightshift-client': 'console' } })
  assert.equal(out.status, 200)
  await expectRefused(endpoints['apps.list'], { cookie }, 401)
})

test('guessing login codes is slowed down', async () => {
  const guess = () => fetch(`${base}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"code":"guess"}' })
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push((await guess()).status)
  assert.ok(statuses.includes(429), statuses.join(' '))
})

test('what does not exist is told apart from what may not be seen only after sign-in', async () => {
  assert.equal((await fetch(`${base}/v1/nothing`)).status, 401)
  assert.equal((await fetch(`${base}/internal/logs`, { method: 'POST' })).status, 401)
  assert.equal((await fetch(`${base}/v1/nothing`, { headers: { authorization: 'Bearer the-admin-token' } })).status, 404)
  assert.equal((await fetch(`${base}/v1/openapi.json`)).status, 401)
  const described = (await (await fetch(`${base}/v1/openapi.json`, { headers: { authorization: 'Bearer the-admin-token' } })).json()) as { paths: Record<string, object> }
  assert.equal(Object.values(described.paths).flatMap((entry) => Object.keys(entry)).length, table.length)
})

test('an address that is no address is a problem like any other, and a stranger is told only to sign in', async () => {
  for (const path of ['/v1/apps/%ff', `/v1/apps/${'a'.repeat(5000)}`]) {
    for (const [headers, status] of [[{}, 401], [{ authorization: 'Bearer the-admin-token' }, 400]] as const) {
      const response = await fetch(base + path, { headers })
      assert.equal(response.status, status, path.slice(0, 20))
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.equal(((await response.json()) as { code: string }).code, status === 401 ? 'unauthenticated' : 'invalid')
    }
  }
})

test('bad identifiers are refused with the field and the rule', async () => {
  const bad = ['Shop', '../etc', 'a%00b', 'x'.repeat(60), '-shop', 'shop%2f..%2fx', "shop';drop table apps"]
  for (const name of bad) {
    const response = await fetch(`${base}/v1/apps/${name.includes('%') ? name : encodeURIComponent(name)}`, { headers: { authorization: 'Bearer the-admin-token' } })
    const problem = (await response.json()) as { code: string; detail: string }
    assert.equal(response.status, 400, `${name}: ${JSON.stringify(problem)}`)
    assert.match(problem.detail, /^app: must start with a letter/)
  }
})
