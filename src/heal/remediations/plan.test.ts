import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Rung, healModes, signalKinds } from '#contract/healing.ts'
import { type Signal, machineTarget, serviceTarget, targetKey } from '#heal/signals/model.ts'
import { ago, change, dead, facts, instance, machine, remediation, service, signal, tried } from '#heal/testing/samples.ts'
import { breakerOf, disturbs } from './guards.ts'
import type { Action, HealFacts } from './model.ts'
import { planHealing } from './plan.ts'
import { fleetPerHour, rules } from './rules.ts'

const down = service('web', { instances: [dead('web.1')] })
const plan = (extra: Partial<HealFacts>) => planHealing(facts(extra))
/** `open`, `try restart`, `end handed-over` … */
const words = (actions: readonly Action[]) => actions.map((one) => (one.do === 'try' ? `try ${one.rung}` : one.do === 'end' ? `end ${one.state}` : one.do === 'settle' ? `settle ${one.outcome}` : one.do === 'note' ? `note ${one.state}` : one.do))
const done = (extra: Partial<HealFacts>) => words(plan(extra).actions)
const waits = (extra: Partial<HealFacts>) => plan(extra).waiting.join('; ')
const sick = { signals: [signal('down')], services: [down] }

test('what is noticed is opened once, with its cause', () => {
  const { actions } = plan(sick)
  assert.deepEqual(words(actions), ['open'])
  assert.equal(actions[0]?.do === 'open' && actions[0].rule, 'not-ready')
  assert.deepEqual(done({ ...sick, signals: [signal('down', { since: ago(3) })] }), [], 'it has not held for long enough')
})

test('nobody knows why it is down: restart, recreate, then a person', () => {
  const failed = (rung: Rung, s: number) => tried(rung, s, { outcome: 'failed', verdict: 'still down' })
  assert.deepEqual(done({ ...sick, remediations: [remediation()] }), ['try restart'])
  assert.deepEqual(done({ ...sick, remediations: [remediation({ tries: [failed('restart', 200)] })] }), ['try recreate'])
  const last = { ...sick, remediations: [remediation({ tries: [failed('restart', 400), failed('recreate', 200)] })] }
  assert.deepEqual(done(last), ['end handed-over', 'raise'], 'there is no other machine to move to')
  assert.deepEqual(done({ ...last, machines: [machine('m1'), machine('m2')] }), ['try move'])
  const withData = { ...last, services: [{ ...down, ownsVolume: true }], machines: [machine('m1'), machine('m2')] }
  assert.deepEqual(done(withData), ['end handed-over', 'raise'], 'its data lies on m1')
})

const verifying = remediation({ state: 'verifying', tries: [tried('restart', 60)] })
test('an action is verified by the monitors: gone and all ready, or still there when its time is over', () => {
  assert.deepEqual(done({ remediations: [verifying] }), ['settle verified', 'end verified'])
  assert.deepEqual(done({ remediations: [verifying], services: [service('web', { instances: [instance('web.1', { state: 'starting', startedAt: ago(10) })] })] }), [], 'it is only being started')
  assert.deepEqual(done({ ...sick, remediations: [verifying] }), [])
  assert.match(waits({ ...sick, remediations: [verifying] }), /watches whether it helped/)
  const late = remediation({ state: 'verifying', tries: [tried('restart', 130)] })
  assert.deepEqual(done({ ...sick, remediations: [late] }), ['settle failed'])
  assert.deepEqual(done({ signals: [signal('down', { goneAt: ago(5) })], remediations: [late] }), [], 'it looks better, and must stay so for a while')
})

test('when nobody calls any more, errors that are gone prove nothing', () => {
  const failing = remediation({ rule: 'failing', signal: { kind: 'failing', because: 'x', since: ago(200).toISOString() }, state: 'verifying', tries: [tried('restart', 100)] })
  assert.deepEqual(done({ remediations: [failing] }), ['settle nothing-to-verify', 'end recovered'])
  assert.deepEqual(done({ remediations: [failing], services: [service('web', { requests: 60 })] }), ['settle verified', 'end verified'])
})

