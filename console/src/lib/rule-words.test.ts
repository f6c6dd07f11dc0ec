import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RuleTrial, ruleSpecSchema } from '#contract/alerting.ts'
import { formatOf, seriesName, trialWords } from './rule-words.ts'

const spec = (more: object) => ruleSpecSchema.parse({ title: 't', summary: 's', measure: { metric: 'free_bytes' }, condition: { kind: 'threshold', is: '<', value: 1 }, ...more })
const trial = (fired: readonly number[], more = 0): RuleTrial => ({ since: '', until: '', stepMs: 1, threshold: null, more, series: fired.map((times, nth) => ({ series: `app=a${nth}`, labels: {}, points: [], usual: null, fired: Array.from({ length: times }, () => ({ from: '', to: null, because: '' })) })) })

test('a trial says how often, for how many, and that it would have been silent', () => {
  assert.equal(trialWords(trial([]), 24), 'Nothing was measured in the last 24 hours: it would have been silent.')
  assert.equal(trialWords(trial([0]), 24), 'It would not have fired in the last 24 hours; 1 series was looked at.')
  assert.equal(trialWords(trial([2, 1, 0]), 72), 'It would have fired 3 times in the last 3 days, for 2 of 3 series.')
  assert.equal(trialWords(trial([1], 4), 168), 'It would have fired at least 1 time in the last 7 days, for at least 1 of 5 series.')
})

test('values are written in the unit of what is judged', () => {
  assert.equal(formatOf(spec({}))(2 * 1024 ** 2), '2.0 MB')
  assert.equal(formatOf(spec({ per: { metric: 'all_bytes' } }))(0.25), '25 %')
  assert.equal(formatOf(spec({ condition: { kind: 'change', overMs: 60_000, is: '>', value: 5, unit: 'percent' } }))(-12.345), '-12.3 %')
  assert.equal(formatOf(spec({ condition: { kind: 'absence' } }))(0), 'none')
})

test('a series is named by the values of its labels', () => {
  assert.equal(seriesName('app=shop,service=web'), 'shop web')
  assert.equal(seriesName('from=,path=/a=b'), '– /a=b')
  assert.equal(seriesName(''), 'all together')
})
