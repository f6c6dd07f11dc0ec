import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileRegex, requiredTexts, scanRegex } from './regex.ts'

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
    fc.property(pattern, text, fc.boolean(), fc.boolean(), fc.boolean(), (source, line, ignoreCase, multiline, dotAll) => {
      const flags = `${ignoreCase ? 'i' : ''}${multiline ? 'm' : ''}${dotAll ? 's' : ''}`
      const found = new RegExp(source, flags).test(line)
      // with a table, and where it is full from the start or after a few
      for (const rows of [400, 1, 3]) {
        const test = compileRegex({ source, ignoreCase, multiline, dotAll }, rows)
        for (const time of ['first', 'second']) assert.equal(test(line), found, `/${source}/${flags} on ${JSON.stringify(line)}, the ${time} time, with ${rows} rows`)
      }
    }),
    { numRuns: 3000 },
  ))

test('a text that comes in parts is found as the whole is', () =>
  fc.assert(
    fc.property(pattern, fc.array(text, { maxLength: 4 }), fc.constantFrom(400, 2), (source, parts, rows) => {
      const scan = scanRegex({ source, ignoreCase: false }, rows)
      const soFar = parts.map((part, nth) => [scan.feed(part, 0, part.length) || scan.atEnd(), parts.slice(0, nth + 1).join('')] as const)
      const regex = new RegExp(source)
      for (const [isFound, before] of soFar) assert.equal(isFound, regex.test(before), `/${source}/ on ${JSON.stringify(before)}`)
    }),
    { numRuns: 1000 },
  ))

test('what a pattern is said to require stands in every line it finds', () =>
  fc.assert(
    fc.property(fc.array(fc.oneof(pattern, fc.constantFrom('abc', 'timeout', 'a b c', '-1-')), { maxLength: 3 }).map((parts) => parts.join('')), fc.array(fc.oneof(text, fc.constantFrom('abc', 'timeout', 'a b c', '-1-', 'ABC')), { maxLength: 3 }).map((parts) => parts.join('')), (source, line) => {
      if (new RegExp(source).test(line)) for (const needle of requiredTexts(source)) assert.ok(line.toLowerCase().includes(needle))
    }),
    { numRuns: 1000 },
  ))

test('patterns that bring other engines to a halt take one look at each character', () => {
  const line = `${'a'.repeat(30_000)}!`
  for (const source of ['(a+)+$', '(a|aa)+$', '(.*a){12}x', 'a*a*a*a*a*b', '(.*)(.*)(.*)(.*)z$']) assert.equal(compileRegex({ source, ignoreCase: false })(line), false)
})

test('what cannot be matched so is refused with a way out', () => {
  for (const [source, message] of [['(?=a)', /\(\?= looks ahead.*absent in a check/], ['(?<!a)', /\(\?<! looks behind/], ['(?i:a)', /\(\?i is no group.*after the last slash/], ['(a)\\1', /\\1 refers back/], ['\\p{L}', /property of Unicode.*\[A-Za-z\]/], ['\\u{1F600}', /the character itself/], ['a{1000}', /beyond 100/], ['(?:a{90}){90}', /too large/], ['[b-a]', /backwards/], ['a**', /repeats a repetition/], ['(', /never closed/]] as const)
    assert.throws(() => compileRegex({ source, ignoreCase: false }), message)
})
