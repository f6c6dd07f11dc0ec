import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fold } from '../model.ts'
import { compileRegex, requiredTexts } from './regex.ts'

const atom = fc.constantFrom('a', 'b', 'A', '.', '\\d', '\\w', '\\s', '[ab]', '[^a]', '[a-c0-9]', '\\.', '1', ' ', '-', 'é')
const place = fc.constantFrom('^', '$', '\\b', '\\B')
const pattern: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true } /* RegExp, the judge here, would take for ever over deeper ones */,
    atom,
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?')).map(([a, mark]) => `(${a})${mark}`),
    fc.tuple(place, tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), place).map(([a, b]) => a + b),
  ),
})).node
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', '1', '9', ' ', '-', '.', '_', 'é', '\n', '日'), maxLength: 9 })

test('a pattern finds the lines that RegExp finds', () =>
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, line, ignoreCase) => {
      assert.equal(compileRegex({ source, ignoreCase })(line), new RegExp(source, ignoreCase ? 'i' : '').test(line), `/${source}/${ignoreCase ? 'i' : ''} on ${JSON.stringify(line)}`)
    }),
    { numRuns: 2000 },
  ))

test('what a pattern is said to require stands in every line it finds', () =>
  fc.assert(
    fc.property(fc.array(fc.oneof(pattern, fc.constantFrom('abc', 'timeout', 'a b c', '-1-')), { maxLength: 3 }).map((parts) => parts.join('')), fc.array(fc.oneof(text, fc.constantFrom('abc', 'timeout', 'a b c', '-1-', 'ABC')), { maxLength: 3 }).map((parts) => parts.join('')), (source, line) => {
      if (new RegExp(source).test(line)) for (const needle of requiredTexts(source)) assert.ok(fold(line).includes(needle))
    }),
    { numRuns: 1000 },
  ))

test('patterns that bring other engines to a halt take one look at each character', () => {
  const line = `${'a'.repeat(30_000)}!`
  for (const source of ['(a+)+$', '(a|aa)+$', '(.*a){12}x', 'a*a*a*a*a*b', '(.*)(.*)(.*)(.*)z$']) assert.equal(compileRegex({ source, ignoreCase: false })(line), false)
})

test('what cannot be matched so is refused with a way out', () => {
  for (const [source, message] of [['(?=a)', /looking ahead/], ['(a)\\1', /refers back/], ['a{1000}', /beyond 100/], ['(?:a{90}){90}', /too large/], ['[b-a]', /backwards/], ['a**', /repeats a repetition/], ['(', /never closed/]] as const)
    assert.throws(() => compileRegex({ source, ignoreCase: false }), message)
})
