import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleOf } from './rule-target.ts'

test('the target of an alert names its rule and series', () => {
  assert.deepEqual(ruleOf('rule:http-errors:app=shop,service=web'), { rule: 'http-errors', series: 'app=shop,service=web' })
  assert.deepEqual(ruleOf('rule:no-heartbeat:'), { rule: 'no-heartbeat', series: '' })
  assert.equal(ruleOf('rule:slo:shop/production/*:availability:page'), null)
  assert.equal(ruleOf('check:chk_1'), null)
  assert.equal(ruleOf('shop/production/web'), null)
})
