import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '#contract/healing.ts'
import type { Tonight } from '#contract/model.ts'
import { namesItself, needsOf } from './needs-person.ts'

const alert = (id: string, service: string, more: Partial<Alert> = {}): Alert => ({ id, target: `shop/production/${service}`, app: 'shop', environment: 'production', service, machine: null, severity: 'critical', title: `shop/${service} is down`, because: 'it crashes', wayOut: 'look', remediation: 'rem_1', raisedAt: '2026-03-29T01:00:00Z', clearedAt: null, ...more })
const listed = (service: string, more = {}): Tonight['needsPerson'][number] => ({ app: 'shop', environment: 'production', service, what: 'no instance is ready', since: '2026-03-29T02:00:00Z', wayOut: 'look', alert: null, ...more })

test('a service that has an alert is not listed a second time, in the same environment', () => {
  const needs = needsOf([listed('web'), listed('api'), listed('web', { environment: 'staging' })], [alert('alt_1', 'web')])
  assert.deepEqual(needs.map(({ place, title }) => [place.name, place.environment, title]), [
    ['shop/api', null, 'no instance is ready'],
    ['shop/web', 'staging', 'no instance is ready'],
    ['shop/web', null, 'shop/web is down'],
  ])
})

test('an alert of no app is one entry, and hides no other', () => {
  const open = alert('alt_1', 'x', { target: 'check:chk_1', app: null, environment: null, service: null, title: 'front is down' })
  const nowhere = { app: '', environment: '', service: null }
  assert.deepEqual(needsOf([listed('x', { ...nowhere, what: 'front is down', alert: 'alt_1' }), listed('x', { ...nowhere, what: 'the machine lynx has not been heard of' })], [open]).map(({ title }) => title), ['the machine lynx has not been heard of', 'front is down'])
})

test('what is of no app leads to no page of an app', () => {
  assert.deepEqual(needsOf([listed('x', { app: '', environment: '', service: null })], []).map(({ place }) => place.href), ['/machines'])
})

test('what is critical stands before a warning, then the newest first; what was cleared is not there', () => {
  const warning = alert('alt_w', 'worker', { severity: 'warning', raisedAt: '2026-03-29T03:00:00Z' })
  const machine = alert('alt_m', 'x', { target: 'machine:lynx', app: null, environment: null, service: null, machine: 'lynx', raisedAt: '2026-03-29T02:30:00Z' })
  const cleared = alert('alt_c', 'db', { clearedAt: '2026-03-29T03:00:00Z' })
  assert.deepEqual(needsOf([listed('api')], [warning, cleared, machine]).map(({ place }) => place.name), ['lynx', 'shop/api', 'shop/worker'])
})

test('two alerts of one service are one entry: the graver one, and what else is said', () => {
  const needs = needsOf([], [alert('alt_1', 'web', { severity: 'warning', title: 'shop/web is slow' }), alert('alt_2', 'api'), alert('alt_3', 'web', { remediation: null })])
  assert.deepEqual(needs.map(({ key, also, remediation }) => [key, also, remediation]), [['alt_2', [], 'rem_1'], ['alt_3', ['shop/web is slow'], 'rem_1']])
})

test('nothing is said twice in one entry', () => {
  const [need] = needsOf([], [alert('alt_1', 'web', { because: 'shop/web is down' })])
  assert.ok(need)
  assert.equal(need.because, null)
  assert.equal(namesItself(need), true)
  assert.equal(namesItself({ ...need, title: 'no instance is ready' }), false)
})
