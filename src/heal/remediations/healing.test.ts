/** Healing against real PostgreSQL and the real run floor: only the clock, and what agents and proxies say, are the test's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { record } from '#kernel/journal.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { openApps } from '#run/apps/service.ts'
import { noteDisk } from '#run/machines/commands.ts'
import { condemnRelease } from '#run/releases/commands.ts'
import { latestRollout } from '#run/rollouts/read.ts'
import { clearAlert, raiseAlert } from '#watch/alerts/commands.ts'
import { applyAction } from './apply.ts'
import { listRemediations } from './read.ts'
import { rosa, clock, app, pruned, db, serve, instance, see, advance, pass, all, newest, rungsOf, alerts } from '#heal/testing/heal-world.ts'

test('a bad config change is reverted, its config too, and verified by the monitors', async () => {
  await serve({ web: {} }, { COLOUR: 'blue' })
  advance(3_600_000)
  await serve({ web: {} }, { COLOUR: 'broken' })
  advance(60_000)
  const id = await instance('web', 'backoff')
  await pass(30)
  const open = await newest('web')
  assert.deepEqual([open.rule, open.cause.kind, open.cause.release, open.state], ['newest-change', 'change', 2, 'verifying'])
  assert.match(open.tries[0]?.did ?? '', /went back from v2 to v1, as v3/)
  const config = await db.one<{ value: string }>(`SELECT value FROM config_vars WHERE app = $1 AND name = 'COLOUR'`, [app])
  assert.equal(config.value, 'blue')
  const rollout = await latestRollout(db, app, 'production')
  assert.deepEqual([rollout?.release, rollout?.state], [3, 'pending'], 'the run floor carries it out')
  await db.query(`UPDATE rollouts SET state = 'finished', finished_at = $2 WHERE id = $1`, [rollout?.id, clock])
  await db.query('UPDATE environments SET active_release = 3 WHERE app = $1', [app])
  await see(id, 'ready')
  await pass(30)
  const end = await newest('web')
  assert.deepEqual([end.state, rungsOf(end)], ['verified', ['revert verified']])
  assert.deepEqual(await alerts(), [])
})

test('nothing goes back to a release that was condemned: the newest one before it that was not comes', async () => {
  await serve({ web: {} }, { COLOUR: 'blue' })
  advance(3_600_000)
  const bad = await serve({ web: {} }, { COLOUR: 'red' })
  await condemnRelease(db, app, 'production', bad, 'all of its requests failed')
  await serve({ web: {} }, { COLOUR: 'green' })
  advance(60_000)
  await instance('web', 'backoff')
  await pass(30)
  assert.match((await newest('web')).tries[0]?.did ?? '', /went back from v3 to v1, as v4/)
})

test('a change that is undone in vain is not undone twice: a person is told', async () => {
  await serve({ web: {} })
  await serve({ web: {} }, { COLOUR: 'red' })
  await instance('web', 'backoff')
  await pass(30)
  const rollout = await latestRollout(db, app, 'production')
  await db.query(`UPDATE rollouts SET state = 'finished', finished_at = $2 WHERE id = $1`, [rollout?.id, clock])
  await db.query('UPDATE environments SET active_release = 3 WHERE app = $1', [app])
  await pass(300)
  const end = await newest('web')
  assert.deepEqual([end.state, rungsOf(end)], ['handed-over', ['revert failed']])
  assert.deepEqual((await alerts()).map(({ title, severity }) => [title, severity]), [[`${app}/web is down`, 'critical']])
  assert.equal((await latestRollout(db, app, 'production'))?.release, 3, 'and the release stays')
})

test('a scale change is undone', async () => {
  await serve({ web: { needs: { api: 'healthy' } }, api: {} })
  advance(3_600_000)
  await openApps({ db, box: openSecretBox(Buffer.alloc(32, 1).toString('base64')) }).scale({ app, environment: 'production', actor: rosa, now: clock }, { api: 0 })
  await instance('web', 'backoff', 'it cannot reach api')
  await pass(30)
  const open = await newest('web')
  assert.deepEqual([open.cause.kind, open.tries[0]?.rung], ['change', 'revert'])
  assert.deepEqual(await db.query('SELECT service, count FROM scales WHERE app = $1', [app]), [], 'as in the manifest again')
})

test('dependency down: callers are not touched, the need is healed, and the callers recover by themselves', async () => {
  await serve({ web: { needs: { db: 'healthy' } }, db: {} })
  advance(3_600_000)
  const [web, need] = [await instance('web', 'backoff', 'db refused the connection'), await instance('db', 'unhealthy')]
  await pass(24)
  assert.deepEqual([(await newest('web')).rule, rungsOf(await newest('web'))], ['dependency-down', []])
  assert.deepEqual((await newest('db')).tries.map((one) => one.rung), ['restart'])
  const generations = await db.query<{ id: string; generation: number }>(`SELECT id, generation FROM instances WHERE wanted = 'run' ORDER BY id`)
  assert.deepEqual(generations.map(({ id, generation }) => [id === web ? 'web' : 'db', generation]).toSorted(), [['db', 2], ['web', 1]])
  await see(need, 'ready')
  await see(web, 'ready')
  await pass(30)
  assert.deepEqual([(await newest('web')).state, (await newest('db')).state], ['recovered', 'verified'])
})

test('a caller that stays down after its need was healed is acted upon by the rule of its own cause', async () => {
  await serve({ web: { needs: { db: 'healthy' } }, db: {} })
  advance(3_600_000)
  await instance('web', 'unhealthy', 'db refused the connection')
  const need = await instance('db', 'unhealthy')
  await pass(24)
  assert.equal((await newest('web')).rule, 'dependency-down')
  await see(need, 'ready')
  await pass(30)
  const open = await newest('web')
  assert.deepEqual([open.rule, open.cause.kind, open.tries.map((one) => one.rung)], ['not-ready', 'unknown', ['restart']])
})

test('nobody knows why: restart, then recreate, then a person; well again, the alert is over', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  const first = await instance('web', 'unhealthy', 'it does not answer')
  await pass(20)
  assert.deepEqual((await newest('web')).tries.map((one) => one.rung), ['restart'])
  await see(first, 'unhealthy', 'it does not answer')
  await pass(160)
  assert.deepEqual(rungsOf(await newest('web')), ['restart failed', 'recreate verifying'])
  assert.equal((await db.one<{ wanted: string }>('SELECT wanted FROM instances WHERE id = $1', [first])).wanted, 'retire')
  const second = await instance('web', 'unhealthy', 'it does not answer')
  await pass(160)
  const end = await newest('web')
  assert.deepEqual([end.state, rungsOf(end)], ['handed-over', ['restart failed', 'recreate failed']])
  assert.equal((await alerts()).length, 1)
  await see(second, 'ready')
  await pass(30)
  assert.deepEqual(await alerts(), [])
})

test('a full disk is pruned, and services on it wait for that', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  const web = await instance('web', 'backoff', 'no space left on device')
  await noteDisk(db, 'm1', { freeBytes: 10e6, totalBytes: 100e9 })
  await pass(24)
  assert.deepEqual(pruned, ['m1'])
  assert.deepEqual([(await newest('web')).rule, rungsOf(await newest('web'))], ['machine-sick', []])
  await noteDisk(db, 'm1', { freeBytes: 20e9, totalBytes: 100e9 })
  await see(web, 'ready')
  await pass(30)
  assert.deepEqual((await all()).map((one) => [one.target.replace(app, 'shop'), one.state]).toSorted(), [['machine:m1', 'verified'], ['shop/production/web', 'recovered']])
})

test('half of what runs sick at once: nothing is done, and a person is told once', async () => {
  await serve({ a: {}, b: {}, c: {}, d: {} })
  advance(3_600_000)
  for (const name of ['a', 'b', 'c']) await instance(name, 'backoff')
  await instance('d', 'ready')
  await pass(60)
  assert.deepEqual((await all()).flatMap(rungsOf), [])
  assert.deepEqual((await alerts()).map((one) => one.target), ['fleet'])
  const paged: string[] = []
  for (let before: string | undefined; ; before = paged.at(-1)) {
    const page = await listRemediations(db, { apps: null, limit: 1, before })
    if (page.length === 0) break
    paged.push(...page.map(({ id }) => id))
  }
  assert.deepEqual([paged.length, paged], [3, (await all()).map(({ id }) => id)], 'a list of what was noticed in one moment can be paged through')
})

test('flapping is handed over', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  await instance('web', 'ready')
  for (let n = 0; n < 5; n++) await db.transaction((tx) => record(tx, { at: clock, kind: 'instance.restarting', actor: { kind: 'agent', name: 'm1' }, app, environment: 'production', service: 'web', instance: 'web.1', summary: 'web.1 is started again', data: { cause: 'crash', ranMs: 60_000 } }))
  await pass(6)
  const end = await newest('web')
  assert.deepEqual([end.signal.kind, end.state, rungsOf(end)], ['flapping', 'handed-over', []])
})

test('out of memory is handed over with that reason, not restarted', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  const id = await instance('web', 'held')
  await see(id, 'held', 'it was killed for using more memory than it may', { lastExit: { code: null, signal: 'SIGKILL', oom: true, at: clock.toISOString() } })
  await pass(24)
  const end = await newest('web')
  assert.deepEqual([end.rule, end.state, rungsOf(end)], ['out-of-memory', 'handed-over', []])
})

test('an alert of a check after a change: the change is undone, verified by the alert clearing; without a change nothing is added to it', async () => {
  await serve({ web: {} }, { COLOUR: 'blue' })
  advance(3_600_000)
  const raise = (check: string, severity: 'critical' | 'warning' = 'critical') => db.transaction((tx) => raiseAlert(tx, { target: `check:${check}`, app, environment: 'production', service: 'web', machine: null, severity, title: `${check} is down`, because: '503', way_out: 'look', remediation: null }, rosa, clock))
  const clear = async () => { for (const one of await alerts()) await db.transaction((tx) => clearAlert(tx, one.id, 'it answers', rosa, clock)) }
  const id = await instance('web', 'ready')
  await raise('chk_a')
  await pass(400)
  assert.deepEqual([await all(), (await alerts()).map((one) => one.target)], [[], ['check:chk_a']], 'left to the alert, which healing does not clear')
  await clear()
  await pass(40)
  await serve({ web: {} }, { COLOUR: 'broken' })
  await raise('chk_warning', 'warning')
  await pass(20)
  assert.equal((await all()).length, 0, 'a warning undoes nothing')
  await raise('chk_b')
  await pass(20)
  const open = await newest('web')
  assert.deepEqual([open.rule, open.signal.kind, rungsOf(open)], ['alert-after-change', 'alerting', ['revert verifying']])
  const rollout = await latestRollout(db, app, 'production')
  await db.query(`UPDATE rollouts SET state = 'finished', finished_at = $2 WHERE id = $1`, [rollout?.id, clock])
  await db.query('UPDATE environments SET active_release = 3 WHERE app = $1', [app])
  await see(id, 'ready')
  await clear()
  await pass(30)
  assert.deepEqual([(await newest('web')).state, rungsOf(await newest('web'))], ['verified', ['revert verified']])
  await raise('chk_c')
  await pass(60)
  assert.equal((await all()).length, 1, 'what brought it back is not undone')
})

test('killed in the middle of any action, the next turn goes on: nothing is done twice, nothing is lost', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  await serve({ web: {} }, { COLOUR: 'broken' })
  await instance('web', 'backoff')
  let turn = 0
  // every second action dies inside its transaction, as a kill -9 of control would have it
  const dying: typeof applyAction = async (deps, action, now) => {
    if (turn++ % 2 === 0) return applyAction({ ...deps, db: { ...db, transaction: (work) => db.transaction(async (tx) => { await work(tx); throw new Error('killed') }) } }, action, now)
    return applyAction(deps, action, now)
  }
  await pass(60, dying)
  const open = await newest('web')
  assert.deepEqual(open.tries.map((one) => one.rung), ['revert'])
  const releases = await db.query('SELECT number FROM releases WHERE app = $1', [app])
  assert.equal(releases.length, 3, 'one release before, the bad one, and one that brought it back')
})
