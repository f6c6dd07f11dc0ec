import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Point } from '#watch/metrics/model.ts'
import { type Track, newTrack, nextPoints } from './outgoing.ts'
import { readWriteRequest, sentLabels, snappy, writeRequest } from './wire.ts'

const t0 = 1_800_000_000_000
const second = 1000

test('whatever comes as additions goes out as a total that never falls, each point after the one before, and ends at what was added', () => {
  const turn = fc.record({ waitMs: fc.integer({ min: 1, max: 300_000 }), lateMs: fc.integer({ min: 0, max: 40_000 }), adds: fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 20_000 }), value: fc.integer({ min: 0, max: 100 }) }), { maxLength: 4 }) })
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 30 }), (turns) => {
      let track: Track = newTrack(t0, t0)
      let [now, newest, added] = [t0, t0, 0]
      const out: Point[] = []
      for (const { waitMs, lateMs, adds } of turns) {
        now += waitMs
        const points: Point[] = []
        // told late, and each after the one before it
        for (const { afterMs, value } of adds) if (newest + afterMs <= now - lateMs) points.push({ atMs: (newest += afterMs), value })
        added += points.reduce((sum, { value }) => sum + value, 0)
        const next = nextPoints('delta', track, points, now)
        track = next.track
        out.push(...next.points)
      }
      out.forEach(({ atMs, value }, at) => assert.ok(at === 0 || (atMs > (out[at - 1] as Point).atMs && value >= (out[at - 1] as Point).value)))
      assert.equal(out.at(-1)?.value ?? 0, added)
      assert.equal(track.readMs, newest)
    }),
  )
})

test('a total that was not told of for a while stands beside its rise, so that the rise is seen; and it is repeated while it may be looked at', () => {
  const first = nextPoints('delta', newTrack(t0, t0), [{ atMs: t0 + 10 * second, value: 3 }], t0 + 15 * second)
  assert.deepEqual(first.points, [{ atMs: t0 + 10 * second - 1, value: 0 }, { atMs: t0 + 10 * second, value: 3 }])
  assert.deepEqual(nextPoints('delta', first.track, [{ atMs: t0 + 20 * second, value: 1 }], t0 + 25 * second).points, [{ atMs: t0 + 20 * second, value: 4 }])
  let { track } = first
  const repeats: number[] = []
  for (let now = t0 + 20 * second; now < t0 + 3 * 3_600_000; now += 10 * second) {
    const next = nextPoints('delta', track, [], now)
    track = next.track
    repeats.push(...next.points.map(({ value }) => value))
  }
  assert.ok(repeats.length >= 50 && repeats.length <= 60 && repeats.every((value) => value === 3), `each minute for an hour, and no longer: ${repeats.length}`)
  const late = nextPoints('delta', track, [{ atMs: t0 + 4 * 3_600_000, value: 2 }], t0 + 4 * 3_600_000)
  assert.deepEqual(late.points.map(({ value }) => value), [3, 5])
})

test('an addition that is told after its total was repeated is not lost, and stands behind it', () => {
  const { track } = nextPoints('delta', newTrack(t0, t0), [{ atMs: t0 + second, value: 1 }], t0 + 2 * second)
  const repeated = nextPoints('delta', track, [], t0 + 120 * second)
  assert.deepEqual(repeated.points, [{ atMs: t0 + 90 * second, value: 1 }])
  const late = nextPoints('delta', repeated.track, [{ atMs: t0 + 60 * second, value: 5 }], t0 + 121 * second)
  assert.deepEqual(late.points, [{ atMs: t0 + 90 * second + 1, value: 6 }])
})

test('a total of a process before is never stood before', () => {
  const sentMs = t0 + 60 * second
  const { points } = nextPoints('delta', newTrack(t0, sentMs), [{ atMs: t0 + 10 * second, value: 2 }, { atMs: t0 + 70 * second, value: 1 }], t0 + 80 * second)
  assert.deepEqual(points, [{ atMs: sentMs + 1, value: 0 }, { atMs: sentMs + 2, value: 2 }, { atMs: t0 + 70 * second, value: 3 }])
})

test('gauges and counters go out as they are, and are not repeated', () => {
  for (const kind of ['gauge', 'counter'] as const) {
    const points = [{ atMs: t0 + 1, value: 5 }, { atMs: t0 + 2, value: -3 }]
    const next = nextPoints(kind, newTrack(t0, t0), points, t0 + 3)
    assert.deepEqual([next.points, next.track.readMs], [points, t0 + 2])
    assert.deepEqual(nextPoints(kind, next.track, [], t0 + 600_000).points, [])
  }
})

test('a request holds what was put into it, with names in order and nothing that the protocol forbids', () => {
  assert.deepEqual(sentLabels('up', { Zone: 'a', app: 'shop', from: '', __x: 'y', cluster: 'own' }, { cluster: 'eu', site: 'b' }), [
    { name: 'Zone', value: 'a' }, { name: '__name__', value: 'up' }, { name: 'app', value: 'shop' }, { name: 'cluster', value: 'own' }, { name: 'site', value: 'b' },
  ])
  const label = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), { maxKeys: 5, noNullPrototype: true })
  const points = fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 2 ** 43 }), value: fc.double({ noNaN: true }) }, { noNullPrototype: true }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(fc.record({ name: fc.stringMatching(/^[a-z_]{1,20}$/), labels: label, points }), { maxLength: 20 }), (series) => {
      const read = readWriteRequest(snappy.encode(writeRequest(series, {})))
      assert.deepEqual(read, series.map(({ name, labels, points: samples }) => ({ labels: { ...labels, __name__: name }, samples })))
    }),
  )
})
