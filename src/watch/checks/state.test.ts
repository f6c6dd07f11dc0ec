import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CheckStatus } from '#contract/checks.ts'
import { told } from './judge.ts'
import type { Seen, WindowRow } from './model.ts'
import { nextHeartbeat } from './specs.ts'
import { type Watched, circle, foldResult, staleAfterMs, verdicts } from './state.ts'
import { isOpen, occurrence } from './windows.ts'

const t0 = Date.parse('2026-11-28T03:00:00Z')
const at = (ms: number) => new Date(t0 + ms)

function watched(id: string, more: Partial<Watched> = {}): Watched {
  return { id, name: id, kind: 'http', app: null, every_ms: 10_000, timeout_ms: 8000, retries: 2, quorum: null, needs: [], paused_by: null, config: {}, created_at: at(0), seen: {}, before: null, ...more }
}

/** What a vantage point knows after these runs, ten seconds apart, the last at `endMs`. */
function after(statuses: CheckStatus[], endMs = 0): Seen {
  const results = statuses.map((status, nth) => ({ status, message: status, durationMs: 1, metrics: [], atMs: t0 + endMs - (statuses.length - 1 - nth) * 10_000 }))
  return results.reduce<Seen | undefined>((seen, result) => foldResult(seen, result, result.atMs), undefined) as Seen
}
const stateOf = (checks: Watched[], id: string, ms = 0, windows: WindowRow[] = []) => verdicts(checks, windows, at(ms)).get(id)?.state
const runs = fc.array(fc.constantFrom<CheckStatus>('ok', 'warn', 'err'), { minLength: 1, maxLength: 8 })
const failedInARow = (statuses: readonly CheckStatus[]) => statuses.length - 1 - statuses.findLastIndex((status) => status !== 'err')

test('one vantage point: down after more failures in a row than retries, and only then', () => {
  fc.assert(
    fc.property(runs, fc.nat(4), (statuses, retries) => {
      const failures = failedInARow(statuses)
      const expected = failures > retries ? 'down' : failures > 0 ? 'pending' : statuses.at(-1) === 'warn' ? 'warn' : 'up'
      assert.equal(stateOf([watched('a', { retries, seen: { control: after(statuses) } })], 'a'), expected)
    }),
  )
})

test('an older result changes nothing, unless what is known is of a time that a clock set back has not reached', () => {
  const hour = 3_600_000
  const failed = { status: 'err' as const, message: 'gone', durationMs: 1, metrics: [], atMs: t0 }
  const known = after(['ok'], hour)
  assert.equal(foldResult(known, failed, t0 + hour + 1), known)
  const seen = foldResult(known, failed, t0 + 10)
  assert.deepEqual([seen.status, seen.at, seen.failures, seen.failingSince], ['err', t0, 1, t0])
  const again = foldResult(after(['err'], hour), failed, t0 + 10)
  assert.deepEqual([again.failures, again.failingSince], [2, t0])
})

test('a vantage point that is silent counts no more, also when its last look is of a time that a clock set back has not reached', () => {
  const check = watched('a', { seen: { control: after(['ok']) } })
  const patience = staleAfterMs(check)
  assert.deepEqual([-patience - 1, -patience, 0, patience, patience + 1].map((ms) => stateOf([check], 'a', ms)), ['unknown', 'up', 'up', 'up', 'unknown'])
})

test('several vantage points: down when the quorum sees it, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(runs, { minLength: 1, maxLength: 5 }), fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }), (points, quorum) => {
      const seen = points.map((statuses, nth) => [`m${nth}`, after(statuses)] as const)
      const hard = points.filter((statuses) => failedInARow(statuses) > 2).length
      const needed = Math.min(quorum ?? Math.floor(points.length / 2) + 1, points.length)
      const state = stateOf([watched('a', { quorum, seen: Object.fromEntries(seen) })], 'a')
      assert.equal(state === 'down', hard >= needed)
      assert.equal(stateOf([watched('a', { quorum, seen: Object.fromEntries(seen.toReversed()) })], 'a'), state)
    }),
  )
})

test('nothing is known of what nobody reported lately', () => {
  const late = staleAfterMs(watched('a')) + 1
  assert.equal(stateOf([watched('a')], 'a', 1000), 'pending')
  assert.equal(stateOf([watched('a')], 'a', late), 'unknown')
  assert.equal(stateOf([watched('a', { seen: { control: after(['err', 'err', 'err']) } })], 'a', late), 'unknown')
  assert.equal(stateOf([watched('a', { seen: { control: after(['ok'], late), m1: after(['err', 'err', 'err']) } })], 'a', late), 'up')
})

