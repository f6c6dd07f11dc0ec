import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Known, judged } from './judged.ts'

const health = { kind: 'tcp', http: false, intervalMs: 1_000, timeoutMs: 500, failures: 3, startupMs: 10_000 } as const
const starting: Known = { view: { state: 'starting', because: 'it has just been started' }, failures: 0, badSince: 0 }

test('after any probes: ready by the last good one, unhealthy by as many bad ones in a row as it may have, failed only while it has never been ready', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ ok: fc.boolean(), isLast: fc.boolean() }), { maxLength: 20 }), (probes) => {
      let known = starting
      let bad = 0
      let firstBad = 0
      for (const [nth, { ok, isLast }] of probes.entries()) {
        const before = known.view.state
        if (before === 'failed') return
        known = judged(known, { ok, because: ok ? 'it answers' : 'no answer' }, { health, beganAt: nth, isLast })
        bad = ok ? 0 : bad + 1
        if (bad === 1) firstBad = nth
        const { state, badSince } = known.view
        if (ok) assert.equal(state, 'ready')
        else if (before === 'starting') assert.equal(state, isLast ? 'failed' : 'starting')
        else assert.equal(state === 'unhealthy', before === 'unhealthy' || bad >= health.failures)
        if (!ok && state === 'unhealthy' && bad >= health.failures) assert.equal(badSince, firstBad)
      }
    }),
  )
})
