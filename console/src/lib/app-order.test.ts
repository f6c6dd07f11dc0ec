import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byNeed, isCalm } from './app-order.ts'

test('what is sick stands first, the rest by name; each row keeps its place', () => {
  const app = (name: string, health: 'down' | 'degraded' | 'working' | 'healthy' | 'stopped', environment = 'production') => ({ name, environment, health })
  const apps = [app('b', 'healthy'), app('d', 'stopped'), app('z', 'down'), app('a', 'healthy'), app('c', 'working'), app('a', 'healthy', 'dev'), app('y', 'degraded')]
  const said = (list: typeof apps) => byNeed(list).map(({ name, environment }) => `${name}${environment === 'dev' ? ' dev' : ''}`)
  assert.deepEqual(said(apps), ['z', 'y', 'c', 'a dev', 'a', 'b', 'd'])
  assert.deepEqual(said(apps.toReversed()), said(apps))
  assert.deepEqual(byNeed(apps).filter((one) => !isCalm(one)).length, 3)
})
