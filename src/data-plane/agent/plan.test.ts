import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExitStatus, InstanceSpec } from '#contract/wire.ts'
import type { TaskView } from './identity.ts'
import { type Action, type HealthView, plan, type World } from './plan.ts'
import { freshRecord, startAttempt, type SupervisionRecord } from './supervision.ts'
import { instanceSpec, quickRestart, taskView } from './testing/specs.ts'
import { simulate, worldOf } from './testing/world.ts'

const ready: HealthView = { state: 'ready', because: 'GET / answered 200' }
const crash: ExitStatus = { code: 1, signal: null, oom: false, at: new Date(500).toISOString() }

function watched(spec: InstanceSpec, more: Partial<Extract<SupervisionRecord['next'], { do: 'watch' }>> = {}): SupervisionRecord {
  const record = startAttempt(freshRecord(spec), spec.restart, 0)
  return record.next.do === 'watch' ? { ...record, next: { ...record.next, started: true, ...more } } : record
}

function running(...specs: InstanceSpec[]): Partial<World> & { tasks: TaskView[]; records: Map<string, SupervisionRecord> } {
  const tasks = specs.map((spec) => taskView(spec, 1))
  return {
    tasks,
    records: new Map(specs.map((spec) => [spec.id, watched(spec)])),
    health: new Map(tasks.map((view) => [view.who.task, ready])),
  }
}

const kinds = (actions: readonly Action[]) => actions.map((action) => `${action.do} ${action.instance}`)

/** An instance keeps its kind and its service for life. */
function whatIs(id: string): Pick<InstanceSpec, 'kind' | 'service'> {
  if (id === 'ins_release' || id === 'ins_run') return { kind: id === 'ins_run' ? 'run' : 'release', service: 'release' }
  return { kind: 'service', service: id === 'ins_a' ? 'web' : id === 'ins_b' ? 'api' : 'db' }
}

const anyWorld = fc
  .record({
    specs: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('ins_a', 'ins_b', 'ins_c', 'ins_release'),
        generation: fc.integer({ min: 1, max: 2 }),
        needs: fc.subarray(['shop/production/web', 'shop/production/api', 'shop/production/db']),
      }),
      { selector: (spec) => spec.id },
    ),
    generation: fc.integer({ min: 0, max: 3 }),
    tasks: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('ins_a', 'ins_b', 'ins_c', 'ins_x', 'ins_release', 'ins_run'),
        generation: fc.integer({ min: 1, max: 2 }),
        attempt: fc.integer({ min: 1, max: 3 }),
        exited: fc.boolean(),
        health: fc.constantFrom<HealthView['state'] | null>('starting', 'ready', 'doubtful', 'unhealthy', 'failed', null),
        shipped: fc.boolean(),
        recorded: fc.boolean(),
      }),
      { selector: (task) => `${task.id}.${task.generation}-${task.attempt}` },
    ),
    stopping: fc.boolean(),
    now: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ specs, generation, tasks, stopping, now }) => {
    const views = tasks.map((task) => ({ task, view: taskView(instanceSpec(task.id, { ...whatIs(task.id), generation: task.generation }), task.attempt, task.exited ? { state: 'exited', exit: crash } : {}) }))
    const records = new Map<string, SupervisionRecord>()
    for (const { task, view } of views)
      if (task.recorded && task.id !== 'ins_run')
        records.set(task.id, {
          ...freshRecord({ id: task.id, generation: task.generation }),
          attempt: task.attempt,
          next: { do: 'watch', task: view.who.task, since: 0, started: true, readyAt: null, ending: null },
        })
    const world: World = worldOf({
      desired: { generation, instances: specs.map((spec) => instanceSpec(spec.id, { ...spec, ...whatIs(spec.id) })) },
      tasks: views.map(({ view }) => view),
      records,
      health: new Map(views.flatMap(({ task, view }) => (task.health ? [[view.who.task, { state: task.health, because: 'so it is' }] as const] : []))),
      shipped: new Set(views.flatMap(({ task, view }) => (task.shipped ? [view.who.task] : []))),
      stopping,
    })
    return { world, now }
  })

