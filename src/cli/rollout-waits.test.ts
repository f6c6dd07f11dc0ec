import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitsOf } from './rollout-waits.ts'
import { aService, anInstance } from './test/samples.ts'

test('a rollout waits for the instances of its own release that are not ready', () => {
  const taken = 'port 7911 can\'t be had: another program listens there'
  const instances = [anInstance({ release: 11 }), anInstance({ name: 'web.2', release: 11, state: 'unhealthy' }), anInstance({ name: 'web.3', state: 'waiting', because: taken }), anInstance({ name: 'web.4' })]
  assert.deepEqual(waitsOf({ services: [aService({ instances })] }, 12), [{ name: 'web.3', because: taken }])
})
