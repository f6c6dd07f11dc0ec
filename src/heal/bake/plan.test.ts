import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BakeFacts, type BakeRow, type ReleaseWindow, bakeTransitions } from './model.ts'
import { judgeSharing, planBake } from './plan.ts'

const start = new Date('2026-05-01T03:00:00Z')
const minutes = (count: number) => new Date(start.getTime() + count * 60_000)
const asked = (requests: number, errors: number, latency: number[] = []) => ({ requests, errors, latency, warming: { requests: 0, errors: 0 } })
const good: ReleaseWindow = { services: { web: asked(500, 0) }, crashes: 0, ms: 60_000 }
const bad: ReleaseWindow = { services: { web: asked(500, 400) }, crashes: 0, ms: 60_000 }
const row: BakeRow = { app: 'shop', environment: 'production', release: 2, from_release: 1, state: 'baking', because: 'so', started_at: start, until: minutes(5), ended_at: null, rolled_back_to: null }
const facts = (more: Partial<BakeFacts> = {}): BakeFacts => ({ app: 'shop', environment: 'production', activeRelease: 2, rollingOut: false, switched: null, bake: row, before: good, after: good, held: [], paused: null, sickNeeds: [], ...more })
const switched = { release: 2, from: 1, at: start, bakeMs: 300_000 }

test('a release that begins to serve is watched from then on, once', () => {
  const [action] = planBake(facts({ bake: null, switched }), minutes(1)).actions
  assert.deepEqual(action?.do === 'begin' && [action.release, action.from, action.at, action.until], [2, 1, start, minutes(5)])
  for (const end of ['passed', 'condemned', 'accepted', 'superseded'] as const) assert.deepEqual(planBake(facts({ bake: { ...row, state: end, ended_at: start }, switched }), minutes(1)).actions, [])
  assert.deepEqual(planBake(facts({ bake: null, switched }), minutes(6)).actions, [], 'too late')
  assert.deepEqual(planBake(facts({ bake: null, switched: { ...switched, bakeMs: null } }), minutes(1)).actions, [], 'not to be watched')
})

test('what is worse is condemned at once, what is not passes when its time is over', () => {
  assert.deepEqual(planBake(facts({ after: bad }), minutes(1)).actions.map((action) => action.do), ['condemn'])
  assert.deepEqual(planBake(facts({ held: ['web.1 does not stay up: crash loop'] }), minutes(1)).actions.map((action) => action.because), ['web.1 does not stay up: crash loop'])
  assert.deepEqual(planBake(facts(), minutes(4)).actions, [])
  assert.deepEqual(planBake(facts(), minutes(5)).actions, [{ do: 'end', release: 2, state: 'passed', because: '0 of 500 requests failed (before: 0 of 500)' }])
})

test('nothing is rolled back for a dead need, nor while another release is on its way', () => {
  const dead = planBake(facts({ after: bad, sickNeeds: ['db'] }), minutes(6))
  assert.deepEqual(dead.actions, [])
  assert.match(dead.waiting[0] ?? '', /db is not ready, which may be why/)
  assert.deepEqual(planBake(facts({ after: bad, rollingOut: true }), minutes(1)).actions, [])
  assert.deepEqual(planBake(facts({ after: bad, paused: 'healing is paused by rosa' }), minutes(6)), { actions: [], waiting: ['v2 looks worse than v1 (80 % of 500 requests failed (before: 0 % of 500)), but healing is paused by rosa'] })
})

test('what gave way before its time is judged all the same, without going back, unless something else may be why', () => {
  const gone = (more: Partial<BakeFacts>) => planBake(facts({ activeRelease: 3, ...more }), minutes(1)).actions.map((action) => action.do === 'end' && [action.release, action.state, action.fault])
  assert.deepEqual(gone({}), [[2, 'superseded', undefined]])
  assert.deepEqual(gone({ after: bad }), [[2, 'superseded', '80 % of 500 requests failed (before: 0 % of 500), worse than v1']])
  const hung: ReleaseWindow = { services: { web: asked(12, 12) }, crashes: 0, ms: 60_000 }
  assert.deepEqual(gone({ after: hung }), [[2, 'superseded', '100 % of 12 requests failed (before: 0 % of 500), worse than v1']], 'one that hangs gives few answers')
  assert.deepEqual(planBake(facts({ after: hung }), minutes(1)).actions, [], 'and while it serves nothing is taken back for these few')
  assert.deepEqual(gone({ after: bad, sickNeeds: ['db'] }), [[2, 'superseded', undefined]])
  assert.deepEqual(gone({ after: bad, paused: 'healing is paused by rosa' }), [[2, 'superseded', undefined]])
})