const ladders: [string, Partial<HealFacts>, string, string][] = [
  ['dependency down: the caller is left alone', { signals: [signal('down')], services: [service('web', { needs: ['db'], instances: [dead('web.1')] }), service('db', { instances: [dead('db.1')] })] }, 'dependency-down', 'note waiting'],
  ['newest change: it is undone', { ...sick, changes: [change()] }, 'newest-change', 'try revert'],
  ['out of memory: a person', { signals: [signal('crash-loop')], services: [service('web', { instances: [dead('web.1', { state: 'held', outOfMemory: true })] })] }, 'out-of-memory', 'end handed-over'],
  ['crash loop without a change: made anew', { signals: [signal('crash-loop')], services: [service('web', { instances: [dead('web.1', { state: 'held' })] })] }, 'crash-loop', 'try recreate'],
  ['errors without a change: started again', { signals: [signal('failing', { instances: [] })], services: [service('web', { requests: 100, errors: 90 })] }, 'failing', 'try restart'],
  ['an outlier alone is started again', { signals: [signal('outlier')], services: [service('web', { wanted: 2, instances: [instance('web.1'), instance('web.2')] })] }, 'outlier', 'try restart'],
  ['slow without a change: a person', { signals: [signal('slow', { instances: [] })], services: [service('web', { requests: 100 })] }, 'slow', 'end handed-over'],
  ['flapping: a person', { signals: [signal('flapping')], services: [service('web')] }, 'flapping', 'end handed-over'],
  ['its machine is sick: it is left alone', { signals: [signal('down'), signal('disk-filling', { target: machineTarget('m1'), instances: [] })], services: [down], alerts: [{ id: 'a', target: 'machine:m1', remediation: 'r' }] }, 'machine-sick', 'note waiting'],
]
for (const [what, given, rule, first] of ladders)
  test(what, () => {
    const opened = plan(given).actions.find((one) => one.do === 'open')
    assert.equal(opened?.do === 'open' && opened.rule, rule)
    assert.deepEqual(done({ ...given, remediations: [remediation({ rule })] })[0], first)
  })

test('a full disk is pruned, then a person is told', () => {
  const full = { signals: [signal('disk-filling', { target: machineTarget('m1'), instances: [] })] }
  const row = remediation({ rule: 'disk-filling', target: 'machine:m1', app: null, environment: null, service: null, machine: 'm1' })
  assert.deepEqual(done({ ...full, remediations: [row] }), ['try prune'])
  assert.deepEqual(done({ ...full, remediations: [{ ...row, tries: [tried('prune', 200, { outcome: 'failed' })] }] }), ['end handed-over', 'raise'])
})

test('a change is undone once: after it did not help a person is told, not the release before swapped in again', () => {
  const row = remediation({ rule: 'newest-change', cause: { kind: 'change', because: 'v2 came', of: null, event: 7, release: 2 }, tries: [tried('revert', 300, { outcome: 'failed' })] })
  assert.deepEqual(done({ ...sick, remediations: [row] }), ['end handed-over', 'raise'])
})

test('a caller is taken up again once what it needs is well', () => {
  const services = [service('web', { needs: ['db'], instances: [dead('web.1')] }), service('db')]
  const row = remediation({ rule: 'dependency-down', cause: { kind: 'dependency', because: 'db', of: 'shop/production/db', event: null, release: null } })
  assert.deepEqual(done({ signals: [signal('down')], services, remediations: [row] }), ['try restart'])
  assert.deepEqual(done({ services: [service('web', { needs: ['db'] }), service('db')], remediations: [row] }), ['end recovered'])
})

test('modes: off does nothing, suggest waits for approval, and approved is done', () => {
  const open = { ...sick, remediations: [remediation()] }
  assert.deepEqual(done({ ...open, modes: { 'not-ready': 'off' } }), ['note waiting'])
  assert.deepEqual(done({ ...open, modes: { 'not-ready': 'suggest' } }), ['note suggested'])
  const approved = plan({ ...sick, modes: { 'not-ready': 'suggest' }, remediations: [remediation({ state: 'suggested', next: 'restart', approved_by: 'rosa' })] }).actions[0]
  assert.equal(approved?.do === 'try' && approved.by, 'rosa')
})

test('an approval is of one rung of one rule: what has become another waits for one of its own', () => {
  const approved = remediation({ state: 'suggested', next: 'restart', approved_by: 'rosa' })
  const modes = { 'not-ready': 'suggest', 'newest-change': 'suggest' } as const
  assert.deepEqual(done({ ...sick, modes, remediations: [approved] }), ['try restart'])
  assert.deepEqual(done({ ...sick, modes, changes: [change()], remediations: [approved] }), ['note suggested'], 'a revert was never asked for')
  assert.deepEqual(done({ ...sick, modes, remediations: [{ ...approved, next: 'recreate' }] }), ['note suggested'])
  const byItself = plan({ ...sick, changes: [change()], remediations: [approved] }).actions[0]
  assert.equal(byItself?.do === 'try' && byItself.by, 'healing', 'what nobody approved is not said to be of somebody')
})

