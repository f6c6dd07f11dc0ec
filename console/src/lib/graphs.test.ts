import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Graph, GraphLine } from '#contract/dashboards.ts'
import type { JournalEvent } from '#contract/model.ts'
import { boardId, draftOf, moved, rowsOf, without } from './board-edit.ts'
import { marksOf } from './graph-marks.ts'
import { rangeOf } from './graph-range.ts'
import { asksOf, draw, formatOf, keptLines, mostLines, questionsOf, seriesOf } from './graphs.ts'

const line = (more: Partial<GraphLine> = {}): GraphLine => ({ metric: 'requests_total', fn: 'rate', by: ['service'], where: '', ...more })
const names = [{ name: 'requests_total', kind: 'delta' as const, series: 4, labels: ['app', 'class', 'environment', 'service'] }, { name: 'load', kind: 'gauge' as const, series: 1, labels: ['machine'] }]
const answer = (series: Record<string, (number | null)[]>, label = 'service') => ({ since: '', until: '', stepMs: 1000, others: null, series: Object.entries(series).map(([name, values]) => ({ labels: { [label]: name }, points: values.map((value, at): [number, number | null] => [at * 1000, value]) })) })

describe('questions of a graph', () => {
  test('are limited to what is chosen, where the metric has such labels and the line says nothing else', () => {
    const scope = { app: 'shop', env: 'staging' }
    assert.equal(questionsOf(line({ where: 'class=5xx' }), scope, names).part.where, 'class=5xx,app=shop,environment=staging')
    assert.equal(questionsOf(line({ where: 'app=billing' }), scope, names).part.where, 'app=billing,environment=staging')
    assert.equal(questionsOf(line({ metric: 'load' }), scope, names).part.where, '')
    assert.deepEqual(questionsOf(line({ where: 'class=5xx', shareOf: '' }), { app: undefined, env: undefined }, names).whole, { metric: 'requests_total', fn: 'rate', by: 'service', where: '' })
  })

  test('are of the first lines only, where they stand alone; a line that may be empty is left out by the server', () => {
    const asked = (...lines: GraphLine[]) => asksOf(lines, { app: undefined, env: undefined }, names).map(({ part, whole }) => [part.top, part.with, whole?.top, whole?.with])
    assert.deepEqual(asked(line({ onlyWith: 'from' })), [[mostLines, 'from', undefined, undefined]])
    assert.deepEqual(asked(line({ shareOf: '', onlyWith: 'from' })), [[undefined, 'from', undefined, 'from']])
    assert.deepEqual(asked(line(), line({ name: 'limit' })), [[undefined, undefined, undefined, undefined], [undefined, undefined, undefined, undefined]])
  })
})

