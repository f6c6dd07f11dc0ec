import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openChunk, sealChunk } from './chunk.ts'
import { gramMap, mayContain, needleGrams } from './grams.ts'
import { fitsRow, lineFilter } from './filter.ts'
import { parseQuery } from './query/parser.ts'
import { type StoredLine, fold } from './model.ts'
import { cleanText } from './text.ts'

const lineTexts = fc.array(
  fc.oneof(fc.string({ unit: 'binary' }).map(cleanText), fc.stringMatching(/^[a-c]{0,30}$/), fc.constantFrom('İSTANBUL', 'ΟΔΟΣ ΣΟΣ', 'ＦＵＬＬ', '273 \u212a')),
  { minLength: 1, maxLength: 40 },
)

const rowsOf = (texts: string[]): StoredLine[] =>
  texts.map((text, nth) => ({ line: 1_000_000 + nth * 3, atMs: 1.7e12 + ((nth * 7919) % 1000) - 500, source: nth % 5, stream: nth % 7, level: nth % 5, text }))

test('an opened chunk holds what was sealed', () =>
  fc.assert(
    fc.asyncProperty(lineTexts, async (texts) => {
      const rows = rowsOf(texts)
      assert.deepEqual(await openChunk((await sealChunk(rows)).data), rows)
    }),
  ))

test('a chunk opened with a filter gives what a plain test of each line gives', () =>
  fc.assert(
    fc.asyncProperty(lineTexts, fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('k', 'i', 'İ', 'ab', 'Ab', 'ς', 'σ', '\u212a')), fc.constantFrom(undefined, 'info', 'error'), async (texts, text, level) => {
      const rows = rowsOf(texts)
      const filter = lineFilter({ text: cleanText(text), level: level as 'info', streams: ['stdout', 'stderr', 'build'] })
      const found = await openChunk((await sealChunk(rows)).data, filter, new Set([0, 1, 3]))
      assert.deepEqual(found, rows.filter((row) => fitsRow(filter, row) && [0, 1, 3].includes(row.source)))
    }),
  ))

test('of several texts that a line must have, those in other lines of the chunk count for nothing', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.stringMatching(/^[abk]{0,6}$/), fc.constantFrom('273 \u212a', 'a\u212ab', 'İb a', 'é a b', '')), { minLength: 1, maxLength: 30 }), fc.constantFrom('a b', 'ab ba', 'k a', 'i b', 'b "a b"', '/a[bk]+a/', '/k.*b/ a'), async (texts, search) => {
      const rows = rowsOf(texts)
      const filter = lineFilter({ where: parseQuery(search) })
      assert.deepEqual(await openChunk((await sealChunk(rows)).data, filter), rows.filter((row) => fitsRow(filter, row)))
    }),
    { numRuns: 500 },
  ))

test('the gram map never denies a text that is there', () =>
  fc.assert(
    fc.property(lineTexts, fc.nat(), fc.nat(), fc.nat(30), (texts, which, start, length) => {
      const map = gramMap(texts.map(fold))
      const line = fold(texts[which % texts.length] as string)
      const from = line.length === 0 ? 0 : start % line.length
      assert.ok(mayContain(map, needleGrams(line.slice(from, from + length))))
    }),
    { numRuns: 2000 },
  ))

test('the gram map denies most texts that are not there', () => {
  const hex = (seed: number) => Array.from({ length: 4 }, (_, nth) => (Math.imul(seed * 31 + nth, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')).join('')
  const texts = Array.from({ length: 2000 }, (_, nth) => `GET /orders/${hex(nth)} 200 in 12 ms`)
  const map = gramMap(texts.map(fold))
  const passed = Array.from({ length: 1000 }, (_, nth) => hex(1_000_000 + nth)).filter((needle) => mayContain(map, needleGrams(needle)))
  assert.ok(passed.length < 200, `${passed.length} of 1000 passed`)
})
