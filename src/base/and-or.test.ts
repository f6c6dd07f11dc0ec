import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Grammar, type Mark, parseAndOr, quoted } from './and-or.ts'

type Letter = { kind: 'letter'; at: number; letter: string }
type Tree = string | ['not', Tree] | ['all' | 'any', ...Tree[]]

const grammar: Grammar<Letter, Tree> = {
  maxDepth: 5,
  word: ({ letter }) => letter,
  not: (of) => ['not', of],
  all: (parts) => ['all', ...parts],
  any: (parts) => ['any', ...parts],
  faults: {
    tooDeep: (at) => new Error(`too deep at ${at}`),
    unclosed: (at) => new Error(`unclosed at ${at}`),
    unopened: (at) => new Error(`unopened at ${at}`),
    missing: (at, token, before) => new Error(`missing at ${token === undefined ? 'the end' : at} behind ${before?.kind ?? 'nothing'}`),
  },
}
const kinds: Record<string, Mark['kind']> = { '(': 'open', ')': 'close', '&': 'and', '|': 'or', '-': 'not' }
const parse = (text: string) => parseAndOr<Letter, Tree>([...text].map((letter, at) => (kinds[letter] === undefined ? { kind: 'letter', at, letter } : { kind: kinds[letter], at })), text.length, grammar)

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c'),
    tie('tree').map((of): Tree => ['not', of]),
    fc.tuple(fc.constantFrom('all' as const, 'any' as const), fc.array(tie('tree'), { minLength: 2, maxLength: 3 })).map(([kind, parts]): Tree => [kind, ...parts]),
  ),
})).tree

/** Every inner tree in parentheses; `and` written or not. */
function printed(one: Tree, written: boolean): string {
  if (typeof one === 'string') return one
  const parts = (one.slice(1) as Tree[]).map((part) => (typeof part === 'string' ? part : `(${printed(part, written)})`))
  return one[0] === 'not' ? `-${parts[0]}` : parts.join(one[0] === 'any' ? '|' : written ? '&' : '')
}

test('what is written out of a tree is read as that tree, with and without the word and', () => {
  fc.assert(fc.property(tree, fc.boolean(), (one, written) => assert.deepEqual(parse(printed(one, written)), one)))
})

test('or binds weaker than and, and "-" closest', () => {
  assert.deepEqual(parse('ab|-c&a'), ['any', ['all', 'a', 'b'], ['all', ['not', 'c'], 'a']])
})

test('what is wrong is said with its place', () => {
  for (const [text, fault] of [
    ['a(b', 'unclosed at 1'], ['a)b', 'unopened at 1'], ['a|', 'missing at the end behind or'], ['()', 'missing at 1 behind open'], ['&a', 'missing at 0 behind nothing'],
    ['-----a', null], ['------a', 'too deep at 5'], ['(((((a)))))', null], ['((((((a))))))', 'too deep at 6'],
  ] as const) {
    if (fault === null) assert.equal(JSON.stringify(parse(text)).includes('a'), true)
    else assert.throws(() => parse(text), { message: fault }, text)
  }
})

test('no tokens break it: a tree, or one of its faults', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'b', '(', ')', '&', '|', '-'), minLength: 1 }), (text) => {
    try {
      parse(text)
    } catch (error) {
      assert.match((error as Error).message, /^(too deep|unclosed|unopened|missing) at /)
    }
  }))
})

test('a text in quotes is read as it was, up to its end', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (text, rest) => assert.deepEqual(quoted(`x"${text.replaceAll(/["\\]/g, '\\$&')}"${rest}`, 1), { text, end: 3 + text.replaceAll(/["\\]/g, '\\$&').length })))
  assert.equal(quoted('"never \\"', 0), undefined)
  assert.deepEqual(quoted('"C:\\temp"', 0), { text: 'C:\\temp', end: 9 })
})
