import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance } from '#contract/model.ts'
import { appHealth, appUrl, serviceHealth, withNeeds } from './model.ts'

const at = (state: Instance['state'], code: number | null = null) => ({ name: 'web.1', state, because: `it is ${state}`, lastExit: code === null ? null : { code, signal: null, oom: false, at: '' } })

test('the health of a service follows from its instances', () => {
  const cases: [number, ReturnType<typeof at>[], boolean, string][] = [
    [0, [], false, 'stopped'],
    [1, [at('ready')], false, 'healthy'],
    [1, [at('ready')], true, 'working'],
    [2, [at('ready'), at('starting')], false, 'working'],
    [2, [at('ready'), at('backoff')], false, 'degraded'],
    [1, [at('held')], false, 'down'],
    [1, [at('held')], true, 'down'],
    [1, [at('exited', 0)], false, 'healthy'],
    [1, [at('exited', 1)], false, 'down'],
    [1, [], false, 'working'],
  ]
  for (const [wanted, instances, changing, health] of cases) assert.equal(serviceHealth(wanted, instances, changing).health, health, `${wanted} wanted, ${instances.map((instance) => instance.state).join()}`)
})

test('the worst service speaks for the app', () => {
  const service = (name: string, health: 'healthy' | 'down' | 'degraded' | 'stopped') => ({ name, health, because: `${name} is ${health}` })
  const state = { stopped: false, deployed: true }
  assert.deepEqual(appHealth([service('web', 'degraded'), service('db', 'down')], state), { health: 'down', because: 'db: db is down' })
  assert.equal(appHealth([service('web', 'healthy'), service('job', 'stopped')], state).health, 'healthy')
  assert.equal(appHealth([service('web', 'healthy')], { stopped: true, deployed: true }).health, 'stopped')
  assert.equal(appHealth([], { stopped: false, deployed: false }).health, 'empty')
})

test('a service whose need is scaled to zero is not healthy, and says what to do', () => {
  const service = (name: string, wanted: number, needs: string[] = []) => ({ name, health: wanted === 0 ? ('stopped' as const) : ('healthy' as const), because: 'so', wanted, needs })
  const [web] = withNeeds([service('web', 1, ['counter']), service('counter', 0)])
  assert.deepEqual([web?.health, web?.because], ['degraded', 'it needs counter, which is scaled to 0 (nightshift scale counter=1)'])
  assert.equal(withNeeds([service('web', 1, ['counter']), service('counter', 1)])[0]?.health, 'healthy')
  assert.equal(withNeeds([service('web', 0, ['counter']), service('counter', 0)])[0]?.health, 'stopped')
})

test('the address of an app is that of web, whatever domain another of its services has', () => {
  const [counter, web] = [{ name: 'counter', urls: ['http://foo.test'] }, { name: 'web', urls: ['http://duo.localhost'] }]
  assert.equal(appUrl([counter, web]), 'http://duo.localhost')
  assert.equal(appUrl([counter, { ...web, urls: [] }]), 'http://foo.test')
  assert.equal(appUrl([]), null)
})
