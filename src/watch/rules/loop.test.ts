import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSecretBox } from '#base/secretbox.ts'
import { ruleSpecSchema } from '#contract/alerting.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { openApps } from '#run/apps/service.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { mostFiring, rulesTurn } from './loop.ts'
import { readRules, readStates, ruleViews } from './read.ts'
import { findRule, importRules, putRule, removeRule, setRuleMode } from './service.ts'
import { memoryMetrics } from './testing/memory-metrics.ts'
import { tryRule } from './trial.ts'

const minute = 60_000
const start = Date.parse('2026-03-01T00:00:00Z')
const at = (minutes: number) => new Date(start + minutes * minute)
const admin: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }
const limited: Caller = { actor: { kind: 'token', name: 'ci' }, access: 'deploy', apps: ['blog'] }
const queue = ruleSpecSchema.parse({ title: 'The queue is long', measure: { metric: 'queue_length', fn: 'last' }, condition: { kind: 'threshold', is: '>', value: 100 }, forMs: 2 * minute, severity: 'critical', summary: 'The queue of {place} holds {value} (more than {threshold})' })
const labels = { app: 'shop', environment: 'production', service: 'worker' }
/** Long from minute 10 to 20. */
const between = (atMs: number) => (atMs >= start + 10 * minute && atMs < start + 20 * minute ? 500 : 3)
const alertsOf = (db: Database) => listAlerts(db, { apps: null, open: true, limit: 200 })

async function withDatabase(work: (db: Database) => Promise<void>): Promise<void> {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    await work(db)
  } finally {
    await db.close()
  }
}

test('a rule raises one alert when its condition has held, and clears it when it does not', () =>
  withDatabase(async (db) => {
    const query = memoryMetrics([{ metric: 'queue_length', labels, valueAt: between }])
    await putRule(db, 'queue', queue, admin, at(0))
    for (const minutes of [5, 10, 11]) await rulesTurn(db, query, at(minutes))
    assert.deepEqual(await alertsOf(db), [], 'it holds, and not for long enough')
    assert.equal((await readStates(db)).get('queue')?.[0]?.state, 'pending')
    for (const minutes of [12, 13, 14]) await rulesTurn(db, query, at(minutes))
    const [alert, ...more] = await alertsOf(db)
    assert.deepEqual(more, [])
    assert.deepEqual([alert?.target, alert?.app, alert?.environment, alert?.service, alert?.severity, alert?.title, alert?.because], ['rule:queue:app=shop,environment=production,service=worker', 'shop', 'production', 'worker', 'critical', 'The queue is long: shop/worker', 'The queue of shop/worker holds 500 (more than 100)'])
    await rulesTurn(db, query, at(21))
    assert.deepEqual(await alertsOf(db), [])
    const events = await db.query<{ summary: string }>(`SELECT summary FROM events WHERE kind LIKE 'alert.%' ORDER BY id`)
    assert.equal(events.at(-1)?.summary, 'over: The queue is long: shop/worker; 3 (> 100)')
  }))

test('a rule that is switched off or removed takes its alerts with it, and one that cannot be read silences no other', () =>
  withDatabase(async (db) => {
    const inner = memoryMetrics([{ metric: 'queue_length', labels, valueAt: () => 500 }])
    const query: typeof inner = async (asked, apps) => {
      if (asked.metric === 'broken') throw new Error('no such chunk')
      return inner(asked, apps)
    }
    await putRule(db, 'a-broken', ruleSpecSchema.parse({ ...queue, measure: { metric: 'broken' } }), admin, at(0))
    await putRule(db, 'queue', { ...queue, forMs: 0 }, admin, at(0))
    const report = await rulesTurn(db, query, at(0))
    assert.ok(report.waiting.includes('a-broken: no such chunk'))
    assert.equal((await alertsOf(db)).length, 1)
    await setRuleMode(db, 'queue', { mode: 'off' }, admin, at(1))
    await rulesTurn(db, query, at(1))
    assert.equal((await alertsOf(db)).length, 0)
    await setRuleMode(db, 'queue', { mode: 'on' }, admin, at(2))
    await rulesTurn(db, query, at(2))
    assert.equal((await alertsOf(db)).length, 1)
    await removeRule(db, 'queue', admin, at(3))
    await rulesTurn(db, query, at(3))
    assert.equal((await alertsOf(db)).length, 0)
    assert.equal((await readStates(db)).size, 0)
  }))

