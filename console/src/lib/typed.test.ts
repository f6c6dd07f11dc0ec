import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { idOf, numberOf, numberText, spanOf, spanText } from './typed.ts'

describe('what is typed', () => {
  test('numbers carry units, and what is none is none', () => {
    for (const [text, value] of [['5%', 0.05], ['5.1 %', 0.051], ['500MB', 500 * 1024 ** 2], ['250ms', 0.25], ['2h', 7200], ['12k', 12_000], ['-3.5', -3.5], ['1e3', 1000], [' 7 ', 7]] as const) assert.equal(numberOf(text), value, text)
    for (const text of ['', 'five', '5 parsecs', '5%%', '1,5', '--1']) assert.equal(numberOf(text), null, text)
  })

  test('numbers are written as people would, and read back as the same', () => {
    for (const [value, unit, text] of [[0.05, 'share', '5%'], [500 * 1024 ** 2, 'bytes', '500MB'], [0.25, 'seconds', '250ms'], [7200, 'seconds', '2h'], [0, 'bytes', '0'], [1234.5, 'count', '1234.5']] as const) assert.equal(numberText(value, unit), text)
    const values = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000))
    fc.assert(fc.property(values, fc.constantFrom('share', 'bytes', 'seconds', 'cores', 'count' as const), (value, unit) => assert.equal(numberOf(numberText(value, unit)), value === 0 ? 0 : value)))
  })

  test('times are read back as the same', () => {
    for (const [text, ms] of [['90m', 5_400_000], ['1.5h', 5_400_000], ['', 0], ['30 s', 30_000], ['5min', 300_000]] as const) assert.equal(spanOf(text), ms, text)
    for (const text of ['5', 'soon', '5 years', '-1m']) assert.equal(spanOf(text), null, text)
    fc.assert(fc.property(fc.integer({ min: 0, max: 30 * 86_400_000 }), (ms) => assert.equal(spanOf(spanText(ms)), ms)))
  })

  test('an id can be typed, is not taken, and begins with a letter', () => {
    assert.equal(idOf('Évening — slow ones!', [], 'x'), 'evening-slow-ones')
    assert.equal(idOf('Evening', ['evening', 'evening-2'], 'x'), 'evening-3')
    fc.assert(fc.property(fc.string(), fc.array(fc.constantFrom('x', 'x-2', 'a')), (title, taken) => {
      const id = idOf(title, taken, 'x')
      assert.match(id, /^[a-z][a-z0-9-]{0,59}$/)
      assert.ok(!taken.some((one) => one === id))
    }))
  })
})
