import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkKindSpecs } from '#contract/check-kinds.ts'
import type { CheckResult } from '#contract/checks.ts'
import { until } from '#test/harness/wait.ts'
import { startRunner } from './runner.ts'

test('checks go on within an interval after the clock of the machine was set back by an hour', async () => {
  let aheadMs = 3_600_000
  const results: CheckResult[] = []
  const now = () => new Date(Date.now() + aheadMs)
  const runner = startRunner({ vantage: 'm1', tools: { runPlugin: () => Promise.reject(new Error('not asked for')) }, onResult: (result) => void results.push(result), now })
  try {
    runner.set([{ id: 'chk_a', kind: 'file', config: checkKindSpecs.file.config.parse({ path: '/' }), everyMs: 1000, timeoutMs: 3000, criteria: [], confined: false, known: {}, app: null, environment: null, service: null, plugin: null }])
    await until(() => results.length > 0, { because: 'it has run' })
    aheadMs = 0
    const before = results.length
    await until(() => results.length > before + 1, { because: 'it runs by the clock as it is now' })
    assert.ok(Date.parse(results.at(-1)?.at ?? '') <= Date.now())
  } finally {
    await runner.close()
  }
})
