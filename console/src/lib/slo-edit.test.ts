import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sloSpecSchema } from '#contract/alerting.ts'
import { emptySlo, sloOf, sloText } from './slo-edit.ts'

describe('an SLO in a form', () => {
  test('is what it was when nothing is changed', () => {
    const share = fc.integer({ min: 50_000, max: 99_999 }).map((n) => Number((n / 100_000).toFixed(5)))
    const objectives = fc.record({ availability: fc.option(share, { nil: undefined }), p99Ms: fc.option(fc.integer({ min: 1, max: 30_000 }), { nil: undefined }), windowMs: fc.integer({ min: 7, max: 90 }).map((days) => days * 86_400_000), alerts: fc.boolean() })
    fc.assert(fc.property(objectives, ({ availability, p99Ms, ...rest }) => {
      fc.pre(availability !== undefined || p99Ms !== undefined)
      const spec = sloSpecSchema.parse({ ...rest, ...(availability === undefined ? {} : { availability }), ...(p99Ms === undefined ? {} : { p99Ms }) })
      assert.deepEqual(sloOf(sloText(spec)), { spec, missing: null })
    }))
  })

  test('takes a share as people write it, and says what is missing', () => {
    for (const availability of ['99.9%', '99.9', '0.999', ' 99.9 % ']) assert.equal(sloOf({ ...emptySlo, availability }).spec?.availability, 0.999)
    assert.match(sloOf({ ...emptySlo, availability: 'always' }).missing ?? '', /a percentage such as 99.9%/)
    assert.match(sloOf({ ...emptySlo, availability: '' }).missing ?? '', /say how many requests succeed/)
    assert.match(sloOf({ ...emptySlo, availability: '110%' }).missing ?? '', /from 50% to 99.999%/)
    assert.match(sloOf({ ...emptySlo, p99: '2h' }).missing ?? '', /from 1ms to 30s/)
    assert.match(sloOf({ ...emptySlo, window: '1d' }).missing ?? '', /from 7d to 90d/)
    assert.match(sloOf({ ...emptySlo, p99: 'soon' }).missing ?? '', /such as 500ms/)
    assert.match(sloOf({ ...emptySlo, window: '' }).missing ?? '', /such as 30d/)
  })
})
