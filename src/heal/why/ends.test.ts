import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventKind } from '#contract/events.ts'
import type { JournalEvent } from '#contract/model.ts'
import { endsOf } from './ends.ts'

const now = new Date('2026-05-01T03:10:00Z')
let id = 0

/** `ago` in seconds. */
function event(kind: EventKind, ago: number, data: Record<string, unknown> = {}, extra: Partial<JournalEvent> = {}): JournalEvent {
  const at = new Date(now.getTime() - ago * 1000).toISOString()
  return { id: ++id, at, kind, actor: { kind: 'agent', name: 'm1' }, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: 'm1', release: 2, cause: null, summary: 'shop/web.1 was ended by SIGKILL', data: { id: 'ins_1', ...data }, ...extra }
}
const killed = (ago: number, data = {}) => event('instance.exited', ago, { signal: 'SIGKILL', cause: 'killed', ...data })
const told = (events: JournalEvent[]) => endsOf(events, 'web', now)

test('an instance that was killed and is back: how, when, after how long, and from what that is known', () => {
  const events = [killed(250), event('instance.restarting', 250), event('instance.started', 249.8), event('instance.ready', 249, { address: { host: '127.0.0.1', port: 4000 } })]
  const [end, ...more] = told(events)
  assert.deepEqual(more, [])
  assert.deepEqual(end, {
    instance: 'web.1', endedAt: events[0]?.at, backAt: events[3]?.at, backAfterMs: 1000, fromOutside: true,
    sentence: 'shop/web.1 was ended by SIGKILL, 4 min 10 s ago; it was started again, and was in rotation after 1.0 s',
    knownFrom: 'its exit status, which the agent of m1 read', events: events.map((one) => one.id),
  })
})

const cases: [string, JournalEvent[], RegExp][] = [
  ['what listens on nothing is ready, and in no rotation', [killed(9), event('instance.restarting', 9), event('instance.ready', 7, { address: null })], /and was ready after 2\.0 s$/],
  ['one that is not back yet', [killed(9), event('instance.restarting', 9), event('instance.started', 8)], /it was started again, and is not ready yet$/],
  ['one that waits for its next start', [killed(9), event('instance.restarting', 9)], /it is about to be started again$/],
  ['one that is held', [killed(9), event('instance.held', 9)], /it is held$/],
  ['one that left meanwhile', [killed(9), event('instance.restarting', 9), event('instance.removed', 8)], /it was not ready again before it left$/],
  ['one that was ended for a reason', [killed(9, { because: 'it answers nothing' }), event('instance.restarting', 9)], /\(it answers nothing\), 9\.0 s ago/],
  ['an end that was noticed late happened before', [killed(9, { noticedAfterMs: 60_000 }), event('instance.restarting', 9), event('instance.ready', 8, { address: {} })], /1 min 9 s ago; .* in rotation after 1 min 1 s$/],
]
for (const [name, events, sentence] of cases) test(name, () => assert.match(told(events)[0]?.sentence ?? 'nothing', sentence))

test('each end of an instance counts, the newest stands first, and other services and other instances are not mixed in', () => {
  const other = { service: 'api', instance: 'api.1' }
  const events = [
    killed(90), event('instance.restarting', 90), killed(80), killed(80, { id: 'ins_2' }), event('instance.exited', 80, { id: 'ins_3' }, other), event('instance.restarting', 80),
    event('instance.restarting', 80, { id: 'ins_2' }), event('instance.restarting', 80, { id: 'ins_3' }, other), event('instance.ready', 78), event('instance.ready', 70, { id: 'ins_2' }),
  ]
  assert.deepEqual(told(events).map((end) => end.backAfterMs), [10_000, 2000, null])
  assert.equal(endsOf(events, 'api', now).length, 1)
})

test('what ended as it should is no such end: a one-off, a release command, a stop that was asked for, a restart by an operator', () => {
  assert.deepEqual(told([event('instance.exited', 9, { code: 1 }), event('instance.stopped', 8), event('instance.restarting', 7, {}, { actor: { kind: 'loop', name: 'rollouts' } }), event('instance.ready', 6)]), [])
})

test('what vanished is known from nothing but its absence, and what the machine knows of it', () => {
  const [end] = told([event('instance.vanished', 9), event('instance.restarting', 9), event('instance.ready', 8), event('instance.traced', 7, { trace: 'the engine knows: destroy at 03:07:12 (UTC), not by whom' })])
  assert.equal(end?.knownFrom, 'the agent of m1, which found it gone and no exit status; the engine knows: destroy at 03:07:12 (UTC), not by whom')
  assert.deepEqual([end?.fromOutside, end?.events.length], [true, 4])
})
