import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { ReleaseTraffic } from '#watch/traffic/read.ts'
import type { ReleaseWindow } from './model.ts'
import { faultOf } from './verdict.ts'

type Drawn = { draw?: () => number; warming?: ReleaseTraffic['warming'] }

/** Answers around `ms`, spread over neighbouring buckets by `draw` (0 to 1). */
function traffic(requests: number, errorShare: number, ms: number, { draw = seeded(1), warming = { requests: 0, errors: 0 } }: Drawn = {}): ReleaseTraffic {
  const latency = Array.from({ length: latencyBucketsMs.length + 1 }, () => 0)
  let errors = 0
  for (let n = 0; n < requests; n++) {
    if (draw() < errorShare) errors++
    const took = ms * (0.5 + draw())
    const found = latencyBucketsMs.findIndex((bound) => took <= bound)
    const bucket = found === -1 ? latencyBucketsMs.length : found
    latency[bucket] = (latency[bucket] ?? 0) + 1
  }
  return { requests, errors, latency, warming }
}

const of = (services: Record<string, ReleaseTraffic>, more: Partial<ReleaseWindow> = {}): ReleaseWindow => ({ services, crashes: 0, ms: 300_000, ...more })

/** Of one service. */
function window(requests: number, errorShare: number, ms: number, { draw = seeded(1), ...more }: Partial<ReleaseWindow> & Drawn = {}): ReleaseWindow {
  return of({ web: traffic(requests, errorShare, ms, { draw }) }, more)
}

/** A generator of chance that a failing case can be repeated with (mulberry32). */
function seeded(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The verdict goes by chance, and is wrong once in thirty thousand looks: so these are always the same ones. */
const seed = 20_260_501

test('two releases that do the same are not told apart, however they are drawn', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 1, max: 5_000, noNaN: true }), (from, n, m, errorShare, ms) => {
      const draw = seeded(from)
      assert.equal(faultOf(window(n, errorShare, ms, { draw }), window(m, errorShare, ms, { draw })), null)
    }),
    { numRuns: 300, seed },
  )
})

test('a release that fails where the one before did not is condemned, with both numbers', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 100, max: 3_000 }), fc.double({ min: 0.3, max: 1, noNaN: true }), (from, n, errorShare) => {
      const draw = seeded(from)
      assert.match(faultOf(window(n, 0.01, 20, { draw }), window(n, errorShare, 20, { draw })) ?? '', /% of \d+ requests failed \(before: [\d.]+ % of \d+\)/)
    }),
    { numRuns: 200, seed },
  )
})

test('a release whose answers take several times as long is condemned, and one that is a little slower is not', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 100, max: 2_000 }), fc.double({ min: 50, max: 1_000, noNaN: true }), (from, n, ms) => {
      const draw = seeded(from)
      assert.match(faultOf(window(n, 0, ms, { draw }), window(n, 0, 8 * ms, { draw })) ?? '', /half of its answers take more than/)
      assert.equal(faultOf(window(n, 0, ms, { draw }), window(n, 0, 1.1 * ms, { draw })), null)
      assert.equal(faultOf(window(n, 0, ms, { draw }), window(n, 0, 8 * ms, { draw, ms: 14_000 })), null, 'it has just begun')
    }),
    { numRuns: 100, seed },
  )
})

test('crashes condemn without any traffic, unless the release before crashed as often', () => {
  const quiet = window(0, 0, 1)
  assert.equal(faultOf(quiet, { ...quiet, crashes: 3, ms: 300_000 }), 'its instances crashed or hung 3 times since the switch, 36 times an hour (before: 0)')
  assert.equal(faultOf({ ...quiet, crashes: 2 }, { ...quiet, crashes: 3 }), null)
  assert.equal(faultOf(quiet, { ...quiet, crashes: 2 }), null)
})

test('little traffic, on either side, gives no verdict', () => {
  assert.equal(faultOf(window(1_000, 0, 5), window(49, 1, 5)), null)
  assert.equal(faultOf(window(10, 0, 5), window(1_000, 1, 5)), null)
})

