import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventKind } from '#contract/events.ts'
import type { Alert } from '#contract/healing.ts'
import type { AppSummary, JournalEvent, Machine } from '#contract/model.ts'
import { marksOf } from './marks.ts'
import { type NeedsFacts, whatNeedsPerson } from './needs.ts'
import { type TonightFacts, nightStart, tonight } from './tonight.ts'

const now = new Date('2026-01-02T03:00:00Z')
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString()

type App = TonightFacts['apps'][number]
type Instance = App['services'][number]['instances'][number]

function instance(state: Instance['state'], extra: Partial<Instance> = {}): Instance {
  return { name: 'web.1', kind: 'service', state, because: 'it exits with code 1 right after its start', restarts: 0, startedAt: minutesAgo(30), lastExit: null, ...extra }
}

function app(health: AppSummary['health'], extra: Partial<App> = {}, instances: Instance[] = []): App {
  const services = [{ name: 'web', health, because: 'web.1: so', wanted: 1, ready: health === 'healthy' ? 1 : 0, instances }]
  return { name: 'shop', environment: 'production', health, because: 'so', release: 1, url: null, createdAt: minutesAgo(3000), deployedAt: minutesAgo(2000), requestRate: 0, errorShare: 0, rollout: null, services, ...extra } as App
}

const rollout = (state: 'failed' | 'finished'): NonNullable<App['rollout']> => ({ id: 'rol_1', release: 4, fromRelease: 3, state, because: 'web.1 was not ready within 1 min', startedAt: minutesAgo(9), finishedAt: minutesAgo(8), steps: [] })

