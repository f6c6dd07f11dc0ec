import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EnvironmentFacts, InstanceFacts, ReleaseFacts, RolloutState, Strategy } from './model.ts'
import { inNeedsOrder, planEnvironment, shareOf, surgeOf } from './plan.ts'

const now = new Date('2026-01-01T03:00:00Z')

function release(number: number, services: Record<string, { count?: number; needs?: string[]; exclusive?: boolean }>, extra: Partial<ReleaseFacts> = {}): ReleaseFacts {
  return {
    number, releaseCommand: false, missingSecrets: [], strategy: { kind: 'rolling' },
    services: Object.entries(services).map(([name, wish]) => ({ name, count: wish.count ?? 1, needs: wish.needs ?? [], exclusive: wish.exclusive ?? false, startupMs: 60_000 })),
    ...extra,
  }
}

function instance(id: string, service: string, number: number, state: InstanceFacts['state'], extra: Partial<InstanceFacts> = {}): InstanceFacts {
  return { id, kind: 'service', service, ordinal: 1, release: number, wanted: 'run', restartBecause: null, state, because: 'so', hasStarted: state !== null && state !== 'waiting', restarts: 0, exitCode: null, createdAt: now, ...extra }
}

function facts(extra: Partial<EnvironmentFacts>): EnvironmentFacts {
  return { app: 'shop', environment: 'production', stopped: false, active: null, rollout: null, instances: [], ...extra }
}

function rollout(state: RolloutState, target: ReleaseFacts) {
  return { id: 'rol_1', state, startedAt: now, target, noted: ['started', 'healthy', 'shifted'] as string[], share: null as { percent: number; since: Date } | null }
}

test('a first release is started callee before caller', () => {
  const target = release(1, { web: { needs: ['api'] }, api: { needs: ['db'] }, db: {} })
  const plan = planEnvironment(facts({ rollout: rollout('starting', target) }), now)
  assert.deepEqual(plan.actions.map((action) => action.do === 'create' && action.service), ['db'])
  assert.deepEqual(plan.waiting, ['api waits until db is ready', 'web waits until api is ready'])
})

test('an old instance stays until the new one is ready', () => {
  const old = instance('old', 'web', 1, 'ready')
  const base = { active: release(1, { web: {} }), rollout: rollout('starting', release(2, { web: {} })) }
  const first = planEnvironment(facts({ ...base, instances: [old] }), now)
  assert.deepEqual(first.actions.map((action) => action.do), ['create'])
  const starting = planEnvironment(facts({ ...base, instances: [old, instance('new', 'web', 2, 'starting')] }), now)
  assert.deepEqual(starting.actions, [])
  const ready = planEnvironment(facts({ ...base, instances: [old, instance('new', 'web', 2, 'ready')] }), now)
  assert.deepEqual(ready.actions.map((action) => action.do), ['retire'])
  const done = planEnvironment(facts({ ...base, instances: [{ ...old, wanted: 'retire' }, instance('new', 'web', 2, 'ready')] }), now)
  assert.deepEqual(done.actions.map((action) => action.do === 'advance' && action.to), ['finished'])
})

test('a service that owns a volume is stopped before its next generation starts', () => {
  const base = { active: release(1, { db: { exclusive: true } }), rollout: rollout('starting', release(2, { db: { exclusive: true } })) }
  const stop = planEnvironment(facts({ ...base, instances: [instance('old', 'db', 1, 'ready')] }), now)
  assert.deepEqual(stop.actions.map((action) => action.do), ['retire'])
  const leaving = planEnvironment(facts({ ...base, instances: [instance('old', 'db', 1, 'stopping', { wanted: 'retire' })] }), now)
  assert.deepEqual(leaving.actions, [])
  const start = planEnvironment(facts({ ...base, instances: [] }), now)
  assert.deepEqual(start.actions.map((action) => action.do), ['create'])
})

test('a release command that fails blocks the release', () => {
  const target = release(2, { web: {} }, { releaseCommand: true })
  const ended = instance('r', 'release', 2, 'exited', { kind: 'release', exitCode: 3 })
  const plan = planEnvironment(facts({ active: release(1, { web: {} }), rollout: rollout('releasing', target), instances: [instance('old', 'web', 1, 'ready'), ended] }), now)
  assert.equal(plan.actions.length, 1)
  assert.match((plan.actions[0] as { because: string }).because, /exited with code 3/)
})

test('a release whose instance crashes again and again is given up, and nothing of the old one is touched', () => {
  const base = { active: release(1, { web: {} }), rollout: rollout('starting', release(2, { web: {} })) }
  const plan = planEnvironment(facts({ ...base, instances: [instance('old', 'web', 1, 'ready'), instance('new', 'web', 2, 'backoff', { restarts: 3 })] }), now)
  assert.deepEqual(plan.actions.map((action) => action.do === 'advance' && action.to), ['failed'])
})