test('a rule of people that this version cannot read is an alert with its reason, and no other is silent for it', () =>
  withDatabase(async (db) => {
    const query = memoryMetrics([{ metric: 'queue_length', labels, valueAt: () => 500 }])
    await putRule(db, 'queue', { ...queue, forMs: 0 }, admin, at(0))
    await db.query(`INSERT INTO rules (id, spec, changed_by, changed_at) VALUES ('later', '{"title": "later", "condition": {"kind": "of a later time"}}', 'rosa', now())`)
    await rulesTurn(db, query, at(0))
    const told = (await alertsOf(db)).map(({ target, because }) => [target, because] as const)
    assert.equal(told.length, 2)
    assert.match(told.find(([target]) => target === 'rule:declared://later')?.[1] ?? '', /condition/)
    await assert.rejects(removeRule(db, 'later', limited, at(1)), /cannot be read: nobody can tell/)
    await removeRule(db, 'later', admin, at(1))
    await rulesTurn(db, query, at(1))
    assert.equal((await alertsOf(db)).length, 1)
  }))

test('what a destroyed app counted keeps no alert open, nor does an environment that it is made again without; an app that never was here is no such thing', () =>
  withDatabase(async (db) => {
    const actor = admin.actor
    const restarts = (app: string, environment = 'production') => ({ metric: 'nightshift_instance_restarts_total', labels: { app, environment, service: 'web' }, valueAt: (atMs: number) => ((atMs - start) / (60 * minute)) * 6 })
    const query = memoryMetrics([restarts('shop'), restarts('shop', 'staging'), restarts('blog'), restarts('elsewhere')])
    const apps = openApps({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')) })
    const create = (app: string, environment: string, minutes: number) => apps.create({ app, environment, actor, now: at(minutes) })
    const open = async (minutes: number) => {
      await rulesTurn(db, query, at(minutes))
      return (await alertsOf(db)).map(({ app, environment }) => `${app}/${environment}`).sort()
    }
    for (const [app, environment] of [['shop', 'production'], ['shop', 'staging'], ['blog', 'production']] as const) await create(app, environment, 0)
    assert.deepEqual(await open(360), ['blog/production', 'elsewhere/production', 'shop/production', 'shop/staging'])
    await apps.destroy({ app: 'shop', environment: 'production', actor, now: at(361) }, 'shop')
    assert.deepEqual(await open(361), ['blog/production', 'elsewhere/production'])
    const [over] = await db.query<{ summary: string }>(`SELECT summary FROM events WHERE kind = 'alert.cleared' AND environment = 'staging'`)
    assert.equal(over?.summary, 'over: A service is restarted again and again: shop/staging/web; shop was destroyed')
    assert.deepEqual([...(await readStates(db)).get('instance-restarts') ?? []].map(({ labels }) => labels['app']), ['blog', 'elsewhere'], 'and is not looked at any more')
    await create('shop', 'production', 362)
    assert.equal((await open(362)).includes('shop/staging'), false)
  }))

test('a rule that is off for a time alerts of nothing until then, and is on again by itself', () =>
  withDatabase(async (db) => {
    const query = memoryMetrics([{ metric: 'queue_length', labels, valueAt: () => 500 }])
    await putRule(db, 'queue', { ...queue, forMs: 0 }, admin, at(0))
    await rulesTurn(db, query, at(0))
    await setRuleMode(db, 'queue', { mode: 'off', forMs: 10 * minute }, admin, at(1))
    await rulesTurn(db, query, at(1))
    assert.deepEqual([(await alertsOf(db)).length, (await findRule(db, 'queue', admin)).offUntil], [0, at(11)])
    await rulesTurn(db, query, at(10))
    assert.equal((await alertsOf(db)).length, 0)
    const { actions } = await rulesTurn(db, query, at(11))
    assert.ok(actions.includes('queue is on again'))
    assert.deepEqual([(await alertsOf(db)).length, (await findRule(db, 'queue', admin)).mode], [1, 'on'])
    // for a time, and then for good
    await setRuleMode(db, 'queue', { mode: 'off', forMs: minute }, admin, at(12))
    await setRuleMode(db, 'queue', { mode: 'off' }, admin, at(12))
    await rulesTurn(db, query, at(20))
    assert.deepEqual([(await findRule(db, 'queue', admin)).mode, (await findRule(db, 'queue', admin)).offUntil], ['off', null])
    await assert.rejects(setRuleMode(db, 'queue', { mode: 'on', forMs: minute }, admin, at(20)), /off for a time, not on/)
  }))

test('a rule that is wrong about everything raises a bounded number of alerts', () =>
  withDatabase(async (db) => {
    const query = memoryMetrics(Array.from({ length: mostFiring + 20 }, (_, nth) => ({ metric: 'queue_length', labels: { ...labels, service: `s${nth}` }, valueAt: () => 500 })))
    await putRule(db, 'queue', { ...queue, forMs: 0 }, admin, at(0))
    await rulesTurn(db, query, at(0))
    await rulesTurn(db, query, at(1))
    assert.equal((await alertsOf(db)).length, mostFiring)
  }))

test('a caller of some apps makes rules about these only', () =>
  withDatabase(async (db) => {
    await assert.rejects(putRule(db, 'queue', queue, limited, at(0)), /limited to blog: a rule it makes must name one of these in where\.app/)
    const own = ruleSpecSchema.parse({ ...queue, measure: { metric: 'queue_length', where: { app: 'blog' } } })
    await putRule(db, 'queue', own, limited, at(0))
    await putRule(db, 'other', queue, admin, at(0))
    await assert.rejects(putRule(db, 'other', own, limited, at(0)), /limited to blog/)
    await assert.rejects(setRuleMode(db, 'http-errors', { mode: 'off' }, limited, at(0)), /limited to blog/)
    await assert.rejects(removeRule(db, 'http-errors', admin, at(0)), /comes with Nightshift .*nightshift rules mode http-errors off/)
    await assert.rejects(removeRule(db, 'queu', admin, at(0)), /no rule "queu" \(did you mean queue\?\)/)
    await assert.rejects(putRule(db, 'x', { ...queue, scope: 'tga:db' }, admin, at(0)), /"tga" is not a field/)
    await assert.rejects(putRule(db, 'x', { ...queue, scope: ' ' }, admin, at(0)), /the scope is an empty query/)
    // what is of another app is not theirs to see, whether a measure says so or the scope
    for (const [id, scope] of [['theirs', 'app:shop tag:db'], ['ours', 'app:b* or app:shop'], ['not-one', '-app:blog service:web']] as const) await putRule(db, id, { ...queue, scope }, admin, at(0))
    const seen = ruleViews(await readRules(db), new Map(), limited.apps).filter(({ origin }) => origin === 'own').map(({ id }) => id)
    assert.deepEqual(seen, ['not-one', 'other', 'ours', 'queue'])
    await assert.rejects(findRule(db, 'theirs', limited), /no rule "theirs"/)
  }))

test('the share of errors is silent while there is little traffic, and is 0 where nothing failed', () =>
  withDatabase(async (db) => {
    const counter = (metric: Record<string, string>, perMinute: number) => ({ metric: 'nightshift_http_requests_total', labels: { ...metric, environment: 'production', service: 'web' }, valueAt: (atMs: number) => ((atMs - start) / minute) * perMinute })
    // as the store answers `by`: one series for all classes, so the test has the classes apart in the label that `where` names
    const all = [counter({ app: 'busy' }, 1000), counter({ app: 'calm' }, 1000), counter({ app: 'rare' }, 2)]
    const failed = [counter({ app: 'busy' }, 100), counter({ app: 'rare' }, 2)]
    const [byClass, whole] = [memoryMetrics(failed), memoryMetrics(all)]
    const query: typeof whole = ({ where, ...asked }, apps) => (where['class'] === undefined ? whole({ ...asked, where }, apps) : byClass({ ...asked, where: {} }, apps))
    for (let minutes = 30; minutes <= 36; minutes++) await rulesTurn(db, query, at(minutes))
    const open = await alertsOf(db)
    assert.deepEqual(open.map(({ app, because }) => [app, because]), [['busy', '10 % of the requests of busy/web fail (> 5 %)']])
  }))

test('a clock that is off, and a service that crashes all day long, are told of by rules that come with Nightshift; a few crashes are not', () =>
  withDatabase(async (db) => {
    const clock = (machine: string, seconds: number) => ({ metric: 'nightshift_machine_clock_offset_seconds', labels: { machine }, valueAt: () => seconds })
    const restarts = (service: string, perHour: number) => ({ metric: 'nightshift_instance_restarts_total', labels: { app: 'shop', environment: 'production', service }, valueAt: (atMs: number) => ((atMs - start) / (60 * minute)) * perHour })
    const query = memoryMetrics([clock('n1', 0.02), clock('n2', 3), clock('n3', -40), restarts('web', 6), restarts('api', 1)])
    for (let minutes = 360; minutes <= 366; minutes++) await rulesTurn(db, query, at(minutes))
    assert.deepEqual((await alertsOf(db)).map(({ because }) => because).sort(), [
      'Instances of shop/web were restarted 36 times in six hours (> 20)', 'The clock of the machine n2 is 3.0 s ahead of that of control (> 2.0 s)', 'The clock of the machine n3 is off by −40 s against that of control (< −2.0 s)',
    ])
  }))

test('a trial of the past tells when a rule would have fired, series by series, in scope and in sight', async () => {
  const hours = (n: number) => start + n * 60 * minute
  const query = memoryMetrics([
    { metric: 'queue_length', labels, valueAt: (atMs) => (atMs >= hours(3) && atMs < hours(4) ? 500 : 3) },
    { metric: 'queue_length', labels: { ...labels, app: 'blog' }, valueAt: () => 3 },
  ])
  const now = new Date(hours(12))
  const trial = await tryRule(queue, 12, now, { query, apps: null, inScope: () => true })
  assert.equal(trial.threshold, 100)
  assert.deepEqual(trial.series.map((one) => [one.labels['app'], one.fired.map(({ from, to }) => [from, to])]), [['shop', [['2026-03-01T03:05:00.000Z', '2026-03-01T04:00:00.000Z']]], ['blog', []]])
  assert.match(trial.series[0]?.fired[0]?.because ?? '', /The queue of shop\/worker holds 500/)
  assert.deepEqual((await tryRule(queue, 12, now, { query, apps: ['blog'], inScope: () => true })).series.map((one) => one.labels['app']), ['blog'])
  // a rule whose windows overlap sees the same, more finely
  const wide = await tryRule({ ...queue, windowMs: 50 * minute }, 12, now, { query, apps: null, inScope: () => true })
  assert.equal(wide.stepMs, 10 * minute)
  assert.deepEqual(wide.series[0]?.fired.map(({ from }) => from), ['2026-03-01T03:10:00.000Z'])
})

test('absence is told of a series that was there, and of one that never came', async () => {
  const query = memoryMetrics([{ metric: 'heartbeat', labels: { app: 'shop' }, valueAt: (atMs) => (atMs < start + 60 * minute ? 1 : null) }])
  const spec = ruleSpecSchema.parse({ title: 'No heartbeat', measure: { metric: 'heartbeat' }, condition: { kind: 'absence' }, summary: '{place} is silent' })
  const trial = await tryRule(spec, 2, at(120), { query, apps: null, inScope: () => true })
  assert.deepEqual(trial.series.map((one) => one.fired.map(({ from }) => from)), [['2026-03-01T01:00:00.000Z']])
  const never = await tryRule({ ...spec, measure: { ...spec.measure, metric: 'other', where: { app: 'shop' } } }, 1, at(120), { query, apps: null, inScope: () => true })
  assert.deepEqual([never.series[0]?.series, never.series[0]?.fired.length], ['app=shop', 1])
})

test('what is usual at each hour comes with a trial, and a condition that does not go by it has none', async () => {
  const query = memoryMetrics([{ metric: 'queue_length', labels, valueAt: (atMs) => 100 + ((atMs / (60 * minute)) % 24) + (atMs >= start + 20 * 24 * 60 * minute ? 900 : 0) }])
  const now = new Date(start + (20 * 24 + 1) * 60 * minute)
  const trial = await tryRule({ ...queue, forMs: 0, condition: { kind: 'unusual', days: [1, 2, 3, 4], side: 'above', factor: 5 } }, 2, now, { query, apps: null, inScope: () => true })
  const [one] = trial.series
  const [from, to] = one?.usual?.at(-1) ?? []
  assert.ok(from !== undefined && to !== undefined && from < 101 && to > 101 && to < 200, `${from} to ${to}`)
  assert.equal(one?.usual?.length, one?.points.length)
  assert.deepEqual(one?.fired.map((each) => each.from), [new Date(start + 20 * 24 * 60 * minute).toISOString()])
  assert.equal((await tryRule(queue, 2, now, { query, apps: null, inScope: () => true })).series[0]?.usual, null)
})

test('a file that is imported says first what it would do, and rules know where they come from', () =>
  withDatabase(async (db) => {
    await putRule(db, 'queue-long', queue, admin, at(0))
    const text = `groups: [{ name: a, rules: [{ alert: QueueLong, expr: queue_length > 5 }, { alert: Up, expr: "up{app='blog'} == 0" }, { alert: Odd, expr: x unless y }] }]`
    const dry = await importRules(db, { text, source: 'a.yml', save: false }, admin, at(1))
    assert.deepEqual([dry.saved, dry.rules.map(({ id, about, replaces }) => [id, about, replaces])], [false, [['queue-long', 'last of queue_length over 5 min > 5', true], ['up', 'last of up{app=blog} over 5 min == 0', false]]])
    assert.deepEqual((await readRules(db)).find(({ id }) => id === 'queue-long')?.spec, queue)
    const mine = await importRules(db, { text, source: 'a.yml', save: false }, limited, at(1))
    assert.deepEqual([mine.rules.map(({ id }) => id), mine.skipped.map(({ name }) => name)], [['up'], ['Odd', 'QueueLong']], 'what this caller may not make is said before it is saved')
    await importRules(db, { text, source: 'a.yml', save: true }, admin, at(2))
    assert.deepEqual((await readRules(db)).filter(({ origin }) => origin === 'own').map(({ id, spec }) => [id, spec.source]), [['queue-long', 'a.yml'], ['up', 'a.yml']])
  }))
