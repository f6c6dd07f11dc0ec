/**
 * The rollout plan and the healing plan together over a simulated world: an agent that starts, crashes and hangs instances, people who deploy
 * and scale, and faults at random. Every turn is two seconds; everything that the loops would carry out is carried out, or lost when control is killed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { conditionsOf } from '#heal/signals/conditions.ts'
import { nextSignals } from '#heal/signals/hold.ts'
import { type ServiceFacts, type Signal, targetKey } from '#heal/signals/model.ts'
import { change, machine, now as start, remediation } from '#heal/testing/samples.ts'
import { planEnvironment } from '#run/rollouts/plan.ts'
import type { EnvironmentFacts, ReleaseFacts } from '#run/rollouts/model.ts'
import type { Change } from '#heal/causes/model.ts'
import type { Action, HealFacts, RemediationRow } from './model.ts'
import { planHealing } from './plan.ts'
import { fleetPerHour, ruleOf } from './rules.ts'

const turnMs = 2000
const names = ['web', 'api'] as const
type Name = (typeof names)[number]
type Simulated = { id: string; service: string; ordinal: number; release: number; wanted: 'run' | 'retire'; turns: number; fault: 'none' | 'crash' | 'hang' | 'stuck' }
type Event = { turn: number; do: 'crash' | 'hang' | 'stuck' | 'deploy' | 'bad deploy' | 'scale' | 'kill control'; service: Name; n: number }

class World {
  at = start
  counts: Record<Name, number> = { web: 2, api: 2 }
  release = 1
  bad = new Set<number>()
  active = 1
  rollout: EnvironmentFacts['rollout'] = null
  instances: Simulated[] = []
  signals: Signal[] = []
  rows: RemediationRow[] = []
  alerts: { id: string; target: string; remediation: string | null }[] = []
  changes: Change[] = []
  made = 0
  deafTurns = 0
  /** Turns of a bad release until it falls: soon, while it is rolled out, or late, when it serves. */
  fallsAfter = 10
  /** When healing acted, for the budgets. */
  spent: { at: number; rule: string; target: string }[] = []

  wish(number: number): ReleaseFacts {
    return { number, releaseCommand: false, missingSecrets: [], strategy: { kind: 'rolling' }, services: names.map((name) => ({ name, count: this.counts[name], needs: name === 'web' ? ['api'] : [], exclusive: false, startupMs: 60_000 })) }
  }

  /** A bad release is ready at first, and falls a while later for good. */
  state(one: Simulated): 'starting' | 'ready' | 'backoff' | 'unhealthy' | 'stopping' {
    if (one.wanted === 'retire') return 'stopping'
    if (this.bad.has(one.release) && one.turns > this.fallsAfter) return 'backoff'
    if (one.fault === 'crash') return 'backoff'
    if (one.fault === 'hang' || one.fault === 'stuck') return 'unhealthy'
    return one.turns < 2 ? 'starting' : 'ready'
  }

  happen(event: Event): void {
    const alive = this.instances.filter((one) => one.service === event.service && one.wanted === 'run')
    const struck = alive[event.n % Math.max(1, alive.length)]
    if (event.do === 'scale') this.counts[event.service] = 1 + (event.n % 4)
    else if (event.do === 'kill control') this.deafTurns = 1 + (event.n % 5)
    else if (event.do === 'deploy' || event.do === 'bad deploy') this.rollOut(event.do === 'bad deploy')
    else if (struck !== undefined) struck.fault = event.do
  }

  rollOut(bad: boolean): void {
    this.release++
    if (bad) this.bad.add(this.release)
    this.rollout = { id: `rol_${this.release}`, state: 'pending', startedAt: this.at, target: this.wish(this.release), noted: [], share: null }
  }

  /** The agent: what crashed is started again by itself; what hangs or is stuck is not. */
  live(): void {
    this.instances = this.instances.filter((one) => one.wanted === 'run' || one.turns++ < 0)
    for (const one of this.instances) {
      if (one.fault === 'crash' && this.at.getTime() % 3 === 0) Object.assign(one, { fault: 'none', turns: 0 })
      one.turns++
    }
  }

  roll(): void {
    if (this.rollout !== null) this.rollout = { ...this.rollout, target: this.wish(this.rollout.target.number) }
    const facts: EnvironmentFacts = {
      app: 'shop', environment: 'production', stopped: false, active: this.wish(this.active), rollout: this.rollout,
      instances: this.instances.map((one) => ({ id: one.id, kind: 'service', service: one.service, ordinal: one.ordinal, release: one.release, wanted: one.wanted, restartBecause: null, state: this.state(one), because: 'so', hasStarted: true, restarts: this.bad.has(one.release) ? Math.max(0, Math.floor((one.turns - this.fallsAfter) / 5)) : 0, exitCode: null, createdAt: new Date(this.at.getTime() - one.turns * turnMs) })),
    }
    for (const action of planEnvironment(facts, this.at).actions) {
      if (action.do === 'create') this.instances.push({ id: `ins_${this.made++}`, service: action.service, ordinal: action.ordinal, release: action.release, wanted: 'run', turns: 0, fault: 'none' })
      else if (action.do === 'retire') Object.assign(this.instances.find((one) => one.id === action.instance) ?? {}, { wanted: 'retire', turns: 0 })
      else if (action.do === 'advance' && this.rollout !== null) {
        if (action.to === 'finished') {
          this.changes.unshift(change({ event: this.release * 10, at: this.at, undo: { do: 'roll-back', release: this.rollout.target.number, to: this.active } }))
          this.active = this.rollout.target.number
        }
        this.rollout = action.to === 'finished' || action.to === 'failed' ? null : { ...this.rollout, state: action.to }
      }
    }
  }

  services(): ServiceFacts[] {
    return names.map((name) => ({
      app: 'shop', environment: 'production', service: name, wanted: this.counts[name], needs: name === 'web' ? ['api'] : [], ownsVolume: false, startupMs: 60_000, requests: 0, errors: 0, latency: [], recent: { requests: 0, errors: 0, latency: [] }, usual: null, told: [], faults: [], ejections: {}, rollingOut: this.rollout !== null,
      instances: this.instances.filter((one) => one.service === name && one.wanted === 'run').map((one) => ({ id: one.id, name: `${name}.${one.ordinal}`, machine: 'm1', state: this.state(one), because: 'so', startedAt: new Date(this.at.getTime() - one.turns * turnMs), createdAt: start, outOfMemory: false, finished: false })),
    }))
  }

  heal(): void {
    const services = this.services()
    this.signals = nextSignals(this.signals, conditionsOf(services, [machine('m1', { lastSeenAt: this.at })], this.at), this.at)
    // as they are read: only what serves can be undone
    const changes = this.changes.map((one) => (one.undo?.do === 'roll-back' && one.undo.release !== this.active ? { ...one, undo: null } : one))
    const facts: HealFacts = { signals: this.signals, services, machines: [machine('m1', { lastSeenAt: this.at })], changes, remediations: this.rows, alerts: this.alerts, modes: {}, tunings: {}, pauses: [], stopped: null, now: this.at }
    for (const action of planHealing(facts).actions) this.apply(action, services)
  }

  apply(action: Action, services: ServiceFacts[]): void {
    const key = targetKey(action.target)
    const row = 'id' in action ? this.rows.find((one) => one.id === action.id) : undefined
    if (action.do === 'open') this.rows.push(remediation({ id: `rem_${this.rows.length}`, rule: action.rule, target: key, service: action.target.service, signal: action.signal, cause: action.cause, opened_at: this.at }))
    else if (action.do === 'raise') this.alerts.push({ id: `alr_${key}`, target: key, remediation: action.remediation })
    else if (action.do === 'clear') this.alerts = this.alerts.filter((one) => one.id !== action.alert)
    else if (row === undefined) assert.fail(`${action.do} of nothing`)
    else if (action.do === 'note') Object.assign(row, { state: action.state, rule: action.rule, cause: action.cause, because: action.because })
    else if (action.do === 'end') Object.assign(row, { state: action.state, ended_at: this.at, because: action.because })
    else if (action.do === 'settle') {
      row.tries = row.tries.map((one, nth) => (nth === row.tries.length - 1 ? { ...one, outcome: action.outcome, endedAt: this.at.toISOString() } : one))
      if (action.outcome === 'failed') row.state = 'waiting'
    } else if (action.do === 'try') this.perform(action, row, services)
  }

  perform(action: Extract<Action, { do: 'try' }>, row: RemediationRow, services: ServiceFacts[]): void {
    assert.notEqual(row.state, 'verifying', 'one action at a time')
    const needs = services.find((one) => one.service === row.service)?.needs ?? []
    for (const need of needs) assert.ok(services.find((one) => one.service === need)?.instances.some((one) => one.state === 'ready'), `${row.service} is touched while ${need} is down`)
    this.spent.push({ at: this.at.getTime(), rule: action.rule, target: row.target })
    Object.assign(row, { state: 'verifying', rule: action.rule, cause: action.cause, tries: [...row.tries, { rung: action.rung, did: action.rung, at: this.at.toISOString(), by: action.by, outcome: 'verifying', verdict: null, verifyBy: action.verifyBy.toISOString(), endedAt: null }] })
    if (action.undo?.do === 'roll-back') {
      assert.equal(action.undo.release, this.active, 'only what serves is undone')
      this.rollOut(this.bad.has(action.undo.to))
      this.changes = this.changes.map((one) => ({ ...one, undo: null }))
    }
    for (const id of action.instances) {
      const one = this.instances.find((each) => each.id === id)
      if (one === undefined || action.undo !== null) continue
      if (action.rung === 'restart') Object.assign(one, { fault: one.fault === 'stuck' ? 'stuck' : 'none', turns: 0 })
      else Object.assign(one, { wanted: 'retire', turns: 0 })
    }
  }

  turn(): void {
    this.at = new Date(this.at.getTime() + turnMs)
    this.live()
    if (this.deafTurns-- > 0) return // nobody plans while control is away; what runs, runs
    this.roll()
    this.heal()
  }

  ready(name: Name): number {
    return this.instances.filter((one) => one.service === name && one.wanted === 'run' && this.state(one) === 'ready').length
  }
}

