import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { complete, markedParts, markedWords, quoted, searchOfPattern, withTest } from './log-search.ts'

test('only what is looked for in the text is marked', () => {
  assert.deepEqual(markedWords('level>=warn "timed out" -healthcheck user.id:42 caf* and /x+/i or tea'), ['timed out', 'caf', 'tea'])
  assert.deepEqual(markedParts('It timed OUT, timed', ['timed out', 'timed']).filter(({ marked }) => marked).map(({ text }) => text), ['timed OUT', 'timed'])
})

test('marking takes nothing from a text and adds nothing', () =>
  fc.assert(fc.property(fc.string(), fc.array(fc.string({ minLength: 1, maxLength: 4 })), (text, words) => assert.equal(markedParts(text, words).map((part) => part.text).join(''), text))))

test('a field is added to a search or taken away from it, and the other way round undoes it', () => {
  assert.equal(withTest(undefined, 'status:500', 'filter'), 'status:500')
  assert.equal(withTest('a', 'status:500', 'exclude'), 'a -status:500')
  assert.equal(withTest('a -status:500 b', 'status:500', 'filter'), 'a b status:500')
  assert.equal(withTest('a status:500', 'status:500', 'filter'), 'a status:500')
  assert.equal(withTest('a or b', 'x:1', 'filter'), '(a or b) x:1')
  assert.deepEqual([quoted('abc'), quoted('a b'), quoted('say "x"'), quoted('/a*'), quoted('')], ['abc', '"a b"', '"say \\"x\\""', '"/a*"', '""'])
})

test('names of fields are completed, then their values', () => {
  const known = new Map([['status', ['200', '404']], ['user.id', ['42']], ['service', ['web', 'worker']]])
  assert.deepEqual(complete('lev', 3, known)?.options.map(({ insert }) => insert), ['level>=', 'level:'])
  assert.deepEqual(complete('x -stat', 7, known), { from: 3, to: 7, options: [{ insert: 'status:', about: 'field' }] })
  assert.deepEqual(complete('level>=w', 8, known), { from: 7, to: 8, options: [{ insert: 'warn ', about: '' }] })
  assert.deepEqual(complete('(service:w', 10, known)?.options.map(({ insert }) => insert), ['web ', 'worker '])
  assert.deepEqual(complete('status:>=', 9, known)?.options.length, 2)
  for (const text of ['', 'x ', '"lev', 'zzz']) assert.equal(complete(text, text.length, known), null)
})

test('a pattern is searched by what its lines share', () => {
  assert.equal(searchOfPattern('cannot reach <ip> after <n> tries'), '"cannot reach" "after" "tries"')
  assert.equal(searchOfPattern('<n>'), '')
})