test('an alert of a check or a rule is undone with its change, and else stands for itself', () => {
  const given = { signals: [signal('alerting', { instances: [] })], services: [service('web')] }
  assert.deepEqual(done(given), [])
  assert.deepEqual(done({ ...given, changes: [change()] }), ['open'])
  const row = remediation({ rule: 'alert-after-change', signal: { kind: 'alerting', because: 'x', since: ago(200).toISOString() }, cause: { kind: 'change', because: 'v2 came', of: null, event: 7, release: 2 } })
  assert.deepEqual(done({ ...given, changes: [change()], remediations: [row] }), ['try revert'])
  assert.deepEqual(done({ ...given, remediations: [{ ...row, tries: [tried('revert', 900, { outcome: 'failed' })] }] }), ['end handed-over'], 'a person is told already')
})

test('what is handed over is told as what it is by now, not as what was noticed first', () => {
  const given = { signals: [signal('flapping')], services: [service('web')], remediations: [remediation({ rule: 'not-ready', signal: { kind: 'down', because: 'no instance is ready', since: ago(60).toISOString() } })] }
  const [end, raise] = plan(given).actions
  assert.deepEqual(end?.do === 'end' && end.state === 'handed-over' && end.rule, 'flapping')
  assert.match(raise?.do === 'raise' ? raise.title : '', /falls again and again$/)
})

const pausedNow = (extra: object = {}) => ({ id: 'pau_1', app: 'shop', environment: null, service: null, because: 'load test', by_name: 'rosa', at: ago(60), until: ago(-60), ended_at: null, ...extra })
test('paused there: nothing is done or told; elsewhere or over: it is', () => {
  const open = { ...sick, signals: [signal('down', { since: ago(400) })], remediations: [remediation()] }
  assert.deepEqual(done({ ...open, pauses: [pausedNow()] }), ['note waiting'])
  assert.deepEqual(done({ ...open, pauses: [pausedNow({ app: null })] }), ['note waiting'])
  for (const extra of [{ app: 'other' }, { environment: 'staging' }, { service: 'api' }, { until: ago(1) }, { ended_at: ago(1) }]) assert.deepEqual(done({ ...open, pauses: [pausedNow(extra)] }), ['try restart', 'raise'])
})

test('a rule that was set: its own time to verify, its own budget', () => {
  const open = { ...sick, remediations: [remediation()], tunings: { 'not-ready': { verifyWithinMs: 8000, perTargetPerHour: 1 } } }
  const acted = plan(open).actions[0]
  assert.equal(acted?.do === 'try' && acted.verifyBy.getTime() - ago(0).getTime(), 8000)
  assert.deepEqual(done({ ...open, remediations: [remediation({ tries: [tried('restart', 200, { outcome: 'failed' })] })] }), ['end handed-over', 'raise'])
})

test('a global stop stops', () => {
  assert.deepEqual(done({ ...sick, remediations: [remediation()], stopped: { by: 'rosa', because: 'maintenance' } }), ['note waiting'])
  assert.match(waits({ ...sick, remediations: [remediation()], stopped: { by: 'rosa', because: 'maintenance' } }), /stopped by rosa: maintenance/)
})

test('during a rollout nothing is done', () => assert.match(waits({ signals: [signal('down')], services: [{ ...down, rollingOut: true }], remediations: [remediation()] }), /rollout is under way/))

test('healed three times in an hour and sick again is handed over', () => {
  const before = [50, 40, 30].map((minutes, nth) => remediation({ id: `old${nth}`, state: 'verified', ended_at: ago(minutes * 60) }))
  assert.deepEqual(done({ ...sick, remediations: [...before, remediation()] }), ['end handed-over', 'raise'])
})

test('half of what runs sick at once: nothing is done to instances, and a person is told once', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const services = names.map((name, nth) => service(name, nth < 3 ? { instances: [dead(`${name}.1`)] } : {}))
  const signals = names.slice(0, 3).map((name) => signal('down', { target: serviceTarget('shop', 'production', name), instances: [`ins_${name}.1`] }))
  const rows = names.slice(0, 3).map((name) => remediation({ id: name, target: `shop/production/${name}`, service: name }))
  const given = { signals, services, remediations: rows }
  assert.match(breakerOf(facts(given)) ?? '', /3 of 6 instances are sick at once/)
  assert.deepEqual(done(given), ['note waiting', 'note waiting', 'note waiting', 'raise'])
  assert.equal(breakerOf(facts({ ...given, changes: [change()] })), null, 'one change of one environment explains it, and undoing it is one action')
  assert.equal(breakerOf(facts({ ...given, services: [...services, ...['g', 'h'].map((name) => service(name))] })), null, 'three of eight')
  const alone = service('web', { wanted: 3, instances: [1, 2, 3].map((nth) => dead(`web.${nth}`)) })
  assert.equal(breakerOf(facts({ signals: [signal('down', { instances: alone.instances.map(({ id }) => id) })], services: [alone] })), null, 'one service alone is no matter of the fleet')
})