test('a job that ends badly and is not started again fails its release; one that ends well has done its work', () => {
  const base = { active: release(1, { job: {} }), rollout: rollout('starting', release(2, { job: {} })) }
  const ended = (exitCode: number | null) => planEnvironment(facts({ ...base, instances: [instance('new', 'job', 2, 'exited', { exitCode, because: 'exited with code 3 after 1 s; its restart policy is temporary' })] }), now).actions
  assert.match((ended(3)[0] as { because: string }).because, /^job\.1 of v2 has ended: exited with code 3/)
  assert.deepEqual(ended(null).map((action) => action.do === 'advance' && action.to), ['failed'], 'by a signal')
  assert.deepEqual(ended(0).map((action) => action.do === 'advance' && action.to), ['finished'])
})

test('a release that is given up between two crashes says how its instance ended, not that it does not listen yet', () => {
  const crashing = instance('new', 'web', 1, 'starting', { restarts: 3, exitCode: 1, because: 'not ready yet: connection refused' })
  const plan = planEnvironment(facts({ rollout: rollout('starting', release(1, { web: {} })), instances: [crashing] }), now)
  assert.match((plan.actions[0] as { because: string }).because, /^web\.1 of v1 was restarted 3 times: it exited with code 1$/)
})

test('after a failed rollout only what belongs to it is retired', () => {
  const plan = planEnvironment(facts({ active: release(1, { web: {} }), instances: [instance('old', 'web', 1, 'ready'), instance('new', 'web', 2, 'held')] }), now)
  assert.deepEqual(plan.actions.map((action) => action.do === 'retire' && action.instance), ['new'])
})

test('a missing secret fails the rollout before anything is started, and names it', () => {
  const plan = planEnvironment(facts({ rollout: rollout('pending', release(1, { web: {} }, { missingSecrets: ['STRIPE_KEY'] })) }), now)
  assert.match((plan.actions[0] as { because: string }).because, /STRIPE_KEY/)
})

test('requested restarts go one at a time', () => {
  const two = [1, 2].map((ordinal) => instance(`i${ordinal}`, 'web', 1, 'ready', { ordinal, restartBecause: 'rosa asked for it' }))
  const first = planEnvironment(facts({ active: release(1, { web: { count: 2 } }), instances: two }), now)
  assert.deepEqual(first.actions.map((action) => action.do === 'restart' && action.instance), ['i1'])
  const waiting = planEnvironment(facts({ active: release(1, { web: { count: 2 } }), instances: [instance('i1', 'web', 1, 'starting', { ordinal: 1 }), two[1] as InstanceFacts] }), now)
  assert.deepEqual(waiting.actions, [])
})

test('stopping an app retires all and nothing else', () => {
  const plan = planEnvironment(facts({ stopped: true, active: release(1, { web: {} }), instances: [instance('a', 'web', 1, 'ready')] }), now)
  assert.deepEqual(plan.actions.map((action) => action.do), ['retire'])
})

// ---- a small model of the world: every action is carried out, instances become ready after a while

type World = EnvironmentFacts & { generation: number }

function step(world: World, at: Date, faulty: ReadonlySet<number>): number {
  const plan = planEnvironment(world, at)
  for (const action of plan.actions) {
    if (action.do === 'create') {
      world.instances.push(instance(`n${world.generation++}`, action.service, action.release, null, { ordinal: action.ordinal, kind: action.kind, createdAt: at }))
    } else if (action.do === 'retire') {
      const found = world.instances.find((candidate) => candidate.id === action.instance)
      if (found) found.wanted = 'retire'
    } else if (action.do === 'restart') {
      const found = world.instances.find((candidate) => candidate.id === action.instance)
      if (found) Object.assign(found, { restartBecause: null, state: 'starting' })
    } else if (action.do === 'note') {
      if (world.rollout) world.rollout = { ...world.rollout, noted: [...world.rollout.noted, action.step], share: shareOf(action.step) === null ? world.rollout.share : { percent: shareOf(action.step) ?? 0, since: at } }
    } else if (world.rollout) {
      if (action.to === 'finished') world.active = world.rollout.target
      world.rollout = action.to === 'finished' || action.to === 'failed' ? null : { ...world.rollout, state: action.to }
    }
  }
  world.instances = world.instances.filter((candidate) => candidate.wanted === 'run' || candidate.state !== 'stopping')
  for (const candidate of world.instances) {
    if (candidate.wanted === 'retire') candidate.state = 'stopping'
    else if (candidate.kind === 'release') Object.assign(candidate, { state: 'exited', exitCode: 0 })
    else if (faulty.has(candidate.release)) Object.assign(candidate, { state: 'backoff', restarts: candidate.restarts + 1 })
    else candidate.state = candidate.state === null ? 'starting' : 'ready'
  }
  return plan.actions.length + plan.waiting.length
}

