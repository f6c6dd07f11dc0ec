import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Span } from './traces.ts'
import { waterfallOf } from './waterfall.ts'

export function spanOf(spanId: string, parentId: string | null, atMs: number, durationMs: number, more: Partial<Span> = {}): Span {
  return { traceId: '1'.repeat(32), spanId, parentId, app: 'shop', environment: 'production', service: 'web', instance: null, name: spanId, kind: 'server', status: 'unset', byProxy: false, atMs, durationMs, attributes: {}, events: [], ...more }
}

const rowsOf = (spans: Span[]) => waterfallOf(spans).rows.map(({ span, depth, offsetMs, critical, orphan }) => `${'-'.repeat(depth)}${span.spanId} ${offsetMs}${critical ? '*' : ''}${orphan ? '?' : ''}`)

test('children stand below their parent in order, and the path that was waited for is marked', () => {
  const spans = [spanOf('db2', 'api', 1050, 40), spanOf('web', null, 1000, 100), spanOf('api', 'web', 1010, 85), spanOf('log', 'web', 1010, 5), spanOf('db1', 'api', 1015, 30)]
  assert.deepEqual(rowsOf(spans), ['web 0*', '-api 10*', '--db1 15*', '--db2 50*', '-log 10'])
})

test('what goes on after its parent has ended is not on the path, nor is what ran beside something longer', () => {
  assert.deepEqual(rowsOf([spanOf('web', null, 0, 50), spanOf('later', 'web', 40, 100), spanOf('a', 'web', 5, 40), spanOf('b', 'web', 5, 10)]), ['web 0*', '-a 5*', '-b 5', '-later 40'])
})

test('a span whose parent did not come stands at the top and says so; one sent twice stands once', () => {
  assert.deepEqual(rowsOf([spanOf('web', null, 0, 50), spanOf('lost', 'nobody', 10, 10), spanOf('web', null, 0, 50)]), ['web 0*', 'lost 10?'])
})

test('whatever parents are claimed, circles too: every span once, nothing longer than the whole, always an end', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const span = fc.record({ spanId: id, parentId: fc.option(id, { nil: null }), atMs: fc.nat(100), durationMs: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), (given) => {
      const spans = given.map((one) => spanOf(one.spanId, one.parentId, one.atMs, one.durationMs))
      const { rows, durationMs } = waterfallOf(spans)
      assert.deepEqual(rows.map((row) => row.span.spanId).sort(), [...new Set(spans.map((one) => one.spanId))].sort())
      for (const row of rows) assert.ok(row.offsetMs >= 0 && row.offsetMs + row.span.durationMs <= durationMs + 1e-9)
      if (rows.length > 0) assert.ok(rows.some((row) => row.critical))
    }),
  )
})
