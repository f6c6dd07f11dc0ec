import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogLine } from '#contract/model.ts'
import { type LogPageQuery, cursorOf, toLogLine } from '../model.ts'
import { fitsLine, lineFilter } from '../filter.ts'
import { levelOf } from '../text.ts'
import { type Cluster, Clusters } from './cluster.ts'
import { masked } from './mask.ts'
import { findPatterns } from './patterns.ts'

const start = Date.parse('2026-11-20T10:00:00Z')
type Row = { text: string; release: number; atMs: number }
/** A store that is a list. */
function readerOf(rows: readonly Row[]) {
  const stored = rows.map(({ text, release, atMs }, at) => ({ row: { line: at, atMs, source: 1, stream: 0, level: levelOf(text), text }, labels: { id: 1, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release, machine: 'm1' } }))
  return async (query: LogPageQuery) => {
    const filter = lineFilter(query)
    const fits: LogLine[] = stored
      .filter(({ row, labels }) => fitsLine(filter, row, labels) && (query.since === undefined || row.atMs >= query.since.getTime()) && (query.before === undefined || cursorOf(row) < query.before))
      .map(({ row, labels }) => toLogLine(row, labels))
    const lines = fits.slice(-(query.limit ?? 100))
    return { lines, partial: false, next: lines.length < fits.length ? (lines[0]?.cursor ?? null) : null }
  }
}
const row = (text: string, release: number, nth: number): Row => ({ text, release, atMs: start + nth * 1000 })
const ask = { query: {}, since: undefined, until: new Date(start + 3_600_000), newSince: undefined, limit: 100 }

test('numbers, ids, addresses, times and quoted texts are not what a line says', () => {
  assert.equal(masked('took 12.5ms for "Bob \'x\'" from 10.0.0.7:5432 at 2026-11-20T10:00:00.123Z id 7f3c9a2e-1111-4222-8333-123456789abc req=deadbeef01 0x1F'), 'took <n>ms for <text> from <ip> at <time> id <id> req=<id> <id>')
  assert.equal(masked('GET /items/42 HTTP/1.1'), 'GET /items/<n> HTTP/<n>')
  assert.equal(masked('decade facade'), 'decade facade', 'words of hex letters are words')
})

test('lines that say the same are one pattern, with counts by level and time', async () => {
  const rows = Array.from({ length: 300 }, (_, nth) => row(nth % 3 === 0 ? `ERROR order ${nth} of user u${nth % 7} failed: card declined` : `INFO order ${nth} paid in ${nth % 9} ms`, 1, nth))
  const { patterns, lines, partial } = await findPatterns(readerOf(rows), ask)
  assert.deepEqual(patterns.map(({ pattern, count }) => [pattern, count]), [['INFO order <n> paid in <n> ms', 200], ['ERROR order <n> of user u<n> failed: card declined', 100]])
  assert.deepEqual([patterns[1]?.levels.error, lines, partial], [100, 300, false])
  assert.equal(patterns[0]?.spread.reduce((sum, n) => sum + n, 0), 200)
  assert.equal(patterns[1]?.firstAt, new Date(start).toISOString())
})

test('new since a release is what no earlier release wrote', async () => {
  const rows = [row('started on port 3000', 11, 1), row('order 5 paid', 11, 2), row('started on port 3001', 12, 3), row('order 9 paid', 12, 4), row('cannot reach cache at 10.0.0.9', 12, 5), row('cannot reach cache at 10.0.0.8', 13, 6)]
  const { patterns, compared } = await findPatterns(readerOf(rows), { ...ask, newSince: 12 })
  assert.deepEqual(patterns.map(({ pattern, count }) => [pattern, count]), [['cannot reach cache at <ip>', 2]])
  assert.equal(compared, 2)
})

test('whatever lines say, grouping them is bounded, and each line fits its pattern', () =>
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ maxLength: 80 }), fc.array(fc.constantFrom('a', 'b', 'c', '1', '"x"'), { maxLength: 6 }).map((words) => words.join(' '))), { maxLength: 200 }), (texts) => {
      const groups = new Clusters<Cluster & { texts: string[] }>((words) => ({ words, texts: [] }))
      for (const text of texts) groups.of(text)?.texts.push(text)
      assert.equal(groups.all.reduce((sum, group) => sum + group.texts.length, 0) + groups.left, texts.length)
      for (const { words, texts: own } of groups.all)
        for (const text of own) {
          const said = masked(text).split(/\s+/).filter((word) => word !== '').slice(0, 60)
          assert.ok(said.length === words.length && said.every((word, at) => words[at] === word || words[at] === '<*>'))
        }
    }),
  ))
