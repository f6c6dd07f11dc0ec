import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paths } from './paths.ts'

test('production is not written into an address, any other environment is', () => {
  assert.equal(paths.app('shop', 'production', 'releases'), '/apps/shop/releases')
  assert.equal(paths.app('shop', 'staging'), '/apps/shop?env=staging')
})

test('what was typed cannot leave its place in an address', () => {
  assert.equal(paths.app('a/../b?c#d'), '/apps/a%2F..%2Fb%3Fc%23d')
  assert.equal(paths.logs({ q: 'a&b=c#', level: '' }), '/logs?q=a%26b%3Dc%23')
})

test('an open answer and a remediation have addresses of their own', () => {
  assert.equal(paths.why('shop', 'web', 'production'), '/apps/shop?why=web')
  assert.equal(paths.why('shop', 'web', 'staging'), '/apps/shop?env=staging&why=web')
  assert.equal(paths.remediation('rem_1'), '/healing/rem_1')
})