test('every plan is total, says why, and does not depend on the order of its inputs', () => {
  fc.assert(
    fc.property(anyWorld, fc.integer(), ({ world, now }, seed) => {
      const one = plan(world, now)
      for (const { because } of [...one.actions, ...one.waits, ...one.observed]) assert.ok(because.length > 3)
      const turned: World = {
        ...world,
        desired: { ...world.desired, instances: shuffled(world.desired.instances, seed) },
        tasks: shuffled(world.tasks, seed),
        records: new Map(shuffled([...world.records], seed)),
      }
      assert.deepEqual(plan(turned, now), one)
    }),
  )
})

test('whatever the world is, following the plan leads to what is desired, and then to rest', () => {
  fc.assert(
    fc.property(anyWorld, ({ world, now }) => {
      const { final } = simulate({ ...world, stopping: false, desired: { ...world.desired, generation: Math.max(1, world.desired.generation) } }, now)
      const rest = plan(final.world, final.now)
      assert.deepEqual(kinds(rest.actions), [])
      for (const spec of final.world.desired.instances) {
        const tasks = final.world.tasks.filter((view) => view.who.instance === spec.id && view.status.state === 'running')
        const seen = rest.observed.find((one) => one.id === spec.id)
        if (spec.kind === 'service') {
          assert.equal(tasks.length, 1, `${spec.id} runs once`)
          assert.ok(tasks[0]!.who.generation >= spec.generation)
          assert.equal(seen?.state, 'ready')
        } else assert.equal(seen?.state, 'exited')
      }
      const wanted = new Set(final.world.desired.instances.map((spec) => spec.id))
      assert.deepEqual(final.world.tasks.filter((view) => !wanted.has(view.who.instance)), [])
    }),
  )
})

test('an empty desired state that control has spoken only ends things', () => {
  fc.assert(
    fc.property(anyWorld, ({ world, now }) => {
      const { actions } = plan({ ...world, desired: { generation: 1, instances: [] } }, now)
      assert.ok(actions.every((action) => action.do !== 'start'))
      const { final } = simulate({ ...world, stopping: false, desired: { generation: 1, instances: [] } }, now)
      assert.deepEqual(final.world.tasks, [])
      assert.equal(final.world.records.size, 0)
    }),
  )
})

test('before control has spoken nothing that runs is ended, but the left-overs of terminals', () => {
  fc.assert(
    fc.property(anyWorld, ({ world, now }) => {
      const untrusted = { ...world, stopping: false, desired: { generation: 0, instances: [] } }
      for (const action of plan(untrusted, now).actions) {
        assert.notEqual(action.do, 'start')
        if (action.do === 'stop' || action.do === 'end') assert.equal(action.view.who.kind, 'run')
      }
    }),
  )
})

test('a one-shot starts once per generation, wherever it was interrupted', () => {
  fc.assert(
    fc.property(anyWorld, ({ world, now }) => {
      const seen = new Set(world.tasks.map((view) => `${view.who.instance}.${view.who.generation}`))
      for (const action of plan(world, now).actions)
        if (action.do === 'start' && action.spec.kind === 'release') assert.ok(!seen.has(`${action.spec.id}.${action.spec.generation}`))
    }),
  )
  const spec = instanceSpec('ins_r', { kind: 'release' })
  const interrupted = worldOf({ desired: { generation: 1, instances: [spec] }, records: new Map([[spec.id, watched(spec, { started: false })]]) })
  assert.deepEqual(kinds(plan(interrupted, 0).actions), ['note-exit ins_r'])
  assert.deepEqual(kinds(simulate(interrupted, 0).done).filter((done) => done.startsWith('start')), [])
})

test('what runs as desired is not touched', () => {
  const specs = [instanceSpec('ins_a', { needs: ['shop/production/db'] }), instanceSpec('ins_b', { service: 'db' })]
  const { actions, waits, observed } = plan(worldOf({ desired: { generation: 1, instances: specs }, ...running(...specs) }), 1_000)
  assert.deepEqual([actions, waits], [[], []])
  assert.deepEqual(observed.map((one) => one.state), ['ready', 'ready'])
})