test('what lasts is told though healing is at it, but not who waits for another that is looked after', () => {
  const long = [signal('down', { since: ago(400) })]
  assert.deepEqual(done({ ...sick, signals: long, remediations: [verifying] }), ['raise'])
  const services = [service('web', { needs: ['db'], instances: [dead('web.1')] }), service('db', { instances: [dead('db.1')] })]
  const rows = [remediation({ rule: 'dependency-down', because: 'db, which it needs, has no instance that is ready', cause: { kind: 'dependency', because: '', of: null, event: null, release: null }, next: 'wait' }), remediation({ id: 'r2', target: 'shop/production/db', service: 'db', state: 'verifying', tries: [tried('restart', 10)] })]
  assert.deepEqual(done({ signals: long, services, remediations: rows }), [])
})

test('an alert is cleared when all is well, and nothing new is opened while it stands', () => {
  const alerts = [{ id: 'alr_1', target: 'shop/production/web', remediation: 'rem_0' }]
  assert.deepEqual(done({ alerts }), ['clear'])
  assert.deepEqual(done({ ...sick, alerts }), [])
})

test('what a person took is left alone until it is gone', () => {
  const taken = remediation({ state: 'dismissed', ended_at: ago(90) })
  assert.deepEqual(done({ ...sick, remediations: [taken] }), [])
  const worse = [signal('degraded', { goneAt: ago(5) }), signal('down', { since: ago(60) })]
  assert.deepEqual(done({ signals: worse, services: [down], remediations: [taken] }), [], 'it became worse, and was not well in between')
  assert.deepEqual(done({ signals: [signal('down', { since: ago(60) })], services: [down], remediations: [taken] }), ['open'], 'it was well in between')
})

// ---- properties

const names = ['a', 'b', 'c', 'd', 'e']
const target = (name: string) => serviceTarget('shop', 'production', name)
const anyService = (name: string) =>
  fc.record({ sick: fc.boolean(), requests: fc.integer({ min: 0, max: 100 }), failing: fc.boolean(), rollingOut: fc.boolean(), need: fc.constantFrom(null, ...names) }).map(({ sick: isSick, requests, failing, rollingOut, need }) =>
    service(name, { needs: need === null || need === name ? [] : [need], instances: isSick ? [dead(`${name}.1`)] : [instance(`${name}.1`)], requests, errors: failing ? requests : 0, rollingOut }))
const anySignal: fc.Arbitrary<Signal> = fc.record({ name: fc.constantFrom(...names), kind: fc.constantFrom(...signalKinds.filter((kind) => kind !== 'disk-filling' && kind !== 'machine-lost')), since: fc.integer({ min: 0, max: 900 }), gone: fc.option(fc.integer({ min: 0, max: 19 })) })
  .map(({ name, kind, since, gone }) => signal(kind, { target: target(name), instances: [`ins_${name}.1`], since: ago(since), goneAt: gone === null ? null : ago(Math.min(gone, since)) }))
const anyRow = (name: string) => fc.record({ rule: fc.constantFrom(...rules.filter((one) => !one.id.startsWith('disk') && !one.id.startsWith('machine')).map(({ id }) => id)), state: fc.constantFrom('waiting' as const, 'suggested' as const, 'verifying' as const), n: fc.integer({ min: 0, max: 2 }), at: fc.integer({ min: 1, max: 3599 }), approved: fc.boolean(), next: fc.constantFrom(null, 'restart' as const, 'recreate' as const, 'revert' as const) })
  .map(({ rule, state, n, at, approved, next }) => remediation({ id: `rem_${name}`, rule, target: targetKey(target(name)), service: name, state: n === 0 && state === 'verifying' ? 'waiting' : state, next: state === 'verifying' ? null : next, approved_by: approved && state === 'suggested' ? 'rosa' : null, tries: (['restart', 'recreate'] as const).slice(0, n).map((rung) => tried(rung, at)) }))
