import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlowLine, TraceBudget, keepBecause } from './trace-choice.ts'
import { parseTraceparent, parseTracestate, TraceIds, traceLines } from './trace-context.ts'

const digits = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length }).filter((text) => /[1-9a-f]/.test(text))
const anyDigits = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

test('every traceparent of version 00 is read as it is written', () => {
  fc.assert(
    fc.property(digits(32), digits(16), anyDigits(2), (traceId, parentId, flags) => {
      assert.deepEqual(parseTraceparent(`00-${traceId}-${parentId}-${flags}`), { traceId, parentId, flags: Number.parseInt(flags, 16) & 3 })
    }),
  )
})

test('one character changed to what does not belong there, added or taken away makes it none', () => {
  const good = `00-${trace}-${span}-01`
  fc.assert(
    fc.property(fc.nat(54), fc.constantFrom('A', 'F', 'g', ' ', '-', '_', '\u00e9', '\0'), (at, wrong) => {
      fc.pre(good[at] !== wrong)
      assert.equal(parseTraceparent(good.slice(0, at) + wrong + good.slice(at + 1)), null)
    }),
  )
  fc.assert(fc.property(fc.nat(54), (at) => assert.equal(parseTraceparent(good.slice(0, at) + good.slice(at + 1)), null)))
  fc.assert(fc.property(fc.string({ minLength: 1 }), (more) => assert.equal(parseTraceparent(good + more), null)))
})

test('ids of zeros and version ff are refused; a later version is read by what this one knows of it', () => {
  assert.equal(parseTraceparent(`00-${'0'.repeat(32)}-${span}-01`), null)
  assert.equal(parseTraceparent(`00-${trace}-${'0'.repeat(16)}-01`), null)
  assert.equal(parseTraceparent(`ff-${trace}-${span}-01`), null)
  assert.deepEqual(parseTraceparent(`cc-${trace}-${span}-01`), { traceId: trace, parentId: span, flags: 1 })
  assert.deepEqual(parseTraceparent(`cc-${trace}-${span}-01-what-the-future-brings`), { traceId: trace, parentId: span, flags: 1 })
  assert.equal(parseTraceparent(`cc-${trace}-${span}-01.what-the-future-brings`), null)
})

test('a tracestate is passed on in order without what is empty, or not at all', () => {
  assert.equal(parseTracestate('rojo=00f067aa0ba902b7, congo=t61rcWkgMzE ,,'), 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')
  assert.equal(parseTracestate('fw529a3039@dt=FfffZ;a b'), 'fw529a3039@dt=FfffZ;a b')
  for (const bad of ['', '=1', 'a', 'a=', 'A=1', 'a=1,a=2', 'a=b=c', 'a=\u00e9', '@t=1', 'a@=1', 'a= \t', `${'k'.repeat(257)}=1`, `a=${'v'.repeat(257)}`]) assert.equal(parseTracestate(bad), '', bad)
  const many = Array.from({ length: 32 }, (_, n) => `k${n}=v`).join(',')
  assert.equal(parseTracestate(many), many)
  assert.equal(parseTracestate(`${many},one=more`), '')
})

test('whatever comes as tracestate, what leaves cannot break out of its line and reads the same again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.tuple(fc.string(), fc.string())).map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join(','))), (text) => {
      const state = parseTracestate(text)
      assert.doesNotMatch(state, /[^\x20-\x7e]/)
      assert.equal(parseTracestate(state), state)
    }),
  )
})

test('new ids are well formed and never the same; a span of ours stands under the caller’s', () => {
  const ids = new TraceIds()
  const seen = new Set<string>()
  for (let n = 0; n < 2_000; n++) {
    const begun = ids.begin(n % 2 === 0)
    const parent = parseTraceparent(/^traceparent: (.*)\r\n$/.exec(traceLines(begun))?.[1] ?? '')
    assert.deepEqual(parent, { traceId: begun.traceId, parentId: begun.spanId, flags: n % 2 === 0 ? 3 : 2 })
    const followed = ids.follow({ traceId: trace, parentId: span, flags: 1 }, 'a=1')
    assert.equal(traceLines(followed), `traceparent: 00-${trace}-${followed.spanId}-01\r\ntracestate: a=1\r\n`)
    assert.equal(followed.parentId, span)
    seen.add(begun.traceId).add(begun.spanId).add(followed.spanId)
  }
  assert.equal(seen.size, 6_000)
})

test('a budget gives its burst at once and its rate in the long run', () => {
  const budget = new TraceBudget(10, 50)
  let taken = 0
  for (let ms = 0; ms < 10_000; ms += 5) if (budget.take(ms)) taken++
  assert.ok(taken >= 148 && taken <= 150, `${taken}`)
})

test('slow is what is above the 99th percentile of late, at most a second, and follows the service', () => {
  const line = new SlowLine()
  assert.equal(line.add(900), false)
  assert.equal(line.add(1_001), true)
  let slow = 0
  for (let n = 0; n < 20_000; n++) if (line.add(10 + (n % 100 === 0 ? 90 : (n % 10) / 10))) slow++
  assert.ok(line.aboveMs < 120 && line.aboveMs > 10, `${line.aboveMs}`)
  assert.ok(slow < 600, `${slow}`)
  for (let n = 0; n < 30_000; n++) line.add(400)
  assert.ok(line.aboveMs >= 400 && line.aboveMs <= 600, `${line.aboveMs}`)
  for (let n = 0; n < 30_000; n++) line.add(4_000)
  assert.equal(line.aboveMs, 1_000)
})

test('what failed is kept first, then what was slow, then what is sampled; a client that left is no failure', () => {
  assert.equal(keepBecause('answered', 500, true, true), 'error')
  assert.equal(keepBecause('stale', 200, false, false), 'error')
  assert.equal(keepBecause('answered', 404, true, false), 'slow')
  assert.equal(keepBecause('answered', 200, false, true), 'sampled')
  assert.equal(keepBecause('aborted', 499, false, false), null)
})
