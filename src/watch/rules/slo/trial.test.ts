import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sloSpecSchema } from '#contract/alerting.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { MinuteCount } from '#watch/traffic/read.ts'
import { sloTrial } from './trial.ts'

const minute = 60_000
const fromMs = Date.parse('2026-03-01T00:00:00Z')
const span = { fromMs, untilMs: fromMs + 1440 * minute }
const latency = (requests: number) => [...latencyBucketsMs.map((_, nth) => (nth === 0 ? requests : 0)), 0]
const counted = (nth: number, requests: number, errors: number): MinuteCount => ({ app: 'shop', environment: 'production', service: 'web', outside: true, atMs: fromMs + (nth + 1) * minute, requests, errors, latency: latency(requests) })
const at = (minutes: number) => new Date(fromMs + minutes * minute).toISOString()
const spec = sloSpecSchema.parse({ availability: 0.999 })
const day = (errorsAt: (nth: number) => number) => Array.from({ length: 1440 }, (_, nth) => counted(nth, 100, errorsAt(nth)))

describe('an SLO that is tried on the last day', () => {
  test('fires while the budget burns too fast, and says how long all of it would last', () => {
    const { objectives: [one], criticalAt } = sloTrial(spec, day((nth) => (nth >= 600 && nth < 630 ? 20 : 0)), span)
    assert.equal(criticalAt, 14.4)
    assert.deepEqual([one?.total, one?.bad], [144_000, 600])
    // 600 of 144 000 is 4.17 times what may be: 30 days last 7.2
    assert.equal(Math.round((one?.lastsMs ?? 0) / (86_400_000 / 10)), 72)
    assert.deepEqual(one?.fired.map(({ from, severity }) => [from, severity]), [[at(605), 'critical']])
    const over = Date.parse(one?.fired[0]?.to ?? '')
    assert.ok(over > Date.parse(at(630)) && over <= Date.parse(at(690)), one?.fired[0]?.to ?? 'never over')
    assert.match(one?.fired[0]?.because ?? '', /requests failed in 1 h .* burns .* times too fast/)
  })

  test('is silent where little failed, before its windows are full, and where nobody is to be alerted', () => {
    const bad = day((nth) => (nth >= 600 ? 20 : 0))
    const quiet = [[], day(() => 0), bad.slice(0, 590), day((nth) => (nth < 30 ? 50 : 0)), [counted(700, 3, 1)]]
    for (const minutes of quiet) assert.deepEqual(sloTrial(spec, minutes, span).objectives[0]?.fired, [])
    assert.deepEqual(sloTrial(spec, bad, { ...span, sinceMs: span.untilMs - 59 * minute }).objectives[0]?.fired, [], 'the app is too young')
    assert.deepEqual(sloTrial({ ...spec, alerts: false }, bad, span).objectives[0]?.fired, [])
    assert.equal(sloTrial({ ...spec, alerts: false }, bad, span).objectives[0]?.bad, 16_800)
  })

  test('does not depend on the order of minutes, and a softer objective never fires where a harder one is silent', () => {
    const minutes = fc.array(fc.record({ nth: fc.integer({ min: 0, max: 1439 }), errors: fc.integer({ min: 0, max: 100 }) }), { maxLength: 80 }).map((list) => list.map(({ nth, errors }) => counted(nth, 100, errors)))
    fc.assert(
      fc.property(minutes, (list) => {
        const [hard, soft] = [sloTrial(spec, list, span), sloTrial({ ...spec, availability: 0.9 }, list, span)]
        assert.deepEqual(sloTrial(spec, list.toReversed(), span), hard)
        if (hard.objectives[0]?.fired.length === 0) assert.deepEqual(soft.objectives[0]?.fired, [])
        assert.equal(hard.objectives[0]?.total, list.length * 100)
      }),
      { numRuns: 60 },
    )
  })
})
