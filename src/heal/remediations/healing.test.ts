/** Healing against real PostgreSQL and the real run floor: only the clock, and what agents and proxies say, are the test's. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Remediation } from '#contract/healing.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import type { Actor } from '#contract/model.ts'
import type { InstanceState, ObservedInstance } from '#contract/wire.ts'
import { record } from '#kernel/journal.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { lockEnvironment, setActiveRelease } from '#run/apps/commands.ts'
import { openApps } from '#run/apps/service.ts'
import { insertInstance } from '#run/instances/commands.ts'
import { liveInstances } from '#run/instances/read.ts'
import { noteConnected, noteDisk } from '#run/machines/commands.ts'
import { createRelease } from '#run/releases/commands.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { latestRollout } from '#run/rollouts/read.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { clearAlert, forgetAlerts, raiseAlert } from '#watch/alerts/commands.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { applyAction, keepBreaker } from './apply.ts'
import { pause, unpause } from '#heal/pauses/service.ts'
import { observe } from './observe.ts'
import { planHealing } from './plan.ts'
import { listRemediations } from './read.ts'
import { approve, changeRule, dismiss, resumeHealing, stopHealing } from './service.ts'
import { forgetRemediations } from './store.ts'

const rosa: Actor = { kind: 'token', name: 'rosa' }
const start = new Date('2026-05-01T03:00:00Z')
let clock = start
let app = ''
let apps = 0
let pruned: string[] = []
const db = await fileDatabase()
beforeEach(async () => {
  app = `shop-${++apps}`
  clock = new Date(start.getTime() + apps * 4 * 3_600_000) // what was spent an hour ago counts no more
  pruned = []
  for (const table of ['apps', 'signals', 'remediations', 'alerts', 'heal_pauses']) await db.query(`DELETE FROM ${table}`)
  await db.query(`UPDATE instances SET wanted = 'gone'`)
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1) ON CONFLICT DO NOTHING`, [start])
  await noteConnected(db, { machine: 'm1', driver: 'process', edgeHost: '127.0.0.1', ownAddresses: false, version: '1', os: 'Linux', cpus: 2, memoryBytes: 1e9, limits: [] }, clock)
  await noteDisk(db, 'm1', { freeBytes: 50e9, totalBytes: 100e9 })
  await make(app)
})

const make = async (name: string) => {
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [name, clock])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [name, 'production', clock])
}

/** A release that has been rolled out and serves from now on. */
async function serve(services: Record<string, object>, config: Record<string, string> = {}, of = app): Promise<number> {
  const manifest: Manifest = manifestSchema.parse({ services })
  for (const [name, value] of Object.entries(config)) await db.query('INSERT INTO config_vars (app, environment, name, value, set_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (app, environment, name) DO UPDATE SET value = $4', [of, 'production', name, value, clock])
  return db.transaction(async (tx) => {
    const made = await createRelease(tx, { app: of, environment: 'production', artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config, secrets: {}, description: Object.keys(config).length === 0 ? 'deploy' : `set config ${Object.keys(config).join(', ')}`, commit: null, buildId: null, actor: rosa, now: clock })
    await lockEnvironment(tx, of, 'production')
    await advanceRollout(tx, made.rollout, 'pending', 'starting', { name: 'released', detail: '' }, clock)
    await advanceRollout(tx, made.rollout, 'starting', 'finished', { name: 'done', detail: 'it serves' }, clock)
    await setActiveRelease(tx, of, 'production', made.release)
    await record(tx, { at: clock, kind: 'release.activated', actor: { kind: 'loop', name: 'rollouts' }, app: of, environment: 'production', release: made.release, summary: `${of} v${made.release} serves` })
    return made.release
  })
}

/** An instance of the release that serves, as its agent sees it. */
async function instance(service: string, state: InstanceState, because = 'it exited with code 1', of = app): Promise<string> {
  const { active_release } = await db.one<{ active_release: number }>('SELECT active_release FROM environments WHERE app = $1', [of])
  const ordinal = (await liveInstances(db, { app: of })).filter((row) => row.service === service && row.wanted === 'run').length + 1
  const id = await insertInstance(db, { app: of, environment: 'production', kind: 'service', service, ordinal, release: active_release, machine: 'm1', because: 'wanted', now: clock })
  await see(id, state, because)
  return id
}

async function see(id: string, state: InstanceState, because = 'so', extra: Partial<ObservedInstance> = {}): Promise<void> {
  const { generation } = await db.one<{ generation: number }>('SELECT generation FROM instances WHERE id = $1', [id])
  const seen: ObservedInstance = { id, generation, state, because, attempt: 1, restarts: 0, pid: 1, address: null, startedAt: new Date(clock.getTime() - 600_000).toISOString(), readyAt: null, retryAt: null, lastExit: null, ...extra }
  await db.query('UPDATE instances SET observed = $2 WHERE id = $1', [id, seen])
}

