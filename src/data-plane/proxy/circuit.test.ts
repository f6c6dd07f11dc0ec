import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Circuit, type CircuitEvent, closed, nextCircuit } from './circuit.ts'

const asked: CircuitEvent = { t: 'asked', readyMs: 0 }
const opened = nextCircuit(closed, { t: 'counted', calls: 20, failed: 11 }, 1_000)

test('it opens when most calls failed, and there were enough of them', () => {
  assert.deepEqual(opened, { state: 'open', sinceMs: 1_000, untilMs: 6_000, openings: 1 })
  for (const [calls, failed] of [[19, 19], [20, 10], [1_000, 500]] as const) assert.equal(nextCircuit(closed, { t: 'counted', calls, failed }, 0), closed)
})

test('when its time is over one call tries, and all depends on that', () => {
  assert.equal(nextCircuit(opened, asked, 5_999), opened)
  const trial = nextCircuit(opened, asked, 6_000)
  assert.deepEqual(trial, { state: 'half-open', openings: 1 })
  assert.equal(nextCircuit(trial, asked, 60_000), trial)
  assert.equal(nextCircuit(trial, { t: 'tried', outcome: 'passed' }, 7_000), closed)
  assert.deepEqual(nextCircuit(trial, { t: 'tried', outcome: 'failed' }, 7_000), { state: 'open', sinceMs: 7_000, untilMs: 17_000, openings: 2 })
  const left = nextCircuit(trial, { t: 'tried', outcome: 'unknown' }, 7_000)
  assert.deepEqual(nextCircuit(left, asked, 7_000), trial, 'a trial whose caller left is not one: the next call tries')
})

test('an instance that has become ready since is reason enough for a trial', () => {
  assert.deepEqual(nextCircuit(opened, { t: 'asked', readyMs: 1_001 }, 1_002), { state: 'half-open', openings: 1 })
  assert.equal(nextCircuit(opened, { t: 'asked', readyMs: 999 }, 1_002), opened)
})

test('whatever happens, it opens for 30 s at most, refuses until its time, and only an answered trial closes it', () => {
  const event: fc.Arbitrary<CircuitEvent> = fc.oneof(
    fc.constant(asked),
    fc.record({ t: fc.constant('counted' as const), calls: fc.nat(60), failed: fc.nat(60) }),
    fc.record({ t: fc.constant('tried' as const), outcome: fc.constantFrom('passed' as const, 'failed' as const, 'unknown' as const) }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(20_000)), { maxLength: 60 }), (steps) => {
      let circuit: Circuit = closed
      let now = 1
      for (const [step, afterMs] of steps) {
        now += afterMs
        const next = nextCircuit(circuit, step, now)
        if (next.state === 'open' && next !== circuit) assert.ok(next.untilMs - now <= 30_000 && next.sinceMs === now)
        if (circuit.state === 'open') assert.ok(next === circuit || (next.state === 'half-open' && now >= circuit.untilMs))
        if (circuit.state === 'half-open') assert.ok(next === circuit || step.t === 'tried')
        if (circuit.state !== 'closed' && next.state === 'closed') assert.ok(step.t === 'tried' && step.outcome === 'passed')
        circuit = next
      }
    }),
  )
})
