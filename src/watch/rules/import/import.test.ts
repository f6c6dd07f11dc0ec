import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readRuleFile } from './file.ts'
import { Unsupported } from './promql.ts'
import { translate } from './translate.ts'

const minute = 60_000
const hour = 60 * minute

describe('a condition of PromQL', () => {
  for (const [text, expected] of [
    ['up == 0', { measure: { metric: 'up', where: {}, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'threshold', is: '==', value: 0 } }],
    ['5 < x{a="b", c=~"d|e.*"}', { measure: { metric: 'x', where: { a: 'b', c: ['d', 'e*'] }, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'threshold', is: '>', value: 5 } }],
    ['sum by (app) (rate(x_total{class="5xx"}[10m])) / sum by (app) (rate(x_total[10m])) * 100 > 5', { measure: { metric: 'x_total', where: { class: '5xx' }, fn: 'rate', by: ['app'] }, per: { metric: 'x_total', where: {}, fn: 'rate', by: ['app'] }, windowMs: 10 * minute, condition: { kind: 'threshold', is: '>', value: 0.05 } }],
    ['100 - free / total * 100 >= 90', { measure: { metric: 'free', where: {}, fn: 'last' }, per: { metric: 'total', where: {}, fn: 'last' }, windowMs: 5 * minute, condition: { kind: 'threshold', is: '<=', value: 0.1 } }],
    ['histogram_quantile(0.99, sum by (le, job) (rate(h_seconds_bucket[5m]))) > 0.5', { measure: { metric: 'h_seconds', where: {}, fn: 'p99', by: ['job'] }, per: null, windowMs: 5 * minute, condition: { kind: 'threshold', is: '>', value: 0.5 } }],
    ['predict_linear(node_filesystem_free_bytes{fstype="ext4"}[6h], 4 * 3600) < 0', { measure: { metric: 'node_filesystem_free_bytes', where: { fstype: 'ext4' }, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'forecast', fromMs: 6 * hour, withinMs: 4 * hour, is: '<', value: 0 } }],
    ['absent(up{job="x"})', { measure: { metric: 'up', where: { job: 'x' }, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'absence' } }],
    ['x / x offset 1d < 0.5', { measure: { metric: 'x', where: {}, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'change', overMs: 24 * hour, is: '<', value: -50, unit: 'percent' } }],
    ['delta(x[1h30m]) > 3', { measure: { metric: 'x', where: {}, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'change', overMs: 90 * minute, is: '>', value: 3, unit: 'absolute' } }],
    ['max by (machine) (max_over_time(t[15m])) > 80', { measure: { metric: 't', where: {}, fn: 'max', by: ['machine'] }, per: null, windowMs: 15 * minute, condition: { kind: 'threshold', is: '>', value: 80 } }],
    ['sum(avg_over_time(q[10m])) > 10', { measure: { metric: 'q', where: {}, fn: 'sum', by: [] }, per: null, windowMs: 10 * minute, condition: { kind: 'threshold', is: '>', value: 10 } }],
    ['-x > 3', { measure: { metric: 'x', where: {}, fn: 'last' }, per: null, windowMs: 5 * minute, condition: { kind: 'threshold', is: '<', value: -3 } }],
  ] as const)
    test(`is understood: ${text}`, () => assert.deepEqual(translate(text), expected))

  for (const [text, because] of [
    ['x > > 5', /no PromQL, at column/],
    ['up', /no comparison of a value with a number/],
    ['up == 0 unless foo', /"unless" cannot be expressed/],
    ['a > b', /two metrics are compared/],
    ['x{a!="b"} > 1', /the matcher a!="b" cannot be expressed/],
    ['x{a=~"b[0-9]+"} > 1', /the pattern a=~"b\[0-9\]\+" cannot be expressed/],
    ['sum without (a) (x) > 1', /"without" cannot be expressed/],
    ['count by (a) (x) > 1', /count of last cannot be expressed/],
    ['topk(3, x) > 1', /topk cannot be expressed/],
    ['irate(x[5m]) > 1', /irate cannot be expressed/],
    ['a / on (x) b > 1', /"on \(x\)" cannot be expressed/],
    ['rate(a[5m]) / rate(b[10m]) > 1', /over different times/],
    ['histogram_quantile(0.75, rate(h_bucket[5m])) > 1', /only the quantiles/],
    ['max_over_time(rate(x[5m])[1h:]) > 1', /subquery cannot be expressed/],
    ['x >= bool 1', /"bool" cannot be expressed/],
  ] as const)
    test(`is refused by name: ${text}`, () => assert.throws(() => translate(text), (error) => error instanceof Unsupported && because.test(error.message)))

  test('no text does anything else than to be understood or refused', () => {
    const words = fc.constantFrom('sum', 'rate', '(', ')', 'x', '[5m]', '>', '5', '/', '-', 'by', '(a)', '{a="b"}', 'offset', '1h', 'absent', 'predict_linear', ',')
    fc.assert(fc.property(fc.array(words, { maxLength: 12 }).map((parts) => parts.join(' ')), (text) => {
      try {
        translate(text)
      } catch (error) {
        assert.ok(error instanceof Unsupported, String(error))
      }
    }), { numRuns: 1000 })
  })
})

