import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('each wait is twice the one before, up to the longest, however often it has failed', () => {
  assert.deepEqual([0, 1, 2, 4, 5, 60, 5_000].map((tries) => backoffMs(10_000, 300_000, tries)), [10_000, 20_000, 40_000, 160_000, 300_000, 300_000, 300_000])
})
