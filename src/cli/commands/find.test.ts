import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Selection } from '#contract/selecting.ts'
import { startTestApi } from '../test/api.ts'
import { call } from '../test/harness.ts'

const instance = { app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: 'n1', state: 'ready', release: 3 } as const
const selection = (over: Partial<Selection> = {}): Selection => ({ query: 'node:n1', because: null, counts: { machines: 1, apps: 0, services: 0, instances: 2, checks: 0 }, machines: [{ name: 'n1', state: 'connected', tags: ['db'] }], apps: [], services: [], instances: [instance, { ...instance, app: 'blog', environment: 'staging' }], checks: [], ...over })
const nothing = selection({ query: '', because: 'an empty query matches nothing', counts: { machines: 0, apps: 0, services: 0, instances: 0, checks: 0 }, machines: [], instances: [] })

describe('find', () => {
  test('says what matches, counts first', async () => {
    await using api = await startTestApi({ 'selectors.match': () => selection() })
    const { stdout } = await call(['find', 'node:n1', 'or', 'tag:db'], { env: api.env })
    assert.deepEqual(api.asked[0]?.query, { query: 'node:n1 or tag:db' })
    assert.match(stdout, /^node:n1 matches 1 machine, 2 instances\n/)
    assert.match(stdout, /machine {3}n1 +connected {2}db\n/)
    assert.match(stdout, /instance {2}blog \(staging\)\/web\.1 +ready +v3 on n1\n/)
  })
})

describe('restart --where', () => {
  test('shows the instances, and restarts exactly those with --yes', async () => {
    await using api = await startTestApi({ 'selectors.match': () => selection(), 'apps.restart': ({ body }) => ({ instances: [(body as { instance: string }).instance] }) })
    const { stdout, code } = await call(['restart', '--where', 'node:n1', '--yes'], { env: api.env })
    assert.equal(code, 0)
    assert.match(stdout, /shop\/web\.1 {2}on n1, ready\n[^]*restarting 2 instances/)
    assert.deepEqual(api.asked.filter(({ id }) => id === 'apps.restart').map(({ params, query, body }) => [params['app'], query['environment'], body]), [['shop', 'production', { instance: 'web.1' }], ['blog', 'staging', { instance: 'web.1' }]])
  })

  test('restarts nothing unasked, nothing for an empty query, and nothing beside an app', async () => {
    await using api = await startTestApi({ 'selectors.match': () => selection() })
    assert.match((await call(['restart', '--where', 'node:n1'], { env: api.env })).stderr, /node:n1 matches 2 instances: nothing was restarted .*--yes/)
    api.handlers['selectors.match'] = () => nothing
    assert.match((await call(['restart', '--where', '', '--yes'], { env: api.env })).stderr, /nothing was restarted: an empty query matches nothing/)
    api.handlers['selectors.match'] = () => ({ ...nothing, query: 'node:x', because: null })
    assert.match((await call(['restart', '--where', 'node:x', '--yes'], { env: api.env })).stderr, /no instance matches node:x/)
    assert.match((await call(['restart', 'web', '--where', 'node:x', '--yes'], { env: api.env })).stderr, /--where stands alone/)
    assert.equal(api.asked.filter(({ id }) => id === 'apps.restart').length, 0)
  })
})

test('tags are given to a machine and taken from it', async () => {
  const machine = (tags: string[]) => ({ name: 'n1', state: 'connected' as const, driver: 'process', version: '1', os: 'Linux', cpus: 1, memoryBytes: 1, limits: [], lastSeenAt: new Date().toISOString(), instances: 0, tags })
  await using api = await startTestApi({ 'machines.tag': ({ body }) => machine((body as { add: string[] }).add) })
  assert.equal((await call(['machines', 'tag', 'n1', 'db,eu'], { env: api.env })).stdout, 'n1 has the tags db, eu\n')
  assert.equal((await call(['machines', 'untag', 'n1', 'db'], { env: api.env })).stdout, 'n1 has no tag\n')
  assert.deepEqual(api.asked.map(({ body }) => body), [{ add: ['db', 'eu'], remove: [] }, { add: [], remove: ['db'] }])
  assert.match((await call(['machines', 'tag', 'n1', 'DB'], { env: api.env })).stderr, /"DB" is not a tag/)
})
