/** Credentials that end while something they opened goes on. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { endpoints } from '#contract/endpoints.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { type AccessService, openAccess } from '#people/access/service.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createApi } from './server.ts'

const local = { authorization: 'Bearer the-admin-token' }
let now = new Date('2026-03-01T00:00:00Z')
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)
let api: FastifyInstance
let access: AccessService
let database: Awaited<ReturnType<typeof testDatabase>>
let db: Database
let base: string

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  access = openAccess({ db, adminToken: 'the-admin-token', machineToken: 'the-machine-token' })
  const handlers: Handlers = Object.fromEntries(Object.keys(endpoints).map((id) => [id, async () => []]))
  handlers['events.stream'] = async function* (_, { signal }) {
    await once(signal, 'abort')
    yield* []
  }
  api = createApi({ access, handlers, doors: [], upgradeDoors: [], consoleDir: null, version: 'test', log: createLogger({ process: 'test', level: 'silent' }), clock: { now: () => now } })
  await api.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${(api.server.address() as { port: number }).port}`
})

after(async () => {
  await api.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

async function makeToken(input: { apps?: string[]; expiresInDays?: number; scope?: 'admin' | 'deploy' } = {}) {
  const admin = await access.callerOfToken('the-admin-token', now)
  assert.ok(admin)
  const token = await access.createToken(admin, { name: 'x', scope: 'deploy', ...input }, now)
  return { ...token, headers: { authorization: `Bearer ${token.secret}` }, revoke: () => access.revokeToken(admin, token.id, now) }
}

async function sessionOf(secret: string) {
  const response = await fetch(`${base}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: secret }) })
  assert.equal(response.status, 200)
  const [cookie = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split('; ')
  return { headers: { cookie }, maxAge: Number(attributes.find((one) => one.startsWith('Max-Age='))?.slice('Max-Age='.length)) }
}

const statusOf = async (headers: Record<string, string>) => (await fetch(`${base}/v1/apps`, { headers })).status

test('a session that was opened with a token ends when the token is revoked', async () => {
  const token = await makeToken()
  const session = await sessionOf(token.secret)
  const other = await sessionOf('the-admin-token')
  assert.equal(await statusOf(session.headers), 200)
  await token.revoke()
  assert.equal(await statusOf(session.headers), 401)
  assert.equal(await statusOf(other.headers), 200)
})

test('a session that was opened with a token lives no longer than the token, however often it is used', async () => {
  const token = await makeToken({ expiresInDays: 2 })
  const session = await sessionOf(token.secret)
  assert.equal(session.maxAge, 2 * 86_400)
  const before = now
  now = inDays(1)
  assert.equal(await statusOf(session.headers), 200)
  now = inDays(1.5)
  assert.equal(await statusOf(session.headers), 401)
  now = before
})

test('a stream ends, and says why, soon after its token is revoked or has expired', async () => {
  for (const end of ['revoked', 'expired']) {
    const token = await makeToken({ expiresInDays: 1 })
    const response = await fetch(`${base}/v1/events/stream`, { headers: token.headers })
    assert.equal(response.status, 200)
    const text = response.text()
    if (end === 'revoked') await token.revoke()
    else now = inDays(2)
    assert.match(await text, /event: problem\ndata: .*"code":"unauthenticated"/, end)
  }
})

test('a stream of a session ends with the token of the session', async () => {
  const token = await makeToken()
  const session = await sessionOf(token.secret)
  const response = await fetch(`${base}/v1/events/stream`, { headers: session.headers })
  await token.revoke()
  assert.match(await response.text(), /event: problem/)
})

test('an admin token that is limited to some apps makes, lists and ends no credentials', async () => {
  const { headers } = await makeToken({ scope: 'admin', apps: ['aa'] })
  const json = { 'content-type': 'application/json' }
  const calls: [string, RequestInit][] = [
    ['/v1/tokens', { headers }],
    ['/v1/tokens', { method: 'POST', headers: { ...headers, ...json }, body: '{"name":"esc","scope":"admin"}' }],
    ['/v1/tokens/tok_1', { method: 'DELETE', headers }],
    ['/v1/login-links', { method: 'POST', headers: { ...headers, ...json }, body: '{"name":"x"}' }],
  ]
  for (const [path, init] of calls) {
    const response = await fetch(base + path, init)
    const problem = (await response.json()) as { detail: string }
    assert.equal(response.status, 403, path)
    assert.match(problem.detail, /limited to aa \(use an admin token for all apps/)
  }
  assert.equal((await fetch(`${base}/v1/tokens`, { headers: local })).status, 200)
})