const wishes = fc.dictionary(fc.constantFrom('web', 'api', 'worker', 'db'), fc.record({ count: fc.integer({ min: 0, max: 6 }), exclusive: fc.boolean() }), { minKeys: 1 })
  .map((services) => Object.fromEntries(Object.entries(services).map(([name, wish]) => [name, wish.exclusive ? { ...wish, count: Math.min(1, wish.count) } : wish])))

test('property: every rollout converges to exactly what is wanted, within its surge, and a bad one back to the old', () => {
  fc.assert(
    fc.property(wishes, wishes, fc.boolean(), fc.boolean(), (before, after, bad, command) => {
      const world: World = { ...facts({ rollout: rollout('pending', release(1, before)) }), generation: 0 }
      const run = (faulty: ReadonlySet<number>) => {
        for (let turn = 0; turn < 200; turn++) {
          const unrest = step(world, now, faulty)
          for (const name of ['web', 'api', 'worker', 'db']) {
            const alive = world.instances.filter((candidate) => candidate.service === name && candidate.wanted === 'run').length
            const count = Math.max(...[world.active, world.rollout?.target].map((facts) => facts?.services.find((service) => service.name === name)?.count ?? 0))
            const most = Math.max(...[before, after].map((wish) => wish[name]?.count ?? 0))
            assert.ok(alive <= most + surgeOf(most), `${name}: ${alive} run, ${count} wanted`)
          }
          if (unrest === 0 && world.rollout === null && world.instances.every((candidate) => candidate.wanted === 'run' && candidate.state === 'ready')) return
        }
        assert.fail('did not converge')
      }
      run(new Set())
      assert.equal(world.active?.number, 1)
      world.rollout = rollout('pending', release(2, after, { releaseCommand: command }))
      run(bad ? new Set([2]) : new Set())
      const wantsNothing = Object.values(after).every((wish) => wish.count === 0)
      const expected = bad && !wantsNothing ? { number: 1, wish: before } : { number: 2, wish: after }
      assert.equal(world.active?.number, expected.number)
      for (const name of ['web', 'api', 'worker', 'db']) {
        const alive = world.instances.filter((candidate) => candidate.service === name && candidate.wanted === 'run' && candidate.kind === 'service')
        assert.equal(alive.length, expected.wish[name]?.count ?? 0, name)
        assert.ok(alive.every((candidate) => candidate.release === expected.number))
        assert.equal(new Set(alive.map((candidate) => candidate.ordinal)).size, alive.length)
      }
      assert.equal(planEnvironment(world, now).actions.length, 0)
    }),
    { numRuns: 300 },
  )
})

test('property: while a service is not exclusive, a rollout never leaves fewer ready instances than wanted before and after', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), (count) => {
      const world: World = { ...facts({ active: release(1, { web: { count } }), rollout: rollout('pending', release(2, { web: { count } })) }), generation: 0 }
      world.instances = Array.from({ length: count }, (_, index) => instance(`o${index}`, 'web', 1, 'ready', { ordinal: index + 1 }))
      for (let turn = 0; turn < 60; turn++) {
        step(world, now, new Set())
        const serving = world.instances.filter((candidate) => candidate.wanted === 'run' && candidate.state === 'ready').length
        assert.ok(serving >= count, `turn ${turn}: ${serving} of ${count} serve`)
      }
      assert.equal(world.active?.number, 2)
    }),
  )
})

test('while an app is stopped its rollout waits, and lets its release command end', () => {
  const target = release(2, { web: {} }, { releaseCommand: true })
  const command = instance('r', 'release', 2, 'starting', { kind: 'release' })
  for (const state of ['pending', 'releasing', 'starting'] as const) {
    const plan = planEnvironment(facts({ stopped: true, active: release(1, { web: {} }), rollout: rollout(state, target), instances: state === 'releasing' ? [command] : [] }), now)
    assert.deepEqual(plan.actions, [], state)
    assert.deepEqual(plan.waiting, ['the rollout of v2 goes on when the app is started'])
  }
})

test('after a rollout failed half-way, what has shifted serves on until the release before is ready again', () => {
  const before = release(1, { web: { needs: ['api'] }, api: {} })
  const instances = [instance('w1', 'web', 1, 'ready'), instance('a2', 'api', 2, 'ready'), instance('w2', 'web', 2, 'backoff', { restarts: 3 })]
  const back = planEnvironment(facts({ active: before, instances }), now)
  assert.deepEqual(back.actions.map((action) => [action.do, 'instance' in action ? action.instance : 'service' in action ? action.service : '']), [['create', 'api'], ['retire', 'w2']])
  const next = planEnvironment(facts({ active: before, instances: [instances[0] as InstanceFacts, instances[1] as InstanceFacts, instance('a1', 'api', 1, 'ready')] }), now)
  assert.deepEqual(next.actions.map((action) => action.do === 'retire' && action.instance), ['a2'])
})