test('a person and a window go before what is seen', () => {
  const seen = { control: after(['err', 'err', 'err']) }
  const window: WindowRow = { id: 'w', title: 'move', checks: ['a'], apps: [], starts_at: at(-1000), ends_at: at(1000), repeat: 'once', timezone: 'UTC', by_name: 'x' }
  assert.equal(stateOf([watched('a', { seen, paused_by: 'rosa' })], 'a', 0, [window]), 'paused')
  assert.equal(stateOf([watched('a', { seen })], 'a', 0, [window]), 'maintenance')
  assert.equal(stateOf([watched('a', { seen })], 'a', 1000, [window]), 'down')
  assert.equal(stateOf([watched('b', { seen })], 'b', 0, [{ ...window, checks: [], apps: [] }]), 'down')
})

test('one cause, one notice: whichever falls first, only what nothing explains is down', () => {
  const down = after(['err', 'err', 'err'])
  const failing = after(['ok', 'err'])
  const shop = (more: Partial<Watched>) => watched('shop', { needs: ['db'], seen: { control: down }, ...more })
  assert.equal(stateOf([shop({}), watched('db', { seen: { control: down } })], 'shop'), 'suppressed')
  assert.equal(stateOf([shop({}), watched('db', { seen: { control: failing } })], 'shop'), 'pending', 'db fails too, and is not judged yet')
  assert.equal(stateOf([shop({}), watched('db', { seen: { control: after(['ok'], -25_000) } })], 'shop'), 'pending', 'db was not looked at since')
  assert.equal(stateOf([shop({}), watched('db', { seen: { control: after(['ok'], -1000) } })], 'shop'), 'down')
  assert.equal(stateOf([shop({ before: 'down' }), watched('db', { seen: { control: failing } })], 'shop'), 'down', 'what was told stays told')
  assert.equal(stateOf([shop({}), watched('db', { needs: ['net'], seen: { control: down } }), watched('net', { seen: { control: down } })], 'shop'), 'suppressed', 'through two levels')
})

test('with any dependencies, circles too: every check gets one state, and nothing is suppressed without a cause', () => {
  const ids = ['a', 'b', 'c', 'd']
  const one = fc.record({ statuses: runs, needs: fc.subarray(ids), paused: fc.boolean() })
  fc.assert(
    fc.property(fc.tuple(one, one, one, one), (all) => {
      const checks = all.map(({ statuses, needs, paused }, nth) => watched(ids[nth] as string, { needs, paused_by: paused ? 'x' : null, seen: { control: after(statuses) } }))
      const found = verdicts(checks, [], at(0))
      assert.equal(found.size, 4)
      for (const check of checks) if (found.get(check.id)?.state === 'suppressed') assert.ok(check.needs.some((need) => ['down', 'suppressed'].includes(found.get(need)?.state ?? '')))
    }),
  )
})

test('a circle is found before it is made', () => {
  const all = new Map([['a', { name: 'A', needs: ['b'] }], ['b', { name: 'B', needs: ['c'] }], ['c', { name: 'C', needs: [] }]])
  assert.deepEqual(circle('c', ['a'], all), ['A', 'B'])
  assert.equal(circle('a', ['b', 'c'], all), null)
})

test('a heartbeat: late, down after its grace, and while a run takes too long', () => {
  const beat = (seen: Seen | undefined, ms: number) => stateOf([watched('job', { kind: 'heartbeat', every_ms: 60_000, retries: 0, config: { grace: '10s' }, seen: seen === undefined ? {} : { push: seen } })], 'job', ms)
  assert.deepEqual([beat(undefined, 1e9), beat(after(['ok']), 59_000), beat(after(['ok']), 65_000), beat(after(['ok']), 70_001), beat(after(['err']), 1)], ['pending', 'up', 'up', 'down', 'down'])
  assert.deepEqual([9000, 10_001].map((ms) => beat({ ...after(['ok']), started: { '': t0 } }, ms)), ['up', 'down'])
})

test('what is told follows the states: one event a fall and a rise, one alert while it lasts', () => {
  const alerts = { down: 'critical', warn: 'warning', up: null, suppressed: null, maintenance: null, paused: null } as const
  const states = ['up', 'warn', 'down', 'pending', 'unknown', 'suppressed', 'maintenance', 'paused'] as const
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...states), { maxLength: 30 }), (path) => {
      let before: Parameters<typeof told>[0] = { state: 'pending', because: '', alerted: null, severity: 'critical' }
      for (const state of path) {
        const { changed, event, alert } = told(before, { state, because: '' })
        assert.equal(event === 'check.down', state === 'down' && changed)
        if (event === 'check.up') assert.ok(state === 'up' || state === 'warn')
        const alerted = alert === 'keep' ? before.alerted : alert
        assert.equal(alerted, state === 'pending' || state === 'unknown' ? before.alerted : alerts[state])
        before = { ...before, state, alerted }
      }
    }),
  )
})