test('a release that shares its callers is given up when it is worse, but not for a dead need', () => {
  const sharing = { release: 2, from: 1, share: 'while it took over', before: good, sickNeeds: [] }
  assert.deepEqual(judgeSharing({ ...sharing, after: good }), { wait: 'v2, while it took over: nothing speaks against it' })
  assert.deepEqual(judgeSharing({ ...sharing, after: bad }), { giveUp: '80 % of 500 requests failed (before: 0 % of 500)' })
  assert.match(JSON.stringify(judgeSharing({ ...sharing, after: bad, sickNeeds: ['db'] })), /^\{"wait":.*db is not ready, which may be why/)
})

const anyTraffic = fc.record({ requests: fc.nat(1_000), errors: fc.nat(1_000), latency: fc.array(fc.nat(50), { maxLength: 15 }) }).map(({ requests, errors, latency }) => asked(requests, Math.min(errors, requests), latency))
const anyWindow = fc.record({ services: fc.dictionary(fc.constantFrom('web', 'api'), anyTraffic), crashes: fc.nat(5), ms: fc.nat(600_000) })
const anyFacts: fc.Arbitrary<BakeFacts> = fc.record({
  app: fc.constant('shop'),
  environment: fc.constant('production'),
  activeRelease: fc.option(fc.integer({ min: 1, max: 4 })),
  rollingOut: fc.boolean(),
  switched: fc.option(fc.record({ release: fc.integer({ min: 1, max: 4 }), from: fc.constant(1), at: fc.integer({ min: -10, max: 10 }).map(minutes), bakeMs: fc.option(fc.nat(600_000)) })),
  bake: fc.option(fc.record({ release: fc.integer({ min: 1, max: 4 }), ended: fc.boolean(), until: fc.integer({ min: -10, max: 10 }) }).map(({ release, ended, until }): BakeRow => ({ ...row, release, ended_at: ended ? start : null, state: ended ? 'passed' : 'baking', until: minutes(until) }))),
  before: anyWindow,
  after: anyWindow,
  paused: fc.option(fc.constant('healing is paused')),
  held: fc.array(fc.constant('web.1 does not stay up'), { maxLength: 1 }),
  sickNeeds: fc.array(fc.constant('db'), { maxLength: 1 }),
})

test('every plan is total, says why, and touches only the release that serves and is watched', () => {
  fc.assert(
    fc.property(anyFacts, fc.integer({ min: -20, max: 20 }).map(minutes), (any, now) => {
      const { actions, waiting } = planBake(any, now)
      assert.ok(actions.length <= 1)
      for (const because of [...waiting, ...actions.map((action) => action.because)]) assert.ok(because.length > 3)
      const [action] = actions
      const isOpen = any.bake !== null && any.bake.ended_at === null
      if (action?.do === 'condemn') assert.ok(isOpen && any.bake?.release === any.activeRelease && action.release === any.activeRelease && !any.rollingOut)
      if (action?.do === 'begin') assert.ok(!isOpen && action.release === any.activeRelease && action.until > now)
      if (action?.do === 'end') assert.ok(isOpen && bakeTransitions.baking.includes(action.state))
      // an open watch always ends: once its time is over, nothing but a need, a pause or another rollout holds it up
      if (isOpen && now >= (any.bake as BakeRow).until && !any.rollingOut && any.sickNeeds.length === 0 && any.paused === null) assert.equal(actions.length, 1)
      if (any.paused !== null) assert.notEqual(action?.do, 'condemn')
    }),
  )
})