const eventTurns = 300
const events = fc.array(fc.record({ turn: fc.integer({ min: 20, max: eventTurns }), do: fc.constantFrom<Event['do']>('crash', 'hang', 'stuck', 'deploy', 'bad deploy', 'scale', 'kill control'), service: fc.constantFrom(...names), n: fc.nat(20) }), { maxLength: 8 })

test('whatever happens, in the end all that is wanted is ready, or a person was told; budgets hold, and what people want is never lost', () => {
  fc.assert(
    fc.property(events, fc.constantFrom(10, 40), (given, fallsAfter) => {
      const world = new World()
      world.fallsAfter = fallsAfter
      for (let turn = 0; turn < 20; turn++) world.turn()
      assert.deepEqual([world.ready('web'), world.ready('api')], [2, 2])
      const counts = { ...world.counts }
      for (let turn = 20; turn < eventTurns + 600; turn++) {
        for (const event of given) {
          if (event.turn !== turn) continue
          world.happen(event)
          if (event.do === 'scale') counts[event.service] = world.counts[event.service]
        }
        world.turn()
        const hour = world.spent.filter((one) => world.at.getTime() - one.at < 3_600_000)
        assert.ok(hour.length <= fleetPerHour)
        for (const { target, rule } of hour) assert.ok(hour.filter((one) => one.target === target && one.rule === rule).length <= (ruleOf(rule)?.perTargetPerHour ?? 0))
      }
      assert.deepEqual(world.counts, counts, 'what people want is never lost')
      for (const name of names) {
        const told = world.alerts.some((one) => one.target === `shop/production/${name}` || one.target === 'shop/production/api' || one.target === 'fleet')
        assert.ok(world.ready(name) === counts[name] || told, `${world.ready(name)} of ${counts[name]} of ${name}, and nobody was told: ${JSON.stringify(world.rows.map((row) => [row.target, row.state, row.because]))}`)
      }
    }),
    { numRuns: 60 },
  )
})

for (const [when, fallsAfter] of [['while it is rolled out', 10], ['when it serves', 40]] as const)
  test(`a bad release that falls ${when} ends with the good one, and nobody is told`, () => {
    const world = new World()
    world.fallsAfter = fallsAfter
    for (let turn = 0; turn < 20; turn++) world.turn()
    world.happen({ turn: 0, do: 'bad deploy', service: 'web', n: 0 })
    for (let turn = 0; turn < 250; turn++) world.turn()
    assert.deepEqual([world.ready('web'), world.ready('api'), world.bad.has(world.active), world.alerts], [2, 2, false, []])
    if (fallsAfter === 40) assert.deepEqual(world.rows.flatMap((row) => row.tries.map((one) => `${one.rung} ${one.outcome}`)), ['revert verified'])
  })
