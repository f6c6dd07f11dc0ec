import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Remediation } from '#contract/healing.ts'
import { inOrder, nowOf, placeOf, titleOf } from './remediation-words.ts'

const place = { target: 'shop/production/web', app: 'shop', environment: 'production', service: 'web', machine: 'heron' }
const one = (id: string, state: Remediation['state'], openedAt: string) => ({ id, state, openedAt }) as Remediation

test('a service is named with its app, and with its environment where that is not production', () => {
  assert.deepEqual(placeOf(place), { name: 'shop/web', environment: null, href: '/apps/shop', isMachine: false })
  assert.deepEqual(placeOf({ ...place, environment: 'staging' }), { name: 'shop/web', environment: 'staging', href: '/apps/shop?env=staging', isMachine: false })
})

test('a machine is named by its own name, whether or not it is told apart from its target', () => {
  const machine = { target: 'machine:lynx', app: null, environment: null, service: null }
  assert.equal(placeOf({ ...machine, machine: 'lynx' }).name, 'lynx')
  assert.deepEqual(placeOf({ ...machine, machine: null }), { name: 'lynx', environment: null, href: '/machines', isMachine: true })
})

test('a check of no app leads to itself', () => {
  assert.deepEqual(placeOf({ target: 'check:chk_1', app: null, environment: null, service: null, machine: null }), { name: 'check', environment: null, href: '/checks/chk_1', isMachine: false })
})

test('what has ended is told as past', () => {
  const signal = { kind: 'down', because: '', since: '' } as const
  assert.equal(titleOf({ ...place, signal, endedAt: null }), 'shop/web is down')
  assert.equal(titleOf({ ...place, signal, endedAt: '2026-03-29T01:00:00Z' }), 'shop/web was down')
})

test('what is waited for names the next action, and what waits for a person asks', () => {
  assert.deepEqual(nowOf({ state: 'waiting', next: 'restart', because: 'a rollout is under way' }), { word: 'Waits', because: 'a rollout is under way (next: restart)' })
  assert.deepEqual(nowOf({ state: 'waiting', next: 'wait', because: 'shop/db is down' }), { word: 'Waits', because: 'shop/db is down' })
  assert.equal(nowOf({ state: 'suggested', next: 'revert', because: '' }).word, 'Revert, if approved')
  assert.equal(nowOf({ state: 'suggested', next: null, because: '' }).word, 'Waits for approval')
})

test('what waits for a person stands first, then the newest', () => {
  const list = [one('a', 'waiting', '3'), one('b', 'verifying', '1'), one('c', 'suggested', '0'), one('d', 'verifying', '2')]
  assert.deepEqual(inOrder(list).map(({ id }) => id), ['c', 'd', 'b', 'a'])
})