let id = 0
function event(kind: EventKind, ago: number, extra: Partial<JournalEvent> = {}): JournalEvent {
  return { id: ++id, at: minutesAgo(ago), kind, actor: { kind: 'agent', name: 'm' }, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', machine: null, release: 1, cause: null, summary: kind, data: {}, ...extra }
}

const lost: Machine = { name: 'm2', state: 'lost', driver: 'process', version: '1', os: 'Linux', cpus: 1, memoryBytes: 1, limits: [], lastSeenAt: minutesAgo(4), instances: 1, tags: [] }

function facts(extra: Partial<TonightFacts>): TonightFacts {
  return { apps: [], events: [], machines: [], missingSecrets: [], alerts: [], sparklines: new Map(), now, zone: 'UTC', ...extra }
}
const needs = (extra: Partial<NeedsFacts>) => whatNeedsPerson({ apps: [], events: [], machines: [], missingSecrets: [], alerts: [], now, ...extra })

const healed = (from: number) => [event('instance.exited', from), event('instance.ready', from - 1)]
const sentences: [string, Partial<TonightFacts>][] = [
  ['All quiet. Nothing runs here yet.', {}],
  ['1 thing needs a person. Nothing runs here yet.', { machines: [lost] }],
  ['All quiet. 1 service healthy.', { apps: [app('healthy')] }],
  ['All quiet. 3 services healthy.', { apps: [app('healthy'), app('healthy', { name: 'a' }), app('healthy', { name: 'b' })] }],
  ['All quiet. 1 service healthy. 1 fault healed since 22:00.', { apps: [app('healthy')], events: healed(60) }],
  ['All quiet. 1 service healthy. 2 faults healed since 22:00.', { apps: [app('healthy')], events: [...healed(60), ...healed(50)] }],
  ['All quiet. 1 service healthy.', { apps: [app('healthy')], events: healed(5 * 60 + 30) }],
  ['All quiet. 0 services healthy, 1 changing.', { apps: [app('working')] }],
  ['1 service is being healed. 0 services healthy.', { apps: [app('degraded')] }],
  ['1 service is being healed. 0 services healthy.', { apps: [app('down', {}, [instance('backoff')])], events: [event('instance.exited', 1)] }],
  ['1 thing needs a person. 0 services healthy.', { apps: [app('down', {}, [instance('held')])], events: [event('instance.held', 5)] }],
  ['2 things need a person. 1 service healthy.', { apps: [app('healthy', { rollout: rollout('failed') })], machines: [lost] }],
]
for (const [sentence, given] of sentences)
  test(`tonight says: ${sentence}`, () => assert.equal(tonight(facts(given)).sentence, sentence))

const alert = (extra: Partial<Alert> = {}): Alert => ({ id: 'alr_1', target: 'check:chk_1', app: null, environment: null, service: null, machine: null, severity: 'critical', title: 'front is down', because: 'no answer', wayOut: 'nightshift checks show front', remediation: null, raisedAt: minutesAgo(4), clearedAt: null, ...extra } as Alert)

test('nothing is quiet while an alert is open, and what is told of already is not told twice', () => {
  const told = tonight(facts({ apps: [app('healthy')], alerts: [alert()] }))
  assert.deepEqual([told.sentence, told.quiet], ['1 thing needs a person. 1 service healthy.', false])
  assert.deepEqual(told.needsPerson, [{ app: '', environment: '', service: null, what: 'front is down', since: minutesAgo(4), wayOut: 'nightshift checks show front', alert: 'alr_1' }])
  const held = app('down', {}, [instance('held')])
  const whose = { app: 'shop', environment: 'production', service: 'web' }
  assert.equal(needs({ apps: [held], alerts: [alert(whose)] }).length, 1)
  assert.equal(needs({ apps: [held], alerts: [alert({ ...whose, service: 'api' })] }).length, 2)
  assert.equal(needs({ machines: [lost], alerts: [alert({ machine: 'm2' })] }).length, 1)
})

test('it is quiet when nobody is needed and nothing is being healed', () => {
  assert.equal(tonight(facts({ apps: [app('healthy')] })).quiet, true)
  assert.equal(tonight(facts({ apps: [app('degraded')] })).quiet, false)
  assert.equal(tonight(facts({ apps: [app('healthy')], machines: [lost] })).quiet, false)
})

test('the night begins at 22:00 of its zone, also when the clocks change', () => {
  const cases: [string, string, string][] = [
    ['2026-01-02T03:00:00Z', 'UTC', '2026-01-01T22:00:00.000Z'],
    ['2026-01-02T22:00:00Z', 'UTC', '2026-01-02T22:00:00.000Z'],
    ['2026-01-02T21:59:59Z', 'UTC', '2026-01-01T22:00:00.000Z'],
    ['2026-01-02T03:00:00Z', 'Asia/Tokyo', '2026-01-01T13:00:00.000Z'],
    ['2026-03-29T06:00:00Z', 'Europe/Berlin', '2026-03-28T21:00:00.000Z'],
    ['2026-03-29T20:30:00Z', 'Europe/Berlin', '2026-03-29T20:00:00.000Z'],
  ]
  for (const [at, zone, start] of cases) assert.equal(nightStart(new Date(at), zone).toISOString(), start, `${at} ${zone}`)
})

const agent = { actor: { kind: 'agent', name: 'm' } } as const
const marks: [string, JournalEvent[], string[]][] = [
  ['a first start heals nothing', [event('instance.started', 4), event('instance.ready', 3)], []],
  ['another instance being ready heals nothing', [event('instance.exited', 3), event('instance.ready', 2, { instance: 'web.2' })], ['fault']],
  ['an exit is healed by the same instance being ready', [event('instance.exited', 3, { data: { code: 1 } }), event('instance.restarting', 3, agent), event('instance.ready', 2)], ['fault', 'healed']],
  ['three restarts until it stood are one fault', [event('instance.exited', 5), event('instance.exited', 4), event('instance.exited', 3), event('instance.ready', 2)], ['fault', 'healed']],
  ['a held instance is a mark of its own', [event('instance.exited', 4), event('instance.held', 3), event('instance.ready', 2)], ['fault', 'held', 'healed']],
  ['a one-off that ends well is no fault', [event('instance.exited', 3, { data: { code: 0 } })], []],
  ['a service that ends with 0 and has to be started again is one', [event('instance.exited', 3, { data: { code: 0 } }), event('instance.restarting', 3, agent), event('instance.ready', 2)], ['fault', 'healed']],
  ['a restart that was asked for is no fault', [event('instance.stopped', 3), event('instance.restarting', 3, { actor: { kind: 'loop', name: 'rollouts' } }), event('instance.ready', 2)], []],
  ['a lost machine is healed by its return', [event('machine.lost', 3, { instance: null, machine: 'm2' }), event('machine.connected', 2, { instance: null, machine: 'm2' })], ['fault', 'healed']],
  ['changes are ticks, sign-ins are not', [event('release.activated', 3), event('config.changed', 2), event('login.created', 2)], ['change', 'change']],
]
for (const [what, events, kinds] of marks) test(what, () => assert.deepEqual(marksOf(events).map((mark) => mark.kind), kinds))

test('what is being healed needs nobody; what has been down for five minutes does', () => {
  const down = app('down', {}, [instance('backoff')])
  assert.deepEqual(needs({ apps: [down], events: [event('instance.exited', 4)] }), [])
  assert.deepEqual(needs({ apps: [app('degraded', {}, [instance('backoff')])], events: [event('instance.exited', 40)] }), [])
  assert.equal(needs({ apps: [down], events: [event('instance.exited', 6), event('instance.exited', 1)] })[0]?.since, minutesAgo(6))
  assert.equal(needs({ apps: [down], events: [event('instance.exited', 60), event('instance.ready', 59), event('instance.exited', 1)] }).length, 0)
  assert.equal(needs({ apps: [down] }).length, 1)
})

test('held instances need a person, each by name, and so does one that is not started again', () => {
  const apps = [app('down', {}, [instance('held'), instance('held', { name: 'web.2' }), instance('exited', { name: 'web.3', lastExit: { code: 2, signal: null, oom: false, at: minutesAgo(7) } }), instance('exited', { name: 'run.1', kind: 'run' })])]
  assert.deepEqual(needs({ apps }).map((need) => need.what.split(':')[0]), ['web.1 is held', 'web.2 is held', 'web.3 has ended and is not started again'])
})

test('a failed rollout needs a person until a later one works', () => {
  assert.match(needs({ apps: [app('healthy', { rollout: rollout('failed') })] })[0]?.what ?? '', /^v4 was given up: .*; v3 serves on$/)
  assert.deepEqual(needs({ apps: [app('healthy', { rollout: rollout('finished') })] }), [])
})

test('every thing that needs a person comes with a way out, and a missing secret explains the failed rollout', () => {
  const list = needs({
    apps: [app('down', { environment: 'staging', rollout: rollout('failed') }, [instance('held')])],
    machines: [lost],
    missingSecrets: [{ app: 'shop', environment: 'staging', names: ['KEY'], since: now.toISOString() }],
  })
  assert.deepEqual(list.map((need) => need.wayOut), [
    'start its agent again: nightshift up (on m2)',
    'nightshift secrets set KEY -a shop -e staging',
    'see nightshift logs -a shop -e staging -i web.1, mend it and deploy again, or nightshift rollback -a shop -e staging',
  ])
})
