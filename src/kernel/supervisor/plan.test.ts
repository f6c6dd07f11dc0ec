import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type History, type Observed, type Wanted, plan, restartDelayMs, stableMs } from './plan.ts'

const names = ['agent', 'control', 'postgres', 'proxy'] as const

const wantedArb: fc.Arbitrary<Wanted[]> = fc
  .subarray([...names])
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((name, index) =>
        fc.record({
          name: fc.constant<string>(name),
          fingerprint: fc.constantFrom('v1', 'v2'),
          needs: fc.subarray(chosen.slice(0, index)), // earlier ones only: no circle
          startupMs: fc.integer({ min: 1000, max: 60_000 }),
          hangMs: fc.integer({ min: 1000, max: 60_000 }),
        }),
      ),
    ),
  )

const observedArb: fc.Arbitrary<Observed[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom<string>(...names),
    fingerprint: fc.constantFrom('v1', 'v2'),
    health: fc.constantFrom('starting', 'ready', 'silent'),
    forMs: fc.integer({ min: 0, max: 120_000 }),
  }),
  { selector: (each) => each.name },
)

const historiesArb: fc.Arbitrary<Map<string, History>> = fc
  .dictionary(fc.constantFrom(...names), fc.record({ starts: fc.integer({ min: 1, max: 40 }), lastStartAt: fc.integer({ min: 0, max: 100_000 }) }))
  .map((each) => new Map(Object.entries(each)))

const nowArb = fc.integer({ min: 0, max: 200_000 })

test('a process that is as it should be is never touched, and each process gets one action or wait at most', () => {
  fc.assert(
    fc.property(wantedArb, observedArb, historiesArb, nowArb, (wanted, observed, histories, now) => {
      const { actions, waiting } = plan(wanted, observed, histories, now)
      const touched = [...actions, ...waiting].map((each) => each.name)
      assert.equal(new Set(touched).size, touched.length)
      for (const each of [...actions, ...waiting]) assert.ok(each.because.length > 0)
      for (const name of touched) assert.ok(wanted.some((want) => want.name === name), 'only what is wanted is spoken of')
      for (const want of wanted) {
        const have = observed.find((each) => each.name === want.name)
        if (have?.fingerprint === want.fingerprint && have.health === 'ready') assert.ok(!touched.includes(want.name))
      }
    }),
  )
})

test('the order of what is wanted and observed is of no matter', () => {
  fc.assert(
    fc.property(wantedArb, observedArb, historiesArb, nowArb, (wanted, observed, histories, now) => {
      assert.deepEqual(plan(wanted.toReversed(), observed.toReversed(), histories, now), plan(wanted, observed, histories, now))
    }),
  )
})

test('nothing starts before what it needs is ready, nor before its backoff is over', () => {
  fc.assert(
    fc.property(wantedArb, observedArb, historiesArb, nowArb, (wanted, observed, histories, now) => {
      for (const action of plan(wanted, observed, histories, now).actions.filter((each) => each.do === 'start')) {
        const want = wanted.find((each) => each.name === action.name) as Wanted
        for (const need of want.needs) assert.equal(observed.find((each) => each.name === need)?.health, 'ready')
        const history = histories.get(action.name)
        if (history) assert.ok(now >= history.lastStartAt + restartDelayMs(history.starts))
      }
    }),
  )
})

test('from any state everything wanted becomes ready, when processes answer after their start', () => {
  fc.assert(
    fc.property(wantedArb, observedArb, historiesArb, nowArb, (wanted, observed, histories, start) => {
      const running = new Map(observed.map((each) => [each.name, { ...each }]))
      const past = new Map(histories)
      const stepMs = 1000
      for (let now = start, step = 0; step < 400; step++, now += stepMs) {
        for (const { do: what, name } of plan(wanted, [...running.values()], past, now).actions) {
          if (what === 'start') {
            const want = wanted.find((each) => each.name === name) as Wanted
            running.set(name, { name, fingerprint: want.fingerprint, health: 'ready', forMs: 0 })
            past.set(name, { starts: (past.get(name)?.starts ?? 0) + 1, lastStartAt: now })
          } else running.delete(name)
        }
        for (const each of running.values()) each.forMs += stepMs
      }
      for (const want of wanted) {
        const have = running.get(want.name)
        assert.equal(have?.health, 'ready')
        assert.equal(have?.fingerprint, want.fingerprint)
      }
    }),
    { numRuns: 60 },
  )
})

test('the backoff rises from nothing to ten seconds and no further', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9, 100].map(restartDelayMs), [0, 0, 100, 200, 400, 10_000, 10_000])
  assert.ok(stableMs >= 10_000, 'a process that crashes at the pace of its backoff never counts as stable')
})