test('a rule file becomes rules; what cannot be taken over is named with its reason', () => {
  const { rules, skipped } = readRuleFile(`
groups:
  - name: shop
    interval: 30s
    rules:
      - alert: HighErrorRate
        expr: sum by (job) (rate(errors_total[5m])) > 10
        for: 10m
        keep_firing_for: 5m
        labels: { severity: page, team: shop }
        annotations:
          summary: "{{ $labels.job }} has {{ $value | humanize }} errors a second"
          runbook_url: https://example.com/errors
      - alert: HighErrorRate
        expr: up == 0
        annotations: { summary: '{{ range query "x" }}{{ end }}' }
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
      - alert: Odd
        expr: x unless y
      - alert: TooLong
        expr: rate(x[3d]) > 1
`, 'shop.yml')
  assert.deepEqual(rules.map(({ id, name }) => [id, name]), [['high-error-rate', 'HighErrorRate'], ['high-error-rate-2', 'HighErrorRate']])
  const [first, second] = rules
  assert.deepEqual([first?.spec.title, first?.spec.forMs, first?.spec.keepFiringMs, first?.spec.severity, first?.spec.summary, first?.spec.wayOut], ['High Error Rate', 10 * minute, 5 * minute, 'critical', '{job} has {value} errors a second', 'https://example.com/errors'])
  assert.deepEqual([second?.spec.summary, second?.spec.severity], ['{place}: {value}', 'warning'])
  assert.deepEqual(skipped.map(({ name }) => name), ['job:errors:rate5m', 'Odd', 'TooLong'])
  assert.match(skipped[0]?.because ?? '', /recording rules are not supported/)
  assert.match(skipped[2]?.because ?? '', /windowMs/)
  assert.deepEqual([first?.spec.source, second?.spec.source], ['shop.yml', 'shop.yml'])
  assert.throws(() => readRuleFile('a: [1', 'x'), /it is no YAML/)
  assert.throws(() => readRuleFile('a: 1', 'x'), /no rule file of Prometheus/)
})

test('a long name or summary is read in a moment', () => {
  const read = (alert: string, summary: string) => readRuleFile(JSON.stringify({ groups: [{ name: 'g', rules: [{ alert, expr: 'up == 0', annotations: { summary } }] }] }), 'x').rules.length
  const began = performance.now()
  assert.equal(read('A'.repeat(100_000), ''), 1)
  assert.equal(read('a', '{{$value|'.repeat(20_000)), 1)
  assert.ok(performance.now() - began < 2000, `it took ${Math.round(performance.now() - began)} ms`)
})
