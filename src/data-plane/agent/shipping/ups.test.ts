import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upsOf } from './ups.ts'

const spec = (id: string, name: string, kind: 'service' | 'run' = 'service') => ({ id, kind, app: 'shop', environment: 'production', service: 'web', name })

test('what is meant to run is up when it is ready, and is told of also when nothing of it runs', () => {
  const specs = [spec('a', 'web.1'), spec('b', 'web.2'), spec('c', 'web.3'), spec('d', 'run.1', 'run')]
  const ups = upsOf(specs, [{ id: 'a', state: 'ready' }, { id: 'b', state: 'unhealthy' }, { id: 'gone', state: 'ready' }])
  assert.deepEqual(ups.map(({ name, up }) => [name, up]), [['web.1', true], ['web.2', false], ['web.3', false]])
})

test('of two with one name, one that is ready is enough, in whatever order they stand', () => {
  const specs = [spec('old', 'web.1'), spec('new', 'web.1')]
  for (const order of [specs, specs.toReversed()]) assert.deepEqual(upsOf(order, [{ id: 'old', state: 'ready' }, { id: 'new', state: 'starting' }]).map(({ up }) => up), [true])
})