test('an instance waits for what it needs, and says for what', () => {
  const web = instanceSpec('ins_a', { needs: ['shop/production/api'] })
  const api = instanceSpec('ins_b', { service: 'api', needs: ['shop/production/elsewhere'] })
  const { actions, observed } = plan(worldOf({ desired: { generation: 1, instances: [web, api] } }), 0)
  assert.deepEqual(kinds(actions), ['start ins_b'])
  assert.deepEqual([observed[0]?.state, observed[0]?.because], ['waiting', 'waits for shop/production/api to be ready'])
  const started = simulate(worldOf({ desired: { generation: 1, instances: [web, api] } }), 0)
  assert.deepEqual(kinds(started.done).filter((done) => done.startsWith('start')), ['start ins_b', 'start ins_a'])
})

test('services that need each other do not wait for ever', () => {
  const a = instanceSpec('ins_a', { service: 'a', needs: ['shop/production/b'] })
  const b = instanceSpec('ins_b', { service: 'b', needs: ['shop/production/a'] })
  assert.deepEqual(kinds(plan(worldOf({ desired: { generation: 1, instances: [a, b] } }), 0).actions), ['start ins_a', 'start ins_b'])
})

test('a sick need restarts neither its callers nor, through their own checks, its sick callers', () => {
  const db = instanceSpec('ins_db', { service: 'db' })
  const web = instanceSpec('ins_web', { needs: ['shop/production/db'] })
  const world = running(db, web)
  const sick: HealthView = { state: 'unhealthy', because: 'GET / answered 503' }
  const both = plan(worldOf({ desired: { generation: 1, instances: [db, web] }, ...world, health: new Map([['ins_db.1-1', sick], ['ins_web.1-1', sick]]) }), 0)
  assert.deepEqual(kinds(both.actions), ['end ins_db'])
  assert.match(both.observed.find((one) => one.id === 'ins_web')!.because, /not restarted, because it needs shop\/production\/db/)
  const caller = plan(worldOf({ desired: { generation: 1, instances: [db, web] }, ...world, health: new Map([['ins_db.1-1', ready], ['ins_web.1-1', sick]]) }), 0)
  assert.deepEqual(kinds(caller.actions), ['end ins_web'])
})

test('a caller that fails before its need is seen to fail, or fails on from before the need was well again, is not restarted for that', () => {
  const db = instanceSpec('ins_db', { service: 'db' })
  const web = instanceSpec('ins_web', { needs: ['shop/production/db'], health: { kind: 'http', path: '/', intervalMs: 1_000, timeoutMs: 1_000, failures: 3, startupMs: 5_000 } })
  const sick: HealthView = { state: 'unhealthy', because: 'GET / answered 503', badSince: 5_000, badAt: 7_900 }
  const of = (goodAt: number, goodSince = 0) => plan(worldOf({ desired: { generation: 1, instances: [db, web] }, ...running(db, web), health: new Map([['ins_db.1-1', { ...ready, goodAt, goodSince }], ['ins_web.1-1', sick]]) }), 8_000)
  assert.deepEqual(kinds(of(4_900).actions), [])
  assert.match(of(4_900).waits[0]?.because ?? '', /first it is seen whether that is because of shop\/production\/db, which it needs/)
  assert.deepEqual(kinds(of(5_100).actions), ['end ins_web'])
  assert.deepEqual(kinds(of(7_800, 5_000).actions), [], 'well again for less than it takes to fail anew')
  assert.deepEqual(kinds(of(7_800, 4_800).actions), ['end ins_web'])
})

test('a leak is replaced gracefully, one at a time, and only while all others of its service are ready', () => {
  const specs = ['ins_a', 'ins_b', 'ins_c'].map((id) => instanceSpec(id, { service: 'web' }))
  const leaks = new Map([['ins_a.1-1', 'its memory rises'], ['ins_c.1-1', 'its memory rises']])
  const world = { ...running(...specs), leaks, desired: { generation: 1, instances: specs } }
  const one = plan(worldOf(world), 0)
  assert.deepEqual(kinds(one.actions), ['end ins_a'])
  const [action] = one.actions
  assert.deepEqual(action?.do === 'end' && [action.reason, action.drainMs, action.because], ['leak', specs[0]!.stop.drainMs, 'its memory rises'])
  const sick = new Map(world.health).set('ins_b.1-1', { state: 'unhealthy', because: 'GET / answered 503' })
  assert.deepEqual(kinds(plan(worldOf({ ...world, health: sick }), 0).actions), ['end ins_b'])
  assert.match(plan(worldOf({ ...world, health: sick }), 0).waits.find((wait) => wait.instance === 'ins_a')?.because ?? '', /replaced once all other instances are ready/)
})

