import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits } from './limits.ts'
import { RetryBudget } from './retry-budget.ts'

const spent = (budget: RetryBudget, nowMs: number) => {
  let count = 0
  while (budget.spend(nowMs)) count++
  return count
}

test('a quiet service may send as many again as may wait, and no more until the window has moved on', () => {
  const budget = new RetryBudget(defaultLimits)
  assert.equal(spent(budget, 5_000), defaultLimits.parkedPerService)
  assert.equal(spent(budget, 13_999), 0)
  assert.equal(spent(budget, 15_000), defaultLimits.parkedPerService)
})

test('a busy one may send a share of its requests again', () => {
  const budget = new RetryBudget({ retryShare: 0.2, retryFloor: 3 })
  for (let n = 0; n < 100; n++) budget.earn(1_000 + n)
  assert.equal(spent(budget, 2_000), 23)
  assert.equal(spent(budget, 11_999), 0)
  assert.equal(spent(budget, 12_000), 3, 'requests and retries of 10 s ago are forgotten')
})
