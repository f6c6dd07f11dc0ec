import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declaredPlace, ruleOf } from './rule-target.ts'

test('the target of an alert names its rule and series', () => {
  assert.deepEqual(ruleOf('rule:http-errors:app=shop,service=web'), { rule: 'http-errors', series: 'app=shop,service=web' })
  assert.deepEqual(ruleOf('rule:no-heartbeat:'), { rule: 'no-heartbeat', series: '' })
  assert.deepEqual(ruleOf('rule:shop.staging.queue:app=shop,environment=staging'), { rule: 'shop.staging.queue', series: 'app=shop,environment=staging' })
  assert.equal(ruleOf('rule:slo:shop/production/*:availability:page'), null)
  assert.equal(ruleOf('check:chk_1'), null)
  assert.equal(ruleOf('shop/production/web'), null)
})

test('the id of a rule of a manifest tells where it stands', () => {
  assert.deepEqual(declaredPlace('shop.queue'), { app: 'shop', environment: 'production', name: 'queue' })
  assert.deepEqual(declaredPlace('shop.staging.queue'), { app: 'shop', environment: 'staging', name: 'queue' })
})
