import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExitStatus, RestartSpec } from '#contract/wire.ts'
import { afterExit, afterPrepareFailure, causeOfEnd, type EndReason, type Ending, freshRecord, recordFor, startAttempt, type SupervisionRecord } from './supervision.ts'
import { instanceSpec, quickRestart } from './testing/specs.ts'

const spec = instanceSpec('ins_1')
const crash: ExitStatus = { code: 1, signal: null, oom: false, at: new Date(0).toISOString() }
const clean: ExitStatus = { ...crash, code: 0 }

function running(restart: RestartSpec = quickRestart, ready = true, now = 0): SupervisionRecord {
  const record = startAttempt(freshRecord(spec), restart, now)
  if (record.next.do !== 'watch') throw new Error('not watched')
  return { ...record, next: { ...record.next, started: true, readyAt: ready ? new Date(now).toISOString() : null } }
}

const restarts = fc.record({
  policy: fc.constant('permanent' as const),
  intensity: fc.integer({ min: 0, max: 6 }),
  periodMs: fc.integer({ min: 100, max: 60_000 }),
  backoffMinMs: fc.integer({ min: 1, max: 2_000 }),
  backoffMaxMs: fc.integer({ min: 2_000, max: 30_000 }),
})

test('within any period there are never more restarts than the intensity allows, however the instance ends', () => {
  const life = fc.record({ ranMs: fc.integer({ min: 0, max: 80_000 }), ready: fc.boolean(), lateMs: fc.integer({ min: 0, max: 5_000 }), known: fc.boolean() })
  fc.assert(
    fc.property(restarts, fc.array(life, { minLength: 5, maxLength: 60 }), (restart, lives) => {
      let now = 1_000_000
      let record = freshRecord(spec)
      const started: number[] = []
      for (const [index, { ranMs, ready, lateMs, known }] of lives.entries()) {
        record = startAttempt(record, restart, now)
        if (index > 0) started.push(now)
        if (record.next.do === 'watch' && ready) record = { ...record, next: { ...record.next, readyAt: 'then' } }
        now += ranMs
        record = afterExit(record, { kind: 'service', restart }, { exit: known ? crash : null, ranMs }, now)
        assert.equal(record.next.do, 'start')
        if (record.next.do === 'start') now = Math.max(now, record.next.at) + lateMs
      }
      const most = Math.max(1, restart.intensity)
      for (const at of started) assert.ok(started.filter((other) => other > at - restart.periodMs && other <= at).length <= most)
      assert.equal(record.restarts, started.length)
    }),
  )
})

test('the cause of an end tells a program\'s own fault from what was done to it', () => {
  const exit = (more: Partial<ExitStatus>): ExitStatus => ({ code: null, signal: null, oom: false, at: '2026-05-01T00:00:00Z', ...more })
  const ending = (reason: EndReason): Ending => ({ reason, because: 'so', since: 0, drainMs: 0 })
  assert.equal(causeOfEnd(null, exit({ code: 1 })), 'crash')
  assert.equal(causeOfEnd(null, exit({ signal: 'SIGKILL' })), 'killed')
  assert.equal(causeOfEnd(null, exit({ signal: 'SIGKILL', oom: true })), 'oom')
  assert.equal(causeOfEnd(ending('unhealthy'), exit({ signal: 'SIGKILL' })), 'unhealthy')
  assert.equal(causeOfEnd(ending('frozen'), exit({ signal: 'SIGKILL' })), 'frozen')
  assert.equal(causeOfEnd(ending('restart'), exit({ code: 0 })), null)
})

test('a hold says how the last run ended, and what it said of it', () => {
  const restart = { policy: 'permanent' as const, intensity: 1, periodMs: 60_000, backoffMinMs: 10, backoffMaxMs: 10 }
  const end = (record: SupervisionRecord, said?: string) => afterExit(record, { kind: 'service', restart }, { exit: crash, ranMs: 5, ...(said === undefined ? {} : { said }) }, 0)
  const again = startAttempt(end(startAttempt(freshRecord(spec), restart, 0)), restart, 0)
  const [silent, speaking] = [end(again), end(again, 'Error: DATABASE_URL is not set')]
  assert.match(silent.next.do === 'start' ? silent.next.because : '', /^crash loop: .* after 5 ms; tried again in 1 min$/)
  assert.match(speaking.next.do === 'start' ? speaking.next.because : '', /after 5 ms, it said "Error: DATABASE_URL is not set"; tried again/)
})

test('a crash loop is held, and each hold lasts at least as long as the one before', () => {
  fc.assert(
    fc.property(restarts, (any) => {
      // with longer waits than these the restarts never get that close together
      const most = Math.floor(any.periodMs / (any.intensity + 2))
      const restart = { ...any, backoffMinMs: Math.min(any.backoffMinMs, most), backoffMaxMs: Math.min(any.backoffMaxMs, most) }
      let now = 0
      let record = freshRecord(spec)
      let longest = 0
      let holds = 0
      for (let i = 0; i < 30; i++) {
        record = startAttempt(record, restart, now)
        record = afterExit(record, { kind: 'service', restart }, { exit: crash, ranMs: 0 }, now)
        assert.ok(record.next.do === 'start')
        const wait = record.next.at - now
        if (record.next.held) {
          holds++
          assert.ok(wait >= longest && wait >= restart.periodMs)
          longest = wait
        } else assert.equal(holds, 0, 'once held, every further crash is held')
        now = record.next.at
      }
      assert.ok(holds > 0)
    }),
  )
})

