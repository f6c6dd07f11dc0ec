import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RetryBudget } from './retry-budget.ts'

test('in any ten seconds no more is sent again than the floor and a fifth of the requests', () => {
  const step = fc.record({ afterMs: fc.nat(1_500), requests: fc.nat(400), retries: fc.nat(2_000) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const budget = new RetryBudget()
      const seen: { at: number; requests: number; retries: number }[] = []
      let at = 0
      for (const { afterMs, requests, retries } of steps) {
        at += afterMs
        for (let i = 0; i < requests; i++) budget.request(at)
        let taken = 0
        for (let i = 0; i < retries; i++) if (budget.take(at)) taken++
        seen.push({ at, requests, retries: taken })
        // whole slots count, so a window of nine seconds is surely inside
        const recent = seen.filter((one) => one.at > at - 9_000)
        const total = (of: (one: (typeof seen)[number]) => number) => recent.reduce((sum, one) => sum + of(one), 0)
        const asked = seen.filter((one) => one.at > at - 20_000).reduce((sum, one) => sum + one.requests, 0)
        assert.ok(total((one) => one.retries) <= 1_000 + 0.2 * asked + 1)
      }
    }),
  )
})

test('what was spent comes back after ten seconds', () => {
  const budget = new RetryBudget()
  const spend = (at: number) => {
    let taken = 0
    while (taken < 5_000 && budget.take(at)) taken++
    return taken
  }
  assert.equal(spend(50_000), 1_000)
  assert.equal(spend(55_000), 0)
  assert.equal(spend(60_001), 1_000)
  assert.equal(spend(9_000_000), 1_000)
})