test('a doubtful instance is left alone, and a frozen one ended whatever it needs', () => {
  const web = instanceSpec('ins_web', { needs: ['shop/production/db'] })
  const one = (seen: HealthView) => plan(worldOf({ desired: { generation: 1, instances: [web] }, ...running(web), health: new Map([['ins_web.1-1', seen]]) }), 0)
  assert.deepEqual(one({ state: 'doubtful', because: 'no answer within 250 ms' }).actions, [])
  const [action] = one({ state: 'unhealthy', cause: 'frozen', because: 'it is frozen' }).actions
  assert.equal(action?.do === 'end' && action.reason, 'frozen')
})

test('a crash is followed by a start without waiting for needs', () => {
  const web = instanceSpec('ins_web', { needs: ['shop/production/db'] })
  const db = instanceSpec('ins_db', { service: 'db' })
  const record: SupervisionRecord = { ...watched(web), next: { do: 'start', at: 0, restart: true, held: false, awaitNeeds: false, because: 'exited with code 1' } }
  const world = worldOf({ desired: { generation: 1, instances: [web, db] }, records: new Map([[web.id, record]]) })
  assert.ok(kinds(plan(world, 0).actions).includes('start ins_web'))
})

test('a new generation drains, stops, and starts in place', () => {
  const old = instanceSpec('ins_a', { port: 5000 })
  const { done } = simulate(worldOf({ desired: { generation: 2, instances: [{ ...old, generation: 2 }] }, ...running(old) }), 0)
  assert.deepEqual(kinds(done).filter((one) => !one.startsWith('remove')), ['end ins_a', 'stop ins_a', 'note-exit ins_a', 'start ins_a'])
})

test('requests in flight get their time, and no more', () => {
  const spec = instanceSpec('ins_a', { port: 5000, stop: { signal: 'SIGTERM', graceMs: 100, drainMs: 4_000 } })
  const ending = { reason: 'removed' as const, because: 'it is not desired any more', since: 1_000, drainMs: 4_000 }
  const base = { ...running(spec), records: new Map([[spec.id, watched(spec, { ending })]]), desired: { generation: 2, instances: [] } }
  const draining = plan(worldOf(base), 4_999)
  assert.deepEqual([kinds(draining.actions), draining.wakeAt, draining.observed[0]?.state], [[], 5_000, 'draining'])
  assert.deepEqual(kinds(plan(worldOf(base), 5_000).actions), ['stop ins_a'])
  assert.deepEqual(kinds(plan(worldOf({ ...base, drained: new Set(['ins_a.1-1']) }), 1_001).actions), ['stop ins_a'])
})

test('a second task of an instance is stopped, and the current one is not', () => {
  const spec = instanceSpec('ins_a')
  const world = running(spec)
  const { actions } = plan(worldOf({ desired: { generation: 1, instances: [spec] }, ...world, records: new Map([[spec.id, { ...watched(spec), attempt: 2, next: { ...watched(spec).next, task: 'ins_a.1-2' } as never }]]), tasks: [...world.tasks, taskView(spec, 2)] }), 0)
  assert.deepEqual(actions.map((action) => action.do === 'stop' && action.view.who.task), ['ins_a.1-1'])
})

test('ended tasks are kept until their output is stored, but never too many of them', () => {
  const spec = instanceSpec('ins_a')
  const tasks = Array.from({ length: 14 }, (_, i) => taskView(spec, i + 1, { state: 'exited', exit: crash }))
  const record: SupervisionRecord = { ...freshRecord(spec), attempt: 14, next: { do: 'start', at: 60_000, restart: true, held: true, awaitNeeds: false, because: 'crash loop' } }
  const removed = plan(worldOf({ desired: { generation: 1, instances: [spec] }, tasks, records: new Map([[spec.id, record]]), shipped: new Set(['ins_a.1-13']) }), 0).actions
  assert.deepEqual(removed.map((action) => action.do === 'remove' && action.view.who.attempt), [13, 4, 3, 2, 1])
})

