import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter } from './counter.ts'

test('a release is not slow because callers were parked until it was there; the route is, as they saw it', () => {
  const counter = new Counter({ key: 'route:a', app: 'a', environment: 'production', service: 'web', from: null }, () => {})
  counter.request('answered', 200, 20_003, 1, 1, 2, 20_000)
  counter.request('answered', 200, 3, 1, 1, 2)
  const count = counter.take()
  assert.ok(count !== null)
  const filled = (latency: readonly number[]) => latency.filter((many) => many > 0)
  assert.deepEqual(filled(count.latency), [1, 1])
  assert.deepEqual(filled(count.releases[0]?.latency ?? []), [2])
})

test('what an instance was asked when it had just become ready is told apart', () => {
  const counter = new Counter({ key: 'route:a', app: 'a', environment: 'production', service: 'web', from: null }, () => {})
  counter.request('answered', 500, 3, 1, 1, 2, 0, true)
  counter.request('answered', 200, 3, 1, 1, 2, 0, true)
  counter.request('answered', 503, 3, 1, 1, 2)
  const [release] = counter.take()?.releases ?? []
  assert.deepEqual([release?.requests, release?.errors, release?.warming], [3, 2, { requests: 2, errors: 1 }])
  assert.equal(counter.take(), null)
})
