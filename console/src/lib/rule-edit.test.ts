import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type RuleSpec, comparators, ruleSpecSchema } from '#contract/alerting.ts'
import { metricFns } from '#contract/metrics.ts'
import { changed, emptyRule, measureFrom, specOf, textOf, watchedOf } from './rule-edit.ts'

const names = [
  { name: 'queue_length', kind: 'gauge' as const, series: 4, labels: ['app', 'service'] },
  { name: 'requests_total', kind: 'delta' as const, series: 4, labels: ['app', 'class'] },
  { name: 'took_seconds_bucket', kind: 'delta' as const, series: 4, labels: ['app', 'le'] },
]
const queue = { ...emptyRule, measure: { ...emptyRule.measure, metric: 'queue_length' }, value: '1000' }
const label = fc.constantFrom('app', 'service', 'class', 'machine')
const value = fc.string({ maxLength: 12 })
const ms = (least: number) => fc.integer({ min: least, max: 7 * 86_400 }).map((seconds) => seconds * 1000)
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0)
const words = fc.stringMatching(/^[a-z{}]{1,20}( [a-z]{1,10})?$/)
const measure = fc.record({ metric: fc.constantFrom('queue_length', 'requests_total', 'disk_free_bytes', 'took_seconds'), where: fc.dictionary(label, fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 }))), fn: fc.constantFrom(...metricFns), by: fc.option(fc.uniqueArray(label), { nil: undefined }) }).map(({ by, ...one }) => (by === undefined ? one : { ...one, by }))
  .chain((one) => fc.option(fc.constantFrom('', 'level>=error "timed out"')).map((logs) => (logs === null ? one : { ...one, metric: 'nightshift_log_lines_total', logs })))
const is = fc.constantFrom(...comparators)
const condition = fc.oneof(
  fc.record({ kind: fc.constant('threshold' as const), is, value: number }),
  fc.record({ kind: fc.constant('absence' as const) }),
  fc.record({ kind: fc.constant('change' as const), overMs: ms(60), is, value: number, unit: fc.constantFrom('absolute', 'percent') }),
  fc.record({ kind: fc.constant('unusual' as const), days: fc.uniqueArray(fc.integer({ min: 1, max: 28 }), { minLength: 2, maxLength: 14 }), side: fc.constantFrom('above', 'below', 'both'), factor: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ kind: fc.constant('forecast' as const), fromMs: ms(600), withinMs: ms(60), is, value: number }),
)
const rule = fc.record({
  title: words, measure, per: fc.option(measure), windowMs: fc.integer({ min: 60, max: 86_400 }).map((seconds) => seconds * 1000), scope: fc.option(fc.constantFrom('tag:db', 'app:shop')), condition, forMs: ms(0), keepFiringMs: ms(0),
  severity: fc.constantFrom('critical', 'warning'), summary: words, wayOut: fc.option(words), source: fc.option(words),
}).chain((one) => (one.per === null ? fc.constant({ ...one, perAtLeast: null }) : fc.option(fc.integer()).map((perAtLeast) => ({ ...one, perAtLeast }))))

describe('a rule in a form', () => {
  test('is what it was when nothing is changed', () => {
    fc.assert(fc.property(rule, (given) => {
      const spec = ruleSpecSchema.parse(given)
      assert.deepEqual(specOf(textOf(spec), names), { spec, missing: null })
    }), { numRuns: 500 })
  })

  test('needs a metric and a value; what is left empty is what most want', () => {
    assert.equal(specOf(emptyRule, names).missing, 'choose a metric')
    assert.equal(specOf({ ...queue, value: '' }, names).missing, 'say the value it is compared with')
    assert.equal(specOf({ ...queue, value: 'many' }, names).missing, 'the value it is compared with is a number')
    assert.equal(specOf({ ...queue, for: 'long' }, names).missing, 'for how long it must hold is a time such as 10m')
    assert.match(specOf({ ...queue, measure: { ...queue.measure, where: 'app' } }, names).missing ?? '', /"app" is no condition on a label/)
    const spec = specOf(queue, names).spec as RuleSpec
    assert.deepEqual(ruleSpecSchema.parse(spec), spec)
    assert.deepEqual([spec.title, spec.measure, spec.summary, spec.forMs], ['queue length', { metric: 'queue_length', fn: 'avg', where: {} }, 'queue_length of {place} is {value}', 300_000])
  })

  test('looks at how fast a counter rises and at the slow end of a histogram, unless told otherwise', () => {
    const fnOf = (metric: string) => specOf({ ...queue, measure: { ...queue.measure, metric } }, names).spec?.measure.fn
    assert.deepEqual(['queue_length', 'requests_total', 'took_seconds', 'nobody_knows'].map(fnOf), ['avg', 'rate', 'p95', 'avg'])
  })

  test('can be looked at before it is said when it fires', () => {
    assert.equal(watchedOf(emptyRule, names), null)
    const watched = watchedOf({ ...queue, kind: 'forecast', value: '' }, names)
    assert.deepEqual([watched?.measure.metric, watched?.condition], ['queue_length', { kind: 'threshold', is: '>', value: Number.MAX_VALUE }])
  })

  test('takes values in their units', () => {
    const valueOf = (more: object) => {
      const condition = specOf({ ...queue, ...more }, names).spec?.condition
      return condition !== undefined && 'value' in condition ? condition.value : null
    }
    assert.equal(valueOf({ value: '5%', isShare: true, per: queue.measure }), 0.05)
    assert.equal(valueOf({ value: '500MB' }), 500 * 1024 ** 2)
    assert.equal(valueOf({ kind: 'change', value: '50 %' }), 50)
  })

  test('that counts lines has a threshold or a change, and no kind that lines cannot have', () => {
    const lines = measureFrom({ metric: 'nightshift_log_lines_total', logs: 'level>=error', where: 'app=shop' })
    const text = changed({ ...queue, kind: 'forecast' }, { measure: lines })
    assert.equal(text.kind, 'threshold')
    assert.deepEqual(specOf(text, names).spec?.measure, { metric: 'nightshift_log_lines_total', logs: 'level>=error', fn: 'increase', where: { app: 'shop' } })
    assert.equal(changed({ ...queue, kind: 'forecast' }, { value: '3' }).kind, 'forecast')
    assert.equal(changed({ ...queue, kind: 'change', isShare: true }, { per: lines }).kind, 'change')
  })

  test('begins with what a graph shows', () => {
    assert.deepEqual(measureFrom({}), emptyRule.measure)
    assert.deepEqual([measureFrom({ metric: 'requests_total', fn: 'p99', by: 'app' }), measureFrom({ metric: 'requests_total', fn: 'nonsense' })].map(({ fn, grouping, by }) => [fn, grouping, by]), [['p99', 'by', 'app'], ['', 'one', '']])
  })
})