test('one that was serving is replaced at once, one that never came up waits', () => {
  const served = afterExit(running(quickRestart, true), spec, { exit: crash, ranMs: 3_000 }, 3_000)
  assert.ok(served.next.do === 'start' && served.next.at === 3_000 && served.next.restart)
  const never = afterExit(running(quickRestart, false), spec, { exit: crash, ranMs: 10 }, 10)
  assert.ok(never.next.do === 'start' && never.next.at === 10 + quickRestart.backoffMinMs)
})

test('a period of calm after a hold starts the counting anew', () => {
  let record: SupervisionRecord = { ...running(), holds: 3 }
  record = afterExit(record, spec, { exit: crash, ranMs: quickRestart.periodMs }, quickRestart.periodMs)
  assert.equal(record.holds, 0)
  assert.ok(record.next.do === 'start' && !record.next.held && record.next.at === quickRestart.periodMs)
})

test('the restart policy decides which ends are followed by a start', () => {
  const next = (policy: RestartSpec['policy'], exit: ExitStatus | null) => afterExit(running(), { kind: 'service', restart: { ...quickRestart, policy } }, { exit, ranMs: 5 }, 5).next.do
  assert.equal(next('permanent', clean), 'start')
  assert.equal(next('transient', clean), 'none')
  assert.equal(next('transient', crash), 'start')
  assert.equal(next('transient', null), 'start')
  assert.equal(next('temporary', crash), 'none')
})

test('an instance ended for its health is restarted though it exited with 0', () => {
  const record = running()
  assert.ok(record.next.do === 'watch')
  const ending = { reason: 'unhealthy' as const, because: 'its health check failed 3 times in a row', since: 0, drainMs: 0 }
  const after = afterExit({ ...record, next: { ...record.next, ending } }, { kind: 'service', restart: { ...quickRestart, policy: 'transient' } }, { exit: clean, ranMs: 5 }, 5)
  assert.ok(after.next.do === 'start' && after.next.restart)
  assert.match(after.next.because, /health check failed 3 times/)
})

test('a one-shot never starts again, and keeps its exit', () => {
  const after = afterExit(running(), { kind: 'release', restart: quickRestart }, { exit: crash, ranMs: 5 }, 5)
  assert.equal(after.next.do, 'none')
  assert.equal(after.lastExit?.code, 1)
  assert.equal(recordFor({ id: 'ins_1', generation: 1 }, after).next.do, 'none')
})

test('a new generation starts with clean counts once nothing is watched, and keeps the number of restarts', () => {
  const held: SupervisionRecord = { ...running(), restarts: 7, holds: 2, next: { do: 'start', at: 99_999, restart: true, held: true, awaitNeeds: false, because: 'crash loop' } }
  const next = recordFor({ id: 'ins_1', generation: 2 }, held)
  assert.deepEqual([next.attempt, next.holds, next.restarts, next.next.do === 'start' && next.next.at], [0, 0, 7, 0])
  const watched = running()
  assert.equal(recordFor({ id: 'ins_1', generation: 2 }, watched), watched)
})

test('a start that could not be prepared uses up no restart, and is tried again ever more slowly', () => {
  let record = freshRecord(spec)
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    record = afterPrepareFailure(record, 'port 80 is taken', 0)
    assert.ok(record.next.do === 'start')
    if (record.next.do === 'start') waits.push(record.next.at)
  }
  assert.deepEqual(waits, waits.toSorted((a, b) => a - b))
  assert.deepEqual([record.attempt, record.restarts, record.recent.length], [0, 0, 0])
  assert.equal(startAttempt(record, quickRestart, 0).prepares, 0)
})

test('why the last run failed is kept for the next one to show, and forgotten when a restart was asked for', () => {
  const end = (record: SupervisionRecord, ending: Ending | null, said?: string): SupervisionRecord =>
    afterExit({ ...record, next: { ...record.next, ending } as SupervisionRecord['next'] }, { kind: 'service', restart: quickRestart }, { exit: crash, ranMs: 5, ...(said === undefined ? {} : { said }) }, 0)
  const failed = end(running(), { reason: 'startup', because: 'it did not become ready within 5 s: GET /up answered 404', since: 0, drainMs: 0 })
  assert.equal(startAttempt(failed, quickRestart, 0).lastFault, 'it did not become ready within 5 s: GET /up answered 404')
  assert.equal(end(startAttempt(failed, quickRestart, 0), null, 'Error: no config').lastFault, 'exited with code 1 after 5 ms, it said "Error: no config"')
  assert.equal(end(startAttempt(failed, quickRestart, 0), { reason: 'restart', because: 'asked', since: 0, drainMs: 0 }).lastFault, undefined)
})
