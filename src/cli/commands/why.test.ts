import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { AppError } from '#base/errors.ts'
import type { Why } from '#contract/healing.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { call } from '../test/harness.ts'
import { aService, ago, anApp } from '../test/samples.ts'

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
const why = (service: string, extra: Partial<Why> = {}): Why => ({
  app: 'shop', environment: 'production', service, health: 'healthy', sentence: `shop/${service} is healthy: 1 of 1 ready.`, waiting: [], tried: [], ends: [], changes: [], instances: [], lines: [], alert: null, pause: null, remediation: null, wayOut: [], ...extra,
})
const ended = { instance: 'web.1', endedAt: ago(60_000), backAt: ago(59_000), backAfterMs: 1000, fromOutside: true, sentence: 'shop/web.1 was ended by SIGKILL, 1 min ago; it was started again, and was in rotation after 1.0 s', knownFrom: 'its exit status, which the agent of m1 read', events: [1] }
beforeEach(() => {
  api.asked = []
  api.handlers = {
    'why.read': ({ params }) => why(String(params['service'])),
    'why.app': ({ params }) => ({ app: String(params['app']), environment: 'production', health: 'healthy', sentence: 'shop is healthy: all instances are ready.', services: [{ name: 'web', health: 'healthy', sentence: why('web').sentence }], worst: why('web', { ends: [ended] }), wayOut: [] }),
    'apps.read': ({ params }) => {
      if (params['app'] === 'nowhere') throw new AppError('not-found', 'there is no app "nowhere"')
      return anApp({ name: String(params['app']), services: [aService(), aService({ name: 'blog' })] })
    },
  }
})

async function ok(argv: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await call(['why', ...argv], { env: { ...api.env, ...env } })
  assert.equal(code, 0, stderr)
  return stdout
}
const chosen = { NIGHTSHIFT_APP: 'shop' }

test('an app alone is told as a whole; its one service says all there is to say', async () => {
  assert.equal(await ok(['shop']), `shop/web is healthy: 1 of 1 ready.\nlast hour  ${ended.sentence} (known from ${ended.knownFrom})\n`)
  assert.match(await ok([], chosen), /^shop\/web is healthy/)
  assert.deepEqual(api.asked.map(({ id, params }) => [id, params]), [['why.app', { app: 'shop' }], ['why.app', { app: 'shop' }]])
})

test('of several services each has a line, and the one that most needs a look stands below', async () => {
  api.handlers['why.app'] = () => ({ app: 'shop', environment: 'production', health: 'down', sentence: 'shop is down: api: held.', services: ['web', 'api'].map((name) => ({ name, health: 'healthy' as const, sentence: `${name}.` })), worst: why('api', { sentence: 'shop/api is down: held.', wayOut: ['nightshift logs -a shop -s api'] }), wayOut: [] })
  assert.equal(await ok(['shop']), 'shop is down: api: held.\n· web.\n· api.\n\nshop/api is down: held.\nnext       nightshift logs -a shop -s api\n')
})

test('a lone word is a service of the chosen app, else an app, and what is neither is asked of the chosen app', async () => {
  await ok(['web'], chosen)
  await ok(['blog'], chosen)
  await ok(['other'], chosen)
  await ok(['nowhere'], chosen)
  await ok(['nowhere/web'])
  assert.deepEqual(api.asked.filter(({ id }) => id.startsWith('why')).map(({ params }) => Object.values(params).join('/')), ['shop/web', 'shop/blog', 'other', 'shop/nowhere', 'nowhere/web'])
})

test('what is no name is refused before anything is asked', async () => {
  for (const name of ['shop/', '/web', 'a/b/c']) assert.equal((await call(['why', name], { env: api.env })).code, 2)
  assert.deepEqual(api.asked, [])
})