describe('lines of a graph', () => {
  test('of a share: where something was asked and nothing failed the share is nothing, where nothing was asked it is unknown', () => {
    const shares = seriesOf(line({ shareOf: '' }), answer({ web: [1, null, null] }), answer({ web: [4, 2, 0], api: [1, null, 1] }))
    assert.deepEqual(shares.map(({ name, values }) => [name, [...values.values()]]), [['web', [0.25, 0, null]], ['api', [0, null, 0]]])
  })

  test('are named by their labels, an edge by both of its ends', () => {
    const edge = line({ by: ['from', 'service'], onlyWith: 'from' })
    const given = { since: '', until: '', stepMs: 1000, others: null, series: [{ labels: { from: 'web', service: 'api' }, points: [[0, 1] as [number, number]] }] }
    assert.deepEqual(seriesOf(edge, given, null).map(({ name }) => name), ['web → api'])
    assert.deepEqual(seriesOf(line({ name: 'limit' }), answer({ web: [1] }), null).map(({ name }) => name), ['web limit'])
    const ofAll = (by: string[], labels: Record<string, string>) => seriesOf(line({ by }), { since: '', until: '', stepMs: 1000, others: null, series: [{ labels, points: [[0, 1]] }] }, null)[0]?.name
    assert.equal(ofAll(['app', 'environment', 'service'], { app: 'shop', environment: 'production', service: 'web' }), 'shop/web')
    assert.equal(ofAll(['app', 'environment', 'from', 'service'], { app: 'shop', environment: 'staging', from: 'web', service: 'api' }), 'shop staging/web → api')
    assert.equal(ofAll(['app'], { app: 'shop' }), 'shop')
  })

  test('stand on common times without a step that has only begun; what was before stands with its line', () => {
    const series = seriesOf(line(), answer({ b: [1, 2, 3], a: [null, 5, 6] }), null)
    const before = seriesOf(line(), answer({ a: [7, 8, 9] }), null)
    const drawn = draw([{ fn: 'rate', stepMs: 1000, series, before }], 2500)
    assert.deepEqual(drawn, { times: [0, 1], rest: null, lines: [{ name: 'a', values: [null, 5], before: [7, 8] }, { name: 'b', values: [1, 2], before: null }] })
    assert.equal(draw([{ fn: 'avg', stepMs: 1000, series, before: null }], 2500).times.length, 3)
  })

  const named = (values: readonly number[], more: Partial<GraphLine> = {}) => seriesOf(line(more), answer(Object.fromEntries(values.map((value, nth) => [`s${nth}`, [value]]))), null)
  const given = (fn: string, ...series: ReturnType<typeof named>[]) => series.map((each) => ({ fn, stepMs: 1000, series: each, before: null }))

  test('are at most as many as can be told apart, the greatest of them; the others lie between two values', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 40 }), (tops) => {
      const { lines, rest } = draw(given('avg', named(tops)), 10_000)
      const sorted = tops.toSorted((a, b) => b - a)
      const kept = tops.length > mostLines ? keptLines : tops.length
      assert.deepEqual(lines.map(({ values }) => values[0] as number).sort((a, b) => b - a), sorted.slice(0, kept))
      assert.deepEqual(rest, tops.length > mostLines ? { count: tops.length - kept, low: [sorted.at(-1)], high: [sorted[kept]] } : null)
    }))
  })

  test('of which the server has told only the first are those among all, and the band is that of all others', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: mostLines + 1, maxLength: 40 }), (tops) => {
      const sorted = tops.toSorted((a, b) => b - a)
      const rest = sorted.slice(mostLines)
      const others = { count: rest.length, points: [[0, Math.min(...rest), Math.max(...rest), null] as [number, number, number, null]] }
      const { lines, rest: band } = draw([{ fn: 'avg', stepMs: 1000, series: named(sorted.slice(0, mostLines)), others, before: null }], 10_000)
      const all = draw(given('avg', named(sorted)), 10_000)
      assert.deepEqual([lines, band], [all.lines, all.rest])
    }))
  })

  test('of which the least matters are the least', () => {
    const { lines, rest } = draw(given('min', named([5, 9, 1, ...Array.from({ length: 20 }, () => 50)])), 10_000)
    assert.deepEqual(lines.map(({ name }) => name).filter((name) => ['s0', 's1', 's2'].includes(name)), ['s0', 's1', 's2'])
    assert.deepEqual(rest, { count: 18, low: [50], high: [50] })
  })

  test('that belong together stay together: what is used stands with its limit, however great other limits are', () => {
    const used = Array.from({ length: 10 }, (_, nth) => nth)
    const { lines, rest } = draw(given('avg', named(used), named(used.map(() => 100), { name: 'limit' })), 10_000)
    assert.deepEqual(lines.map(({ name }) => name), [7, 8, 9].flatMap((nth) => [`s${nth}`, `s${nth} limit`]))
    assert.deepEqual(rest, { count: 7, low: [0], high: [6] })
  })

  test('are written in the unit of what they show', () => {
    assert.equal(formatOf([line({ shareOf: '' })]).format(0.031), '3.1 %')
    assert.equal(formatOf([line()]).format(12.5), '12.5/s')
    assert.equal(formatOf([line({ metric: 'memory_bytes', fn: 'avg' })]).bytes, true)
  })
})

