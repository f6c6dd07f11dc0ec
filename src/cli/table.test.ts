import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Io, harmless, painter, wantsColour } from './output.ts'
import { tableLines } from './table.ts'
import { when } from './times.ts'

const plain = painter(false)
type Row = { name: string; count: number | null; note: string | null }
const columns = [
  { title: 'name', value: (row: Row) => row.name },
  { title: 'count', value: (row: Row) => row.count, align: 'right' as const },
  { title: 'note', value: (row: Row) => row.note },
]

describe('a table', () => {
  test('is aligned, numbers to the right, without trailing space', () => {
    const lines = tableLines([{ name: 'web', count: 3, note: 'ok' }, { name: 'worker', count: 12, note: null }], columns, plain)
    assert.deepEqual(lines, ['name    count  note', 'web         3  ok', 'worker     12  –'])
  })

  test('leaves out a column in which nothing stands', () => {
    assert.deepEqual(tableLines([{ name: 'web', count: 1, note: null }], columns, plain), ['name  count', 'web       1'])
  })

  test('cuts the last column where the terminal ends', () => {
    const lines = tableLines([{ name: 'web', count: 1, note: 'a long sentence about what is going on here' }], columns, plain, 30)
    assert.equal(lines[1], 'web       1  a long sentence …')
    assert.ok(lines.every((line) => line.length <= 30))
  })

  test('cannot be broken by what stands in it', () => {
    const lines = tableLines([{ name: 'web', count: 1, note: 'two\nlines \x1b[2J\x1b]0;title\x07and\x9b31m more' }], columns, plain)
    assert.equal(lines[1], 'web       1  two lines and31m more')
  })

  test('paints a state without moving a column', () => {
    const painted = tableLines([{ name: 'web', count: 1, note: 'x' }], [{ title: 'name', value: (row: Row) => row.name, style: () => 'red' }, columns[2] as (typeof columns)[number]], painter(true))
    assert.equal(painted[1], '\x1b[31mweb\x1b[39m   x')
  })
})

describe('text of others', () => {
  test('loses what could do something to a terminal', () => {
    assert.equal(harmless('a\x1b[2Jb\x1b]52;c;ZXZpbA==\x07c\x1b(0d\x1bce\rf\bg'), 'abcdefg')
    assert.equal(harmless('\x1b[31mred\x1b[0m'), 'red')
    assert.equal(harmless('paid \u202e00.1\u202c \u2066x\u2069 שלום'), 'paid 00.1 x שלום')
  })

  test('keeps its colours where colours are shown, and nothing else', () => {
    assert.equal(harmless('\x1b[31mred\x1b[0m\x1b[2J', true), '\x1b[31mred\x1b[0m\x1b[0m')
    assert.equal(harmless('no\0thing', true), 'nothing')
  })
})

test('colour is for terminals, and not with NO_COLOR or a dumb one', () => {
  const screen: Io['stdout'] = { write: () => true, isTTY: true }
  assert.equal(wantsColour(screen, {}), true)
  assert.equal(wantsColour(screen, { NO_COLOR: '1' }), false)
  assert.equal(wantsColour(screen, { NO_COLOR: '' }), true)
  assert.equal(wantsColour(screen, { TERM: 'dumb' }), false)
  assert.equal(wantsColour({ write: () => true }, {}), false)
})

test('times are relative and coarse, or exact with their zone', () => {
  const now = new Date('2026-03-29T12:00:00Z')
  assert.equal(when('2026-03-29T11:59:59Z', now), 'just now')
  assert.equal(when('2026-03-29T11:59:18Z', now), '42 s ago')
  assert.equal(when('2026-03-29T11:01:00Z', now), '59 min ago')
  assert.equal(when('2026-03-28T00:00:00Z', now), '36 h ago')
  assert.equal(when('2026-03-01T12:00:00Z', now), '28 d ago')
  assert.equal(when('2026-04-01T12:00:00Z', now), 'in 3 d')
  assert.equal(when(null, now), null)
  assert.match(when('2026-03-29T11:00:00Z', now, true) ?? '', /^2026-03-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/)
})