/** Turns of the loop every two seconds, as the loop makes them. */
async function pass(seconds: number, applied: typeof applyAction = applyAction): Promise<void> {
  for (let at = 0; at < seconds; at += 2) {
    clock = new Date(clock.getTime() + 2000)
    await db.query('UPDATE machines SET last_seen_at = $1 WHERE connected', [clock])
    for (let again = true; again; ) {
      const plan = planHealing(await observe(db, clock))
      await keepBreaker(db, plan.breaker, clock)
      for (const action of plan.actions) await applied({ db, prune: async (machine) => (pruned.push(machine), '1 GB of build caches were removed') }, action, clock).catch((error: unknown) => assert.match(String(error), /stale|gone|killed/))
      again = plan.actions.some((action) => action.do !== 'note')
      if (plan.actions.some((action) => action.do === 'raise' || action.do === 'try')) break
    }
  }
}

const all = (): Promise<Remediation[]> => listRemediations(db, { apps: null, limit: 100 })
const newest = async (service: string): Promise<Remediation> => (await all()).find((one) => one.service === service) as Remediation
const rungsOf = (one: Remediation) => one.tries.map((each) => `${each.rung} ${each.outcome}`)
const alerts = () => listAlerts(db, { apps: null, open: true, limit: 100 })

test('a bad config change is reverted, its config too, and verified by the monitors', async () => {
  await serve({ web: {} }, { COLOUR: 'blue' })
  clock = new Date(clock.getTime() + 3_600_000)
  await serve({ web: {} }, { COLOUR: 'broken' })
  clock = new Date(clock.getTime() + 60_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
  await openApps({ db, box: openSecretBox(Buffer.alloc(32, 1).toString('base64')) }).scale({ app, environment: 'production', actor: rosa, now: clock }, { api: 0 })
  await instance('web', 'backoff', 'it cannot reach api')
  await pass(30)
  const open = await newest('web')
  assert.deepEqual([open.cause.kind, open.tries[0]?.rung], ['change', 'revert'])
  assert.deepEqual(await db.query('SELECT service, count FROM scales WHERE app = $1', [app]), [], 'as in the manifest again')
})

test('dependency down: callers are not touched, the need is healed, and the callers recover by themselves', async () => {
  await serve({ web: { needs: { db: 'healthy' } }, db: {} })
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
  await instance('web', 'ready')
  for (let n = 0; n < 5; n++) await db.transaction((tx) => record(tx, { at: clock, kind: 'instance.restarting', actor: { kind: 'agent', name: 'm1' }, app, environment: 'production', service: 'web', instance: 'web.1', summary: 'web.1 is started again', data: { cause: 'crash', ranMs: 60_000 } }))
  await pass(6)
  const end = await newest('web')
  assert.deepEqual([end.signal.kind, end.state, rungsOf(end)], ['flapping', 'handed-over', []])
})

test('out of memory is handed over with that reason, not restarted', async () => {
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  const id = await instance('web', 'held')
  await see(id, 'held', 'it was killed for using more memory than it may', { lastExit: { code: null, signal: 'SIGKILL', oom: true, at: clock.toISOString() } })
  await pass(24)
  const end = await newest('web')
  assert.deepEqual([end.rule, end.state, rungsOf(end)], ['out-of-memory', 'handed-over', []])
})

test('modes, approval, dismissal, and a global stop', async () => {
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  const id = await instance('web', 'unhealthy')
  const command = () => ({ actor: rosa, now: clock })
  await stopHealing(db, { ...command(), because: 'maintenance' })
  await pass(30)
  assert.match((await newest('web')).because, /stopped by rosa: maintenance/)
  await changeRule(db, { ...command(), rule: 'not-ready', settings: { mode: 'suggest' } })
  await resumeHealing(db, command())
  await pass(4)
  const suggested = await newest('web')
  assert.deepEqual([suggested.state, suggested.next], ['suggested', 'restart'])
  await assert.rejects(approve(db, { ...command(), id: suggested.id, apps: ['other'] }), /there is no remediation/)
  await approve(db, { ...command(), id: suggested.id, apps: null })
  await pass(2)
  assert.deepEqual((await newest('web')).tries.map((one) => [one.rung, one.by]), [['restart', 'rosa']])
  await see(id, 'unhealthy')
  await dismiss(db, { ...command(), id: suggested.id, apps: null })
  await pass(60)
  assert.deepEqual((await all()).map((one) => one.state), ['dismissed'])
  await assert.rejects(dismiss(db, { ...command(), id: suggested.id, apps: null }), /has ended: dismissed/)
  await assert.rejects(changeRule(db, { ...command(), rule: 'not-redy', settings: { mode: 'off' } }), /did you mean not-ready/)
  await changeRule(db, { ...command(), rule: 'not-ready', settings: { mode: 'auto' } })
})

test('what a person took stays theirs until it is well, however long that lasts', async () => {
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  const id = await instance('web', 'unhealthy')
  await pass(20)
  const taken = await newest('web')
  await dismiss(db, { actor: rosa, now: clock, id: taken.id, apps: null })
  await see(id, 'unhealthy')
  await pass(320)
  assert.deepEqual((await alerts()).map(({ remediation }) => remediation), [taken.id], 'it is told all the same')
  clock = new Date(clock.getTime() + 2 * 3_600_000)
  await pass(40)
  assert.deepEqual((await all()).map(({ state }) => state), ['dismissed'])
  await see(id, 'ready')
  await pass(40)
  assert.deepEqual(await alerts(), [])
  await see(id, 'unhealthy')
  await pass(20)
  assert.deepEqual((await all()).map(({ state }) => state), ['verifying', 'dismissed'], 'another time is another matter')
})

test('what has been over for long is forgotten, and nothing that is open', async () => {
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  await instance('web', 'unhealthy')
  await pass(20)
  const later = new Date(clock.getTime() + 1000)
  assert.equal(await forgetRemediations(db, later), 0, 'it is open')
  await dismiss(db, { actor: rosa, now: clock, id: (await newest('web')).id, apps: null })
  assert.deepEqual([await forgetRemediations(db, clock), await forgetRemediations(db, later)], [0, 1])
  await db.transaction((tx) => raiseAlert(tx, { target: 'rule:r', app, environment: null, service: null, machine: null, severity: 'warning', title: 'r', because: '', way_out: '', remediation: null }, rosa, clock))
  assert.equal(await forgetAlerts(db, later), 0, 'it holds')
  for (const one of await alerts()) await db.transaction((tx) => clearAlert(tx, one.id, 'over', rosa, clock))
  assert.equal(await forgetAlerts(db, later), 1)
})

test('a pause: noticed and noted, not acted on, until it is over or ended; who may pause what', async () => {
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  await instance('web', 'unhealthy')
  const caller = (access: 'deploy' | 'admin', of: string[] | null) => ({ actor: rosa, access, apps: of })
  const window = { app, environment: 'production', service: null }
  const ask = { where: window, forMs: 600_000, because: 'load test', caller: caller('deploy', [app]), now: clock }
  await assert.rejects(pause(db, { ...ask, caller: caller('deploy', ['other']) }), { code: 'not-found' })
  await assert.rejects(pause(db, { ...ask, where: { app: null, environment: null, service: null } }), { code: 'forbidden' })
  await assert.rejects(pause(db, { ...ask, where: { ...window, environment: 'stagin' } }), { code: 'not-found' })
  await assert.rejects(pause(db, { ...ask, where: { ...window, service: 'wbe' } }), /no service "wbe" \(did you mean web\?\)/)
  await assert.rejects(pause(db, { ...ask, forMs: 8 * 86_400_000 }), { code: 'invalid' })
  const { id } = await pause(db, ask)
  await pass(400)
  const open = await newest('web')
  assert.deepEqual([open.state, rungsOf(open)], ['waiting', []])
  assert.match(open.because, /healing is paused by rosa until .*: load test/)
  assert.deepEqual(await alerts(), [], 'who paused it knows')
  await assert.rejects(unpause(db, { id, caller: caller('deploy', ['other']), now: clock }), { code: 'not-found' })
  await unpause(db, { id, caller: caller('deploy', [app]), now: clock })
  await pass(4)
  assert.deepEqual(rungsOf(await newest('web')), ['restart verifying'])
  await assert.rejects(unpause(db, { id, caller: caller('admin', null), now: clock }), { code: 'not-found' })
})

test('an operator sets a rule: its time and its budgets', async () => {
  const command = { actor: rosa, now: clock }
  const rule = await changeRule(db, { ...command, rule: 'not-ready', settings: { verifyWithinMs: 6000, perTargetPerHour: 1 } })
  assert.deepEqual([rule.verifyWithinMs, rule.perTargetPerHour, rule.perHour, rule.mode, rule.isTuned], [6000, 1, 12, 'auto', true])
  await serve({ web: {} })
  clock = new Date(clock.getTime() + 3_600_000)
  const id = await instance('web', 'unhealthy')
  await pass(20)
  await see(id, 'unhealthy')
  await pass(12)
  const end = await newest('web')
  assert.deepEqual([end.state, rungsOf(end), end.because], ['handed-over', ['restart failed'], '"not-ready" has used up what it may do to one target in an hour (1)'])
  const reset = await changeRule(db, { ...command, rule: 'not-ready', settings: { verifyWithinMs: null, perTargetPerHour: null } })
  assert.deepEqual([reset.verifyWithinMs, reset.isTuned], [120_000, false])
})

test('an alert of a check after a change: the change is undone, verified by the alert clearing; without a change nothing is added to it', async () => {
  await serve({ web: {} }, { COLOUR: 'blue' })
  clock = new Date(clock.getTime() + 3_600_000)
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
  clock = new Date(clock.getTime() + 3_600_000)
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