const sides: [string, Strategy][] = [['blue-green', { kind: 'blue-green' }], ['canary', { kind: 'canary', percents: [5, 25], holdMs: 60_000 }]]
for (const [name, strategy] of sides) {
  test(`${name}: the old ones all serve until the new ones are all ready, then leave together`, () => {
    const world: World = { ...facts({ active: release(1, { web: { count: 3, needs: ['api'] }, api: {} }), rollout: rollout('pending', release(2, { web: { count: 3, needs: ['api'] }, api: {} }, { strategy })) }), generation: 0 }
    world.instances = [...[1, 2, 3].map((ordinal) => instance(`w${ordinal}`, 'web', 1, 'ready', { ordinal })), instance('a1', 'api', 1, 'ready')]
    const shares: (number | null)[] = []
    for (let turn = 0; turn < 60; turn++) {
      step(world, new Date(now.getTime() + turn * 30_000), new Set())
      if (world.rollout !== null) {
        assert.equal(world.instances.filter((one) => one.release === 1 && one.wanted === 'run').length, 4, 'all old ones stay')
        shares.push(world.rollout.share?.percent ?? null)
      }
    }
    assert.equal(world.active?.number, 2)
    assert.deepEqual([...new Set(shares)], strategy.kind === 'canary' ? [null, 5, 25] : [null])
    assert.deepEqual(world.instances.map((one) => one.release), [2, 2, 2, 2])
  })

  test(`${name}: a bad release never serves, and leaves nothing`, () => {
    const world: World = { ...facts({ active: release(1, { web: { count: 2 } }), rollout: rollout('pending', release(2, { web: { count: 2 } }, { strategy })) }), generation: 0 }
    world.instances = [1, 2].map((ordinal) => instance(`w${ordinal}`, 'web', 1, 'ready', { ordinal }))
    for (let turn = 0; turn < 30; turn++) step(world, now, new Set([2]))
    assert.deepEqual([world.active?.number, world.rollout, world.instances.map((one) => one.id)], [1, null, ['w1', 'w2']])
  })
}

test('property: whatever is cancelled, superseded or fails at whatever turn, no service has fewer ready instances than before and after want', () => {
  const counts = fc.record({ web: fc.integer({ min: 1, max: 4 }), api: fc.integer({ min: 1, max: 4 }) })
  const strategy = fc.constantFrom<Strategy>({ kind: 'rolling' }, { kind: 'blue-green' }, { kind: 'canary', percents: [10], holdMs: 0 })
  fc.assert(
    fc.property(counts, counts, counts, strategy, fc.integer({ min: 0, max: 12 }), fc.boolean(), fc.boolean(), (one, two, three, kind, turnOfChange, supersede, bad) => {
      const wish = (of: { web: number; api: number }) => ({ web: { count: of.web, needs: ['api'] }, api: { count: of.api } })
      const world: World = { ...facts({ active: release(1, wish(one)), rollout: rollout('pending', release(2, wish(two), { strategy: kind })) }), generation: 0 }
      world.instances = (['web', 'api'] as const).flatMap((name) => Array.from({ length: one[name] }, (_, index) => instance(`${name}${index}`, name, 1, 'ready', { ordinal: index + 1 })))
      for (let turn = 0; turn < 80; turn++) {
        if (turn === turnOfChange && world.rollout !== null) world.rollout = supersede ? rollout('pending', release(3, wish(three))) : null
        step(world, new Date(now.getTime() + turn * 1000), bad ? new Set([2]) : new Set())
        for (const name of ['web', 'api'] as const) {
          const least = Math.min(one[name], two[name], three[name])
          const serving = world.instances.filter((each) => each.service === name && each.wanted === 'run' && each.state === 'ready').length
          assert.ok(serving >= least, `turn ${turn}: ${serving} of ${name} serve, ${least} must`)
        }
      }
      assert.equal(world.rollout, null)
      assert.equal(new Set(world.instances.map((each) => each.release)).size, 1)
    }),
    { numRuns: 300 },
  )
})

test('property: the order of instances and services does not matter', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 4 }), (order) => {
      const services = Object.fromEntries(order.map((name) => [name, { needs: name === 'a' ? [] : ['a'] }]))
      assert.deepEqual(inNeedsOrder(release(1, services).services).map(({ name }) => name), ['a', 'b', 'c', 'd'])
    }),
  )
})