const anyTraffic = fc.record({ requests: fc.nat(300), errorShare: fc.constantFrom(0, 0.02, 0.5, 1), ms: fc.constantFrom(5, 80, 900), from: fc.integer() }).map(({ requests, errorShare, ms, from }) => traffic(requests, errorShare, ms, { draw: seeded(from) }))
const anyServices = fc.dictionary(fc.constantFrom('api', 'web', 'db'), anyTraffic)

test('services are never mixed: a release is at fault exactly when one of its services is, compared with itself', () => {
  fc.assert(
    fc.property(anyServices, anyServices, (before, after) => {
      const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
      const only = (name: string, all: Record<string, ReleaseTraffic>) => of(all[name] === undefined ? {} : { [name]: all[name] })
      const alone = names.map((name) => ({ name, fault: faultOf(only(name, before), only(name, after)) })).filter(({ fault }) => fault !== null)
      const together = faultOf(of(before), of(after))
      assert.equal(together === null, alone.length === 0)
      if (together !== null) assert.ok(alone.some(({ name, fault }) => together === (names.length === 1 ? fault : `${name}: ${fault}`)))
    }),
    { seed, numRuns: 300 },
  )
})

test('another mixture of services is no fault: the api fails a fifth in both releases, and only the new one is asked for it much', () => {
  const [api, web] = [traffic(1_000, 0.2, 5, { draw: seeded(1) }), traffic(2_000, 0, 5, { draw: seeded(2) })]
  assert.equal(faultOf(of({ api: traffic(200, 0.2, 5, { draw: seeded(3) }), web }), of({ api, web: traffic(60, 0, 5, { draw: seeded(4) }) })), null)
})

test('errors of instances that have just begun condemn nobody by themselves, and count once they go on', () => {
  const before = of({ web: traffic(500, 0, 5) })
  const began = { requests: 100, errors: 100 }
  const counts = (steady: { requests: number; errors: number }) => of({ web: { requests: began.requests + steady.requests, errors: began.errors + steady.errors, latency: [], warming: began } })
  assert.equal(faultOf(before, counts({ requests: 0, errors: 0 })), null)
  assert.equal(faultOf(before, counts({ requests: 9, errors: 9 })), null)
  assert.equal(faultOf(before, counts({ requests: 200, errors: 0 })), null)
  assert.equal(faultOf(before, counts({ requests: 200, errors: 1 })), null)
  assert.equal(faultOf(before, counts({ requests: 10, errors: 10 })), '100 % of 110 requests failed (before: 0 % of 500)')
  fc.assert(
    fc.property(fc.nat(2_000), fc.nat(2_000), fc.nat(500), (many, errors, steady) => {
      const warming = { requests: many, errors: Math.min(many, errors) }
      assert.equal(faultOf(before, of({ web: { requests: many + steady, errors: warming.errors, latency: [], warming } })), null)
    }),
  )
})

test('of a release that is over few failures are enough, when most of its answers were; nothing else is found sooner', () => {
  const few = fc.record({ requests: fc.integer({ min: 0, max: 49 }), before: fc.integer({ min: 0, max: 500 }) })
  fc.assert(
    fc.property(few, fc.nat(49), ({ requests, before }, failed) => {
      const errors = Math.min(failed, requests)
      const [was, is] = [of({ web: { ...traffic(before, 0, 20) } }), of({ web: { ...traffic(requests, 0, 20), errors } })]
      assert.equal(faultOf(was, is), null)
      assert.equal(faultOf(was, is, true) !== null, before >= 50 && errors >= 10 && errors * 2 > requests)
    }),
  )
  const warming = of({ web: { ...traffic(12, 1, 20), warming: { requests: 12, errors: 12 } } })
  assert.equal(faultOf(window(500, 0, 20), warming, true), null, 'the first two seconds still say nothing')
})