test('the time shown is a known one or what was dragged, with about 120 steps of whole grains', () => {
  assert.deepEqual(rangeOf({}), { name: '1h', minutes: 60, until: undefined, stepMs: 30_000 })
  assert.equal(rangeOf({ range: '99y' }).name, '1h')
  const dragged = rangeOf({ from: '2026-03-10T10:00:00Z', to: '2026-03-10T10:20:00Z' })
  assert.deepEqual([dragged.name, dragged.minutes, dragged.until, dragged.stepMs], [undefined, 20, Date.parse('2026-03-10T10:20:00Z'), 10_000])
  assert.equal(rangeOf({ from: '2026-03-10T10:00:00Z', to: '2026-03-09T10:00:00Z' }).name, '1h')
  assert.ok((rangeOf({ range: '30d' }).minutes * 60_000) / rangeOf({ range: '30d' }).stepMs <= 120)
})

test('what happened at nearly the same time is one mark of its kind', () => {
  const event = (kind: string, seconds: number, more: Partial<JournalEvent> = {}) => ({ id: seconds, at: new Date(seconds * 1000).toISOString(), kind, summary: `${kind} ${seconds}`, release: null, service: null, ...more }) as JournalEvent
  const marks = marksOf([event('instance.exited', 103, { service: 'web' }), event('instance.exited', 100, { service: 'web' }), event('release.activated', 101, { release: 12 }), event('remediation.opened', 300), event('fault.started', 400)], 36)
  assert.deepEqual(marks.map(({ at, label, tone, about }) => [at, label, tone, about]), [
    [100, 'web', 'red-mark', 'instance.exited 100, and 1 more'],
    [101, 'v12', 'rule-strong', 'release.activated 101'],
    [300, 'heals', 'amber-mark', 'remediation.opened 300'],
    [400, 'fault', 'violet', 'fault.started 400'],
  ])
  assert.deepEqual(marksOf([event('instance.held', 1, { app: 'shop', service: 'web' }), event('release.activated', 2, { app: 'shop', release: 3 })], 1, true).map(({ label }) => label), ['shop', 'shop v3'])
})

describe('a dashboard that is changed', () => {
  const graph = (title: string): Graph => ({ title, lines: [line()] })
  const titles = (rows: Graph[][]) => rows.map((row) => row.map(({ title }) => title).join(''))
  const draft = draftOf({ rows: [[graph('a'), graph('b')], [graph('c')]] })

  test('keeps its rows when graphs change places or go', () => {
    assert.deepEqual(titles(rowsOf(moved(draft, 1, 1))), ['ac', 'b'])
    assert.deepEqual(titles(rowsOf(moved(draft, 0, -1))), ['ab', 'c'])
    assert.deepEqual(titles(rowsOf(without(draft, 0))), ['b', 'c'])
    assert.deepEqual(titles(rowsOf(without(draft, 2))), ['ab'])
  })

  test('loses no graph by going to rows and back, and no row is too long', () => {
    fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (begins) => {
      const rows = rowsOf(begins.map((newRow, nth) => ({ newRow, graph: graph(String(nth)) })))
      assert.deepEqual(rows.flat().map(({ title }) => title), begins.map((_, nth) => String(nth)))
      assert.ok(rows.every((row) => row.length >= 1 && row.length <= 4))
      assert.deepEqual(rowsOf(draftOf({ rows })), rows)
    }))
  })

  test('is named by its title', () => {
    assert.equal(boardId('Checkout, slow ones!', []), 'checkout-slow-ones')
    assert.equal(boardId('Café 2', ['cafe-2']), 'cafe-2-2')
    assert.equal(boardId('Machine', []), 'machine-2')
    assert.equal(boardId('!!!', []), 'dashboard')
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (title) => assert.match(boardId(title, []), /^[a-z][a-z0-9-]{0,59}$/)))
  })
})
