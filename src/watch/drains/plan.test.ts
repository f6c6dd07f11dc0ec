import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DrainState, afterDropped, afterFailure, afterSent, isTooOld, maxBehindMs, waitMs } from './plan.ts'

const start: DrainState = { sent: 0, dropped: 0, untold: 0, told_at: null, last_sent_at: null, failures: 0, failing_since: null, failing_told: false, retry_at: null, last_error: null }
const t0 = new Date('2026-11-28T03:00:00Z')
const at = (ms: number) => new Date(t0.getTime() + ms)
const broken = { message: 'it answered 503', retryAfterMs: 0 }

test('failures make it wait longer, up to five minutes, and as long as the receiver asks', () => {
  let state = start
  const waits: number[] = []
  for (let nth = 0; nth < 12; nth++) {
    ;({ state } = afterFailure(state, broken, t0))
    waits.push(waitMs(state, t0) / 1000)
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
  assert.equal(waitMs(afterFailure(start, { ...broken, retryAfterMs: 90_000 }, t0).state, t0), 90_000)
})

test('the journal hears of a drain that fails for a minute, once, and of its recovery', () => {
  const first = afterFailure(start, broken, t0)
  assert.deepEqual(first.told, [])
  const second = afterFailure(first.state, broken, at(61_000))
  assert.deepEqual(second.told.map(({ kind }) => kind), ['drain.failing'])
  const third = afterFailure(second.state, broken, at(200_000))
  assert.deepEqual(third.told, [])
  const well = afterSent(third.state, 5, at(240_000))
  assert.deepEqual(well.told, [{ kind: 'drain.recovered', because: 'it takes lines again, after 4 min' }])
  assert.deepEqual(afterSent(first.state, 5, at(2000)).told, [], 'a short failure is no news')
})

test('a line is given up only behind a receiver that failed, and only after a day', () => {
  const failing = afterFailure(start, broken, at(-maxBehindMs - 60_000)).state
  assert.equal(isTooOld(failing, t0.getTime() - maxBehindMs - 1, t0), true)
  assert.equal(isTooOld(failing, t0.getTime() - maxBehindMs + 1, t0), false)
  assert.equal(isTooOld(start, 0, t0), false, 'a line that comes late by itself is sent')
})

test('however it goes, counts add up, every dropped line is told of in the end, and none twice', () => {
  const step = fc.record({ do: fc.constantFrom('send', 'fail', 'drop'), lines: fc.integer({ min: 1, max: 1000 }), ms: fc.integer({ min: 0, max: 4_000_000 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = start
      let now = t0
      let [sent, dropped, told] = [0, 0, 0]
      const tell = ({ because, kind }: { because: string; kind: string }) => void (kind === 'drain.dropped' && (told += Number.parseInt(because, 10)))
      for (const each of [...steps, { do: 'fail', lines: 1, ms: 0 }, { do: 'send', lines: 1, ms: 1 }]) {
        now = new Date(now.getTime() + each.ms)
        const next = each.do === 'send' ? afterSent(state, each.lines, now) : each.do === 'drop' ? afterDropped(state, each.lines, now) : afterFailure(state, broken, now)
        if (each.do === 'send') sent += each.lines
        if (each.do === 'drop') dropped += each.lines
        next.told.forEach(tell)
        state = next.state
      }
      assert.deepEqual([state.sent, state.dropped, told], [sent, dropped, dropped])
      assert.equal(waitMs(state, now), 0)
    }),
  )
})
