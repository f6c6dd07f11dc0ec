import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instance } from '#contract/model.ts'
import { appHealth, serviceHealth } from './model.ts'

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