test('a window that repeats keeps its hours when the clocks change', () => {
  const window = { starts_at: new Date('2026-03-27T01:30:00Z'), ends_at: new Date('2026-03-27T02:30:00Z'), repeat: 'daily' as const, timezone: 'Europe/Berlin' }
  assert.deepEqual([isOpen(window, new Date('2026-03-28T01:45:00Z')), isOpen(window, new Date('2026-03-30T00:45:00Z')), isOpen(window, new Date('2026-03-30T01:45:00Z'))], [true, true, false])
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400 }), fc.constantFrom('daily' as const, 'weekly' as const), (seconds, repeat) => {
      const now = new Date(window.starts_at.getTime() + seconds * 1000)
      const found = occurrence({ ...window, repeat }, now)
      assert.ok(found && found.until > now && found.from.getTime() - now.getTime() <= (repeat === 'daily' ? 1 : 7) * 86_400_000 + 3_600_000)
    }),
  )
})

test('a heartbeat with a schedule: late and down by the clock of its time zone, over both changes of it', () => {
  const look = (pinged: string, at: string, config: Record<string, unknown>) => {
    const seen: Seen = { status: 'ok', message: 'it ran', at: Date.parse(pinged), failingSince: null, failures: 0, durationMs: 0, metrics: [] }
    const { state, because } = verdicts([watched('job', { kind: 'heartbeat', every_ms: 1000, retries: 0, config: { grace: '10m', timezone: 'Europe/Berlin', ...config }, seen: { push: seen } })], [], new Date(at)).get('job') ?? assert.fail()
    return `${state}: ${because}`
  }
  const nightly = { schedule: '30 2 * * *' }
  assert.equal(look('2026-11-27T01:31:00Z', '2026-11-28T01:29:00Z', nightly), 'up: it ran')
  assert.equal(look('2026-11-27T01:31:00Z', '2026-11-28T01:35:00Z', nightly), 'up: late: a ping was due at 2026-11-28 02:30 (Europe/Berlin)')
  assert.equal(look('2026-11-27T01:31:00Z', '2026-11-28T01:41:00Z', nightly), 'down: no ping, and one was due at 2026-11-28 02:30 (Europe/Berlin)')
  // half past two does not come on 29 March: the job runs at three
  assert.equal(look('2026-03-28T01:31:00Z', '2026-03-29T00:59:00Z', nightly), 'up: it ran')
  assert.equal(look('2026-03-28T01:31:00Z', '2026-03-29T01:11:00Z', nightly), 'down: no ping, and one was due at 2026-03-29 03:00 (Europe/Berlin)')
  // it comes twice on 25 October: the job runs at the first
  assert.equal(look('2026-10-24T00:31:00Z', '2026-10-25T00:41:00Z', nightly), 'down: no ping, and one was due at 2026-10-25 02:30 (Europe/Berlin)')
  assert.equal(look('2026-10-25T00:31:00Z', '2026-10-25T01:45:00Z', nightly), 'up: it ran')
  assert.equal(look('2026-10-25T00:31:00Z', '2026-10-26T01:41:00Z', nightly), 'down: no ping, and one was due at 2026-10-26 02:30 (Europe/Berlin)')
  assert.equal(look('2026-11-27T16:01:00Z', '2026-11-29T16:00:00Z', { schedule: '0 17 * * mon-fri' }), 'up: it ran', 'nothing is due at the weekend')
  assert.equal(look('2026-11-27T16:01:00Z', '2026-11-28T00:00:01Z', { schedule: '@daily', timezone: 'UTC', grace: '0s' }), 'down: no ping, and one was due at 2026-11-28 00:00 (UTC)')
})

test('whoever waits for heartbeats wakes when one is late, and when its grace is over', () => {
  const row = { kind: 'heartbeat', every_ms: 1000, paused_by: null, config: { schedule: '0 3 * * *', timezone: 'Europe/Berlin', grace: '10m' }, seen: { push: { at: Date.parse('2026-11-27T02:01:00Z') } } } as const
  const next = (at: string) => new Date(nextHeartbeat([row], new Date(at))).toISOString()
  assert.deepEqual([next('2026-11-27T12:00:00Z'), next('2026-11-28T02:05:00Z')], ['2026-11-28T02:00:00.001Z', '2026-11-28T02:10:00.001Z'])
  assert.equal(nextHeartbeat([row], new Date('2026-11-28T03:00:00Z')), Infinity)
})
