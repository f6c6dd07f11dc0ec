import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventKind } from '#contract/events.ts'
import type { AppSummary, JournalEvent } from '#contract/model.ts'
import { type TonightFacts, marksOf, nightStart, tonight, whatNeedsPerson } from './tonight.ts'

const now = new Date(2026, 0, 2, 3, 0, 0)

function app(health: AppSummary['health'], services: AppSummary['services'] = [{ name: 'web', health, wanted: 1, ready: health === 'healthy' ? 1 : 0 }]): AppSummary {
  return { name: 'shop', environment: 'production', health, because: 'so', release: 1, url: null, createdAt: now.toISOString(), deployedAt: null, services, requestRate: 0, errorShare: 0 }
}

let id = 0
function event(kind: EventKind, minutesAgo: number, extra: Partial<JournalEvent> = {}): JournalEvent {
  return { id: ++id, at: new Date(now.getTime() - minutesAgo * 60_000).toISOString(), kind, actor: { kind: 'agent', name: 'm' }, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: null, release: 1, cause: null, summary: kind, data: {}, ...extra }
}

function facts(extra: Partial<TonightFacts>): TonightFacts {
  return { apps: [], events: [], machines: [], missingSecrets: [], sparklines: new Map(), now, ...extra }
}

test('the sentence says how the night is', () => {
  const cases: [Partial<TonightFacts>, string][] = [
    [{}, 'All quiet. Nothing runs here yet.'],
    [{ apps: [app('healthy')] }, 'All quiet. 1 service healthy.'],
    [{ apps: [app('healthy')], events: [event('instance.exited', 60), event('instance.ready', 59)] }, 'All quiet. 1 service healthy. 1 fault healed since 22:00.'],
    [{ apps: [app('working')] }, 'All quiet. 0 services healthy, 1 changing.'],
    [{ apps: [app('degraded')] }, '1 service is unwell. 0 services healthy.'],
    [{ apps: [app('down')], events: [event('instance.held', 5)] }, '1 thing needs a person. 0 services healthy.'],
  ]
  for (const [given, sentence] of cases) assert.equal(tonight(facts(given)).sentence, sentence)
})

test('a fault before 22:00 is not counted as of this night', () => {
  const early = (now.getTime() - nightStart(now).getTime()) / 60_000 + 30
  assert.equal(tonight(facts({ apps: [app('healthy')], events: [event('instance.exited', early), event('instance.ready', early - 1)] })).sentence, 'All quiet. 1 service healthy.')
})

test('a fault is healed by the same instance being ready again, and a first start heals nothing', () => {
  const kinds = (events: JournalEvent[]) => marksOf(events).map((mark) => mark.kind)
  assert.deepEqual(kinds([event('instance.ready', 3)]), [])
  assert.deepEqual(kinds([event('instance.exited', 3), event('instance.ready', 2, { instance: 'web.2' })]), ['fault'])
  assert.deepEqual(kinds([event('instance.exited', 3), event('instance.ready', 2)]), ['fault', 'healed'])
  assert.deepEqual(kinds([event('instance.held', 3), event('instance.ready', 2)]), ['held', 'healed'])
  assert.deepEqual(kinds([event('release.activated', 3), event('login.created', 2)]), ['change'])
})

test('a failed rollout needs a person until a later one works', () => {
  const failed = event('rollout.failed', 10)
  assert.equal(whatNeedsPerson({ apps: [app('healthy')], events: [failed], machines: [], missingSecrets: [] }).length, 1)
  assert.equal(whatNeedsPerson({ apps: [app('healthy')], events: [failed, event('release.activated', 5)], machines: [], missingSecrets: [] }).length, 0)
  assert.equal(whatNeedsPerson({ apps: [app('healthy')], events: [{ ...failed, data: { cancelled: true } }], machines: [], missingSecrets: [] }).length, 0)
})

test('every thing that needs a person comes with a way out', () => {
  const needs = whatNeedsPerson({
    apps: [app('down')],
    events: [event('instance.held', 5)],
    machines: [{ name: 'm', state: 'lost', driver: 'process', version: '1', os: 'Linux', cpus: 1, memoryBytes: 1, limits: [], lastSeenAt: now.toISOString(), instances: 1 }],
    missingSecrets: [{ app: 'shop', environment: 'production', names: ['KEY'], since: now.toISOString() }],
  })
  assert.equal(needs.length, 3)
  for (const need of needs) assert.match(need.wayOut, /nightshift /)
})
