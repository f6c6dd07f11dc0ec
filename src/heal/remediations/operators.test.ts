/** What operators say to healing, and how long it remembers, against real PostgreSQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAlert, forgetAlerts, raiseAlert } from '#watch/alerts/commands.ts'
import { pause, unpause } from '#heal/pauses/service.ts'
import { applyAction } from './apply.ts'
import { approve, changeRule, dismiss, resumeHealing, stopHealing } from './service.ts'
import { forgetRemediations } from './store.ts'
import { rosa, clock, app, db, serve, instance, see, advance, pass, all, newest, rungsOf, alerts } from '#heal/testing/heal-world.ts'

test('modes, approval, dismissal, and a global stop', async () => {
  await serve({ web: {} })
  advance(3_600_000)
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

test('after a stop nothing is done any more, not even by a turn that was planned before it', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  await instance('web', 'unhealthy')
  await pass(40, async (deps, action, now) => {
    if (action.do === 'try') await stopHealing(db, { actor: rosa, now: clock, because: 'maintenance' })
    return applyAction(deps, action, now)
  })
  const open = await newest('web')
  assert.deepEqual(open.tries, [])
  assert.match(open.because, /stopped by rosa/)
  await resumeHealing(db, { actor: rosa, now: clock })
  await pass(4)
  assert.deepEqual(rungsOf(await newest('web')), ['restart verifying'])
})

test('what a person took stays theirs until it is well, however long that lasts', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  const id = await instance('web', 'unhealthy')
  await pass(20)
  const taken = await newest('web')
  await dismiss(db, { actor: rosa, now: clock, id: taken.id, apps: null })
  await see(id, 'unhealthy')
  await pass(320)
  assert.deepEqual((await alerts()).map(({ remediation }) => remediation), [taken.id], 'it is told all the same')
  advance(2 * 3_600_000)
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
  advance(3_600_000)
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
  advance(3_600_000)
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
  advance(3_600_000)
  const id = await instance('web', 'unhealthy')
  await pass(20)
  await see(id, 'unhealthy')
  await pass(12)
  const end = await newest('web')
  assert.deepEqual([end.state, rungsOf(end), end.because], ['handed-over', ['restart failed'], '"not-ready" has used up what it may do to one target in an hour (1)'])
  const reset = await changeRule(db, { ...command, rule: 'not-ready', settings: { verifyWithinMs: null, perTargetPerHour: null } })
  assert.deepEqual([reset.verifyWithinMs, reset.isTuned], [120_000, false])
})