test('times from before the clock was set back do not hold an instance or a drain up', () => {
  const spec = instanceSpec('ins_a', { port: 5000 })
  const record: SupervisionRecord = { ...freshRecord(spec), attempt: 1, next: { do: 'start', at: 1e12, restart: true, held: true, awaitNeeds: false, because: 'crash loop' } }
  assert.deepEqual(kinds(plan(worldOf({ desired: { generation: 1, instances: [spec] }, records: new Map([[spec.id, record]]) }), 0).actions), ['start ins_a'])
  const ending = { reason: 'removed' as const, because: 'it is not desired any more', since: 1e12, drainMs: 4_000 }
  const draining = worldOf({ ...running(spec), records: new Map([[spec.id, watched(spec, { ending })]]), desired: { generation: 2, instances: [] } })
  assert.deepEqual(kinds(plan(draining, 0).actions), ['stop ins_a'])
})

test('when all apps are to stop, nothing starts and everything ends', () => {
  const specs = [instanceSpec('ins_a'), instanceSpec('ins_b', { service: 'db' })]
  const { final } = simulate(worldOf({ desired: { generation: 1, instances: specs }, ...running(specs[0]!), stopping: true }), 0)
  assert.deepEqual(final.world.tasks.filter((view) => view.status.state === 'running'), [])
})

test('a held instance tells why, its last exit, and when it is tried again', () => {
  const spec = instanceSpec('ins_a', { restart: { ...quickRestart, intensity: 2 } })
  const { observedAlong } = simulate(worldOf({ desired: { generation: 1, instances: [spec] } }), 0, { crashes: () => true, steps: 40 })
  const held = observedAlong.find((one) => one.state === 'held')
  assert.match(held?.because ?? '', /crash loop: 2 restarts within 10 s; the last one: exited with code 1/)
  assert.equal(held?.lastExit?.code, 1)
  assert.ok(held?.retryAt)
})

function shuffled<T>(list: readonly T[], seed: number): T[] {
  return list.map((item, index) => ({ item, key: Math.sin(seed + index * 997) })).sort((a, b) => a.key - b.key).map(({ item }) => item)
}

test('one that is tried again tells why the run before failed, until it can say more itself', () => {
  const spec = instanceSpec('ins_a')
  const record = { ...watched(spec), restarts: 1, lastFault: 'it did not become ready within 5 s: GET /up answered 404' }
  const because = (health: HealthView) => plan(worldOf({ desired: { generation: 1, instances: [spec] }, ...running(spec), records: new Map([[spec.id, record]]), health: new Map([[taskView(spec, 1).who.task, health]]) }), 0).observed[0]?.because
  assert.equal(because({ state: 'starting', because: 'not ready yet: nothing listens there', early: true }), 'it is being tried again; the last time it did not become ready within 5 s: GET /up answered 404')
  assert.equal(because({ state: 'starting', because: 'not ready yet: GET /up answered 503' }), 'not ready yet: GET /up answered 503')
})

test('an instance whose port or artifact is not to be had is waiting and not started; after a while that is a fault', () => {
  const spec = instanceSpec('ins_a')
  const seen = (prepares: number, busy: boolean) => {
    const record = freshRecord(spec)
    const next = { ...record.next, because: 'port 80 can\'t be had' } as SupervisionRecord['next']
    const [observed] = plan(worldOf({ desired: { generation: 1, instances: [spec] }, records: new Map([[spec.id, { ...record, prepares, next }]]), busy: new Map(busy ? [[spec.id, 'starting'] as const] : []) }), 0).observed
    return [observed?.state, observed?.because]
  }
  const [unknown] = plan(worldOf({ desired: { generation: 1, instances: [spec] }, busy: new Map([[spec.id, 'starting']]) }), 0).observed
  assert.equal(unknown?.state, 'waiting', 'it has no record before its first attempt')
  assert.deepEqual(seen(0, true), ['waiting', 'its artifact and its port are being prepared'])
  assert.deepEqual(seen(3, true), ['waiting', 'port 80 can\'t be had'])
  assert.deepEqual(seen(3, false), ['waiting', 'port 80 can\'t be had'])
  assert.deepEqual(seen(20, true), ['backoff', 'port 80 can\'t be had'])
})
