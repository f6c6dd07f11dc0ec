import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Check, CheckDetail, CheckHistory, CheckRow, MaintenanceWindow } from '#contract/checks.ts'
import { until as untilTrue } from '#test/harness/wait.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { createLogger } from '#kernel/log.ts'
import { openIntake } from './intake.ts'
import { settle } from './settle.ts'
import { tenant, withChecks, type World } from './testing/world.ts'

const until = (condition: () => Promise<boolean>) => untilTrue(condition, { because: 'the check comes to that state' })

async function withTarget(work: (target: { url: string; status: number }) => Promise<void>) {
  const target = { url: '', status: 200 }
  const server = createServer((_, response) => response.writeHead(target.status).end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  target.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    await work(target)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const stateOf = async ({ call }: World, check: string) => (await call<CheckDetail>('checks.read', { params: { check } })).state
const openAlerts = ({ db }: World) => listAlerts(db, { apps: null, open: true, limit: 10 })
const result = (check: string, status: 'ok' | 'warn' | 'err', at = new Date()) => ({ check, vantage: 'control', at: at.toISOString(), status, message: status, durationMs: 5, metrics: [] })

test('a check runs, falls, is told of once, and rises again', () =>
  withTarget((target) =>
    withChecks(async (world) => {
      const made = await world.call<Check>('checks.create', { body: { name: 'front', kind: 'http', config: { url: target.url }, every: '1s', retries: 1, app: 'shop', service: 'web' } })
      await until(async () => (await stateOf(world, made.id)) === 'up')
      assert.equal(world.samples.find(({ name }) => name === 'nightshift_check_up')?.value, 1)
      target.status = 500
      await until(async () => (await stateOf(world, 'front')) === 'down')
      const [alert, ...more] = await openAlerts(world)
      assert.deepEqual([alert?.target, alert?.app, alert?.service, alert?.severity, more.length], [`check:${made.id}`, 'shop', 'web', 'critical', 0])
      target.status = 200
      await until(async () => (await stateOf(world, 'front')) === 'up')
      assert.deepEqual(await openAlerts(world), [])
      const events = await world.db.query<{ kind: string }>(`SELECT kind FROM events WHERE kind LIKE 'check.%' ORDER BY id`)
      assert.deepEqual(events.map(({ kind }) => kind), ['check.created', 'check.down', 'check.up'])
      const history = await world.call<CheckHistory>('checks.history', { params: { check: made.id } })
      assert.deepEqual(history.segments.map(({ state }) => state), ['up', 'down', 'pending', 'up', 'pending'])
      assert.ok(history.results.some(({ message }) => message.startsWith('answered 500')))
      assert.ok((history.uptime ?? 1) < 1 && history.points.length > 0)
      const [row] = await world.call<CheckRow[]>('checks.list')
      assert.deepEqual([row?.strip.length, row?.strip.at(-1), row?.spark.length], [48, 'down', 24])
    })))

test('after the clock was set back by an hour a check falls as ever, and the list is told as ever', () =>
  withChecks(async (world) => {
    const { db } = world
    const made = await world.call<Check>('checks.create', { body: { name: 'shop', kind: 'tcp', config: { address: '127.0.0.1:9' }, every: '1h', retries: 0 } })
    const ahead = new Date(Date.now() + 3_600_000)
    await settle(db, [result(made.id, 'ok', ahead)], ahead)
    await settle(db, [result(made.id, 'err')], new Date(Date.now() + 10))
    assert.equal(await stateOf(world, 'shop'), 'down')
    assert.deepEqual((await openAlerts(world)).map(({ target }) => target), [`check:${made.id}`])
    assert.deepEqual((await world.call<CheckRow[]>('checks.list')).map(({ spark }) => spark.length), [24])
  }))

test('what a check depends on explains it; a window and a pause silence it', () =>
  withChecks(async (world) => {
    const { db, call } = world
    const make = (name: string, needs: string[] = []) => call<Check>('checks.create', { body: { name, kind: 'tcp', config: { address: '127.0.0.1:9' }, every: '1d', retries: 0, needs } })
    const database = await make('db')
    const shop = await make('shop', [database.id])
    // each is looked at once soon, and then no more for a day
    await until(async () => (await stateOf(world, 'db')) === 'down' && (await stateOf(world, 'shop')) === 'suppressed')
    assert.deepEqual((await openAlerts(world)).map(({ target }) => target), [`check:${database.id}`])
    await settle(db, [result(database.id, 'ok', new Date(Date.now() + 1))], new Date(Date.now() + 10))
    assert.deepEqual([await stateOf(world, 'db'), await stateOf(world, 'shop')], ['up', 'down'])
    const window = await call<MaintenanceWindow>('windows.create', { body: { title: 'moving', checks: ['shop'], from: new Date(Date.now() - 1000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() } })
    await until(async () => (await stateOf(world, 'shop')) === 'maintenance')
    assert.deepEqual(await openAlerts(world), [])
    await call('windows.delete', { params: { window: window.id } })
    await until(async () => (await stateOf(world, 'shop')) === 'down')
    await call('checks.pause', { params: { check: 'shop' } })
    await until(async () => (await stateOf(world, 'shop')) === 'paused')
    assert.deepEqual(await openAlerts(world), [])
    await assert.rejects(call('checks.update', { params: { check: 'db' }, body: { needs: [shop.id] } }), /depend on itself: db → shop → db/)
    await call('checks.delete', { params: { check: 'db' } })
    assert.deepEqual((await call<CheckDetail>('checks.read', { params: { check: 'shop' } })).needs, [])
  }))

test('a token that is limited to apps sees and makes those of its apps alone, confined', () =>
  withTarget((target) =>
    withChecks(async ({ call, db }) => {
      await call('checks.create', { body: { name: 'secret', kind: 'http', config: { url: target.url } } })
      await call('checks.create', { body: { name: 'blog', kind: 'http', config: { url: target.url }, app: 'blog' } })
      await assert.rejects(call('checks.create', { body: { name: 'blog', kind: 'http', config: { url: target.url }, app: 'blog' } }), /there is a check "blog" of blog already.*checks set chk_/)
      assert.deepEqual(await call<CheckRow[]>('checks.list', {}, tenant), [])
      for (const check of ['secret', 'blog']) await assert.rejects(call('checks.read', { params: { check } }, tenant), /there is no check/)
      await assert.rejects(call('checks.create', { body: { name: 'x', kind: 'http', config: { url: target.url } } }, tenant), /name the app/)
      await assert.rejects(call('checks.create', { body: { name: 'x', kind: 'http', config: { url: target.url }, app: 'blog' } }, tenant), /no app "blog"/)
      await assert.rejects(call('checks.create', { body: { name: 'x', kind: 'process', config: { name: 'sh' }, app: 'shop' } }, tenant), /whole machine/)
      const made = await call<Check>('checks.create', { body: { name: 'mine', kind: 'http', config: { url: target.url }, app: 'shop', every: '1s' } }, tenant)
      assert.equal(made.confined, true)
      const outcome = await call<{ message: string }>('checks.test', { body: { kind: 'http', config: { url: target.url }, app: 'shop' } }, tenant)
      assert.match(outcome.message, /not a public address/)
      await until(async () => /not a public address/.test((await call<CheckDetail>('checks.read', { params: { check: 'mine' } })).because))
      assert.equal((await call<{ status: string }>('checks.test', { body: { kind: 'http', config: { url: target.url } } })).status, 'ok')
      await assert.rejects(call('windows.create', { body: { title: 'x', apps: ['blog'], from: new Date().toISOString(), until: new Date(Date.now() + 1000).toISOString() } }, tenant), /no app "blog"/)
      await assert.rejects(call('windows.create', { body: { title: 'x', from: new Date().toISOString(), until: new Date(Date.now() + 1000).toISOString() } }), /empty selection/)
      assert.equal((await db.query('SELECT 1 FROM check_windows')).length, 0)
    })))

test('what is named and is not there is said when a check or a window is made, not by silence afterwards', () =>
  withChecks(async ({ call, db }) => {
    const load = { name: 'load', kind: 'plugin', config: { plugin: 'check_load' } }
    const missing = /there is no plugin "check_load" \(.*checks plugin FILE adds one/
    await assert.rejects(call('checks.create', { body: load }), missing)
    await assert.rejects(call('checks.test', { body: load }), missing)
    const put = (text: string) => call('plugins.put', { params: { plugin: 'check_load' }, body: { content: Buffer.from(text).toString('base64') } })
    await assert.rejects(put('# A title\n'), /neither a script that begins with #! nor a program/)
    await put('#!/bin/sh\n')
    const made = await call<Check>('checks.create', { body: load })
    await assert.rejects(call('checks.update', { params: { check: made.id }, body: { config: { plugin: 'check_disk' } } }), /there is no plugin "check_disk"/)
    await call('checks.update', { params: { check: made.id }, body: { config: { plugin: '/usr/lib/nagios/plugins/check_disk' } } })
    await assert.rejects(call('checks.create', { body: { ...load, name: 'away', from: ['machine:m7'] } }), /there is no machine "m7" \(see: nightshift machines\)/)
    await assert.rejects(call('checks.update', { params: { check: made.id }, body: { from: ['near', 'machine:m7'] } }), /there is no machine "m7"/)
    const window = (apps: string[], from: string, until: string, more = {}) => call('windows.create', { body: { title: 'x', apps, from, until, ...more } })
    const [from, until] = ['2020-01-01T00:00:00Z', '2020-01-01T01:00:00Z']
    await assert.rejects(window(['shpo'], new Date().toISOString(), new Date(Date.now() + 60_000).toISOString()), /there is no app "shpo"/)
    await assert.rejects(window(['shop'], from, until), /ends at 2020-01-01T01:00:00Z, which is over/)
    assert.equal((await db.query('SELECT 1 FROM check_windows')).length, 0)
    await window(['shop'], from, until, { repeat: 'weekly' })
  }))

test('a heartbeat with a schedule is due at its next time, and down by itself once its grace is over', () =>
  withChecks(async ({ call, db }) => {
    const made = await call<Check>('checks.create', { body: { name: 'nightly', kind: 'heartbeat', config: { schedule: '*/5 * * * *', timezone: 'Europe/Berlin', grace: '1m' } } })
    const detail = () => call<CheckDetail>('checks.read', { params: { check: made.id } })
    assert.deepEqual([(await detail()).state, (await detail()).dueAt], ['pending', null])
    const pinged = async (minutesAgo: number) => {
      const at = new Date(Date.now() - minutesAgo * 60_000)
      await settle(db, [{ ...result(made.id, 'ok', at), vantage: 'push' }], at)
      return at
    }
    await pinged(15)
    await until(async () => (await detail()).state === 'down')
    assert.match((await detail()).because, /^no ping, and one was due at .* \(Europe\/Berlin\)$/)
    const at = await pinged(0)
    const { state, dueAt } = await detail()
    const dueMs = Date.parse(dueAt ?? '')
    assert.deepEqual([state, dueMs % 300_000, dueMs > at.getTime(), dueMs - at.getTime() <= 300_000], ['up', 0, true, true])
    for (const [config, message] of [[{ schedule: '61 * * * *' }, /schedule must name the minute from 0 to 59/], [{ timezone: 'UTC' }, /timezone belongs to a schedule/], [{ schedule: '0 0 30 2 *' }, /never does/]] as const) await assert.rejects(call('checks.create', { body: { name: 'x', kind: 'heartbeat', config } }), message)
  }))

test('secrets are sealed, never answered, and kept by a change that does not name them', () =>
  withChecks(async ({ call, db }) => {
    const made = await call<Check>('checks.create', { body: { name: 'db', kind: 'postgres', config: { host: 'db.example.com', user: 'ro', password: 'hunter2' } } })
    assert.deepEqual([made.config['password'], made.secrets], [undefined, ['password']])
    assert.ok(!JSON.stringify(await db.query('SELECT config, encode(secrets, $1) AS secrets FROM checks', ['escape'])).includes('hunter2'))
    const changed = await call<Check>('checks.update', { params: { check: 'db' }, body: { config: { host: 'db2.example.com', user: 'ro' } } })
    assert.deepEqual([changed.config['host'], changed.secrets], ['db2.example.com', ['password']])
    const cleared = await call<Check>('checks.update', { params: { check: 'db' }, body: { config: { host: 'db2.example.com', user: 'ro', password: null } } })
    assert.deepEqual([cleared.config, cleared.secrets], [changed.config, []])
    assert.equal((await db.one<{ secrets: Buffer | null }>(`SELECT secrets FROM checks WHERE name = 'db'`)).secrets, null)
    await assert.rejects(call('checks.create', { body: { name: 'x', kind: 'http', config: { url: 'ftp://x', statuss: 1 } } }), /url must be http[^"]*not "ftp:\/\/x"/)
    for (const [kind, config, message] of [['plugin', { plugin: '/nope/check' }, /plugin must be a plugin of/], ['tcp', { address: 'localhost' }, /: address must be host:port, not "localhost"$/], ['http', { url: 'http://rosa:hunter2@x' }, /without a user or password in it; or a path of the app’s own, such as \/up$/]] as const) await assert.rejects(call('checks.create', { body: { name: 'x', kind, config } }), { message })
  }))

test('a machine is told what to check, and what it reports becomes the state', () =>
  withChecks(async (world) => {
    const { call, machines, sent, checks } = world
    machines.set('m1', {})
    const made = await call<Check>('checks.create', { body: { name: 'disk', kind: 'file', config: { path: '/tmp' }, every: '10s' } })
    await until(async () => sent.some(({ message }) => message.t === 'checks' && message.checks[0]?.id === made.id))
    await checks.take({ machine: 'm1', sentAt: new Date(Date.now() + 3_600_000).toISOString(), results: [{ check: made.id, at: new Date(Date.now() + 3_600_000).toISOString(), status: 'warn', message: 'full', durationMs: 3, metrics: [{ name: 'used', value: 91 }] }] })
    const seen = await call<CheckDetail>('checks.read', { params: { check: 'disk' } })
    assert.deepEqual([seen.state, seen.vantages[0]?.vantage, seen.because], ['warn', 'm1', 'full'])
    assert.ok(Math.abs(Date.parse(seen.vantages[0]?.at ?? '') - Date.now()) < 10_000, 'a clock that is an hour ahead is put right')
    assert.ok(world.samples.some(({ name, value }) => name === 'nightshift_plugin_used' && value === 91))
    assert.equal((await openAlerts(world))[0]?.severity, 'warning')
    const before = sent.length
    machines.set('m1', {})
    await call('checks.pause', { params: { check: 'disk' } })
    await until(async () => sent.slice(before).some(({ message }) => message.t === 'checks' && message.checks.length === 0))
    await assert.rejects(checks.take({ machine: 'm1', sentAt: 'x', results: [] }), /no batch/)
  }))

test('whatever a check says can be stored, and holds up no other result', () =>
  withChecks(async (world) => {
    const { call, machines, checks, db } = world
    machines.set('m1', {})
    const [odd, plain] = [await call<Check>('checks.create', { body: { name: 'odd', kind: 'file', config: { path: '/tmp' } } }), await call<Check>('checks.create', { body: { name: 'plain', kind: 'file', config: { path: '/tmp' } } })]
    const at = new Date().toISOString()
    const hostile = { check: odd.id, at, status: 'warn', message: 'cut in an emoji \ud83d\0', durationMs: 3, metrics: [{ name: 'a\0b', value: 1, unit: '\udc00' }, { name: 'endless', value: null }, { name: 'text', value: '\ud83d' }] }
    // as it comes over the wire: an infinite number is null
    await checks.take(JSON.parse(JSON.stringify({ machine: 'm1', sentAt: at, results: [hostile, { ...hostile, check: plain.id, message: 'full', metrics: [{ name: 'far', value: 1e300 }] }] })))
    const seen = await call<CheckDetail>('checks.read', { params: { check: 'odd' } })
    assert.deepEqual([seen.state, seen.because, seen.vantages[0]?.metrics.map(({ name, value }) => [name, value])], ['warn', 'cut in an emoji \ufffd\ufffd', [['a\ufffdb', 1], ['text', '\ufffd']]])
    assert.equal(await stateOf(world, 'plain'), 'warn')
    // what cannot be stored all the same is left out: here a time before all times of the database
    const intake = openIntake({ db, log: createLogger({ process: 'test', level: 'silent' }) })
    await intake.take({ machine: 'm1', sentAt: at, results: [{ ...hostile, metrics: [], at: '0000-01-01T00:00:00Z' }, { ...hostile, metrics: [], check: plain.id, status: 'err', message: 'gone' }] }, new Date())
    await intake.close()
    assert.equal((await call<CheckDetail>('checks.read', { params: { check: 'plain' } })).vantages[0]?.message, 'gone')
  }))

test('a test on a machine waits for its answer', () =>
  withChecks(async ({ call, machines, sent, checks }) => {
    machines.set('m1', {})
    const outcome = call<{ message: string }>('checks.test', { body: { kind: 'file', config: { path: '/tmp' } } })
    await until(async () => sent.some(({ message }) => message.t === 'check.test'))
    const asked = sent.find(({ message }) => message.t === 'check.test')?.message
    assert.ok(asked?.t === 'check.test')
    checks.tested({ t: 'check.tested', test: asked.test, outcome: { status: 'ok', message: 'there', durationMs: 1, metrics: [] } })
    assert.equal((await outcome).message, 'there')
  }))

test('runs that people ask for are bounded in number', () =>
  withChecks(async ({ call, checks, sent, machines }) => {
    machines.set('m1', {})
    const test = () => call<{ message: string }>('checks.test', { body: { kind: 'file', config: { path: '/tmp' } } })
    const asked = () => sent.flatMap(({ message }) => (message.t === 'check.test' ? [message.test] : []))
    const underway = Array.from({ length: 20 }, test)
    await until(async () => asked().length === 20)
    await assert.rejects(test(), /20 checks are being tried already/)
    for (const id of asked()) checks.tested({ t: 'check.tested', test: id, outcome: { status: 'ok', message: 'there', durationMs: 1, metrics: [] } })
    assert.equal((await Promise.all(underway)).length, 20)
    const again = test()
    await until(async () => asked().length === 21)
    checks.tested({ t: 'check.tested', test: asked().at(-1) as string, outcome: { status: 'ok', message: 'there', durationMs: 1, metrics: [] } })
    assert.equal((await again).message, 'there')
  }))