const anyFacts: fc.Arbitrary<HealFacts> = fc.record({
  services: fc.tuple(...names.map(anyService)),
  signals: fc.uniqueArray(anySignal, { maxLength: 8, selector: (one) => `${targetKey(one.target)} ${one.kind}` }),
  remediations: fc.tuple(...names.map((name) => fc.option(anyRow(name)))).map((rows) => rows.filter((row) => row !== null)),
  stopped: fc.option(fc.constant({ by: 'rosa', because: 'x' }), { freq: 5 }),
  pauses: fc.array(fc.constantFrom(pausedNow({ app: null }), pausedNow({ service: 'a' }), pausedNow({ environment: 'staging' })), { maxLength: 1 }),
  modes: fc.dictionary(fc.constantFrom(...rules.map(({ id }) => id)), fc.constantFrom(...healModes), { noNullPrototype: true }),
  changes: fc.array(fc.constant(change()), { maxLength: 1 }),
}).map((extra) => facts({ machines: [machine('m1')], ...extra }))

const tries = (actions: readonly Action[]) => actions.filter((one) => one.do === 'try')

test('no two actions on one target, none while one is verified, none that was tried before', () => {
  fc.assert(fc.property(anyFacts, (given) => {
    const acted = tries(planHealing(given).actions)
    assert.equal(new Set(acted.map((one) => targetKey(one.target))).size, acted.length)
    for (const one of acted) {
      const row = given.remediations.find((each) => each.target === targetKey(one.target))
      assert.ok(row !== undefined && row.state !== 'verifying' && !row.tries.some((each) => each.rung === one.rung))
    }
  }), { numRuns: 400 })
})

test('stopped, off, breaker: nothing is done; suggest: nothing that nobody approved', () => {
  fc.assert(fc.property(anyFacts, (given) => {
    const { actions, breaker } = planHealing(given)
    for (const one of tries(actions)) {
      assert.equal(given.stopped, null)
      assert.ok(!given.pauses.some((each) => each.environment === null && (each.service ?? one.target.service) === one.target.service))
      if (breaker !== null) assert.ok(!disturbs.has(one.rung))
      const service_ = given.services.find((each) => each.service === one.target.service)
      assert.notEqual(service_?.rollingOut, true)
      const row = given.remediations.find((each) => each.target === targetKey(one.target))
      const mode = given.modes[one.rule] ?? 'auto'
      if (mode === 'suggest') assert.ok(row !== undefined && row.approved_by !== null && row.next === one.rung && row.rule === one.rule)
    }
  }), { numRuns: 400 })
})

test('a service whose need has no ready instance is never touched', () => {
  fc.assert(fc.property(anyFacts, (given) => {
    for (const one of tries(planHealing(given).actions)) {
      const mine = given.services.find((each) => each.service === one.target.service)
      for (const need of mine?.needs ?? []) assert.ok(given.services.find((each) => each.service === need)?.instances.some((each) => each.state === 'ready'), `${one.target.service} needs ${need}`)
    }
  }), { numRuns: 400 })
})

test('the budgets of the fleet, of a rule and of a target hold, whatever was spent before', () => {
  const old = fc.array(fc.record({ name: fc.constantFrom(...names), rule: fc.constantFrom('not-ready', 'failing', 'crash-loop'), at: fc.integer({ min: 60, max: 3500 }) }), { maxLength: 30 })
  fc.assert(fc.property(anyFacts, old, (given, spent) => {
    const before = spent.map(({ name, rule, at }, nth) => remediation({ id: `old${nth}`, rule, target: targetKey(target(name)), service: name, state: 'recovered', ended_at: ago(at - 30), tries: [tried('restart', at)] }))
    const all = { ...given, remediations: [...given.remediations, ...before] }
    const used = all.remediations.flatMap((row) => row.tries).length
    const acted = tries(planHealing(all).actions)
    assert.ok(acted.length === 0 || used + acted.length <= fleetPerHour)
  }), { numRuns: 300 })
})

test('the plan does not depend on the order of what is seen, and does not change what it is given', () => {
  fc.assert(fc.property(anyFacts, (given) => {
    const copy = structuredClone(given)
    const forward = planHealing(given)
    const backward = planHealing({ ...given, services: given.services.toReversed(), signals: given.signals.toReversed(), remediations: given.remediations.toReversed() })
    assert.deepEqual(words(backward.actions).toSorted(), words(forward.actions).toSorted())
    assert.deepEqual(given, copy)
  }), { numRuns: 300 })
})

test('everything well: only ends and clears', () => {
  fc.assert(fc.property(fc.tuple(...names.map((name) => fc.option(anyRow(name)))), (rows) => {
    const given = facts({ services: names.map((name) => service(name, { requests: 100 })), remediations: rows.filter((row) => row !== null) })
    for (const one of planHealing(given).actions) assert.ok(one.do === 'end' || one.do === 'settle' || one.do === 'clear', one.do)
  }))
})
