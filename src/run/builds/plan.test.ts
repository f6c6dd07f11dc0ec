import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Action, type SeenWork, planBuilds } from './plan.ts'
import type { BuildRow } from './store.ts'

const now = new Date('2026-11-20T03:00:00Z')

function row(id: string, changes: Partial<BuildRow> = {}): BuildRow {
  return { id, app: 'shop', environment: 'production', state: 'queued', source: { kind: 'git', commit: null, branch: null, image: null, attempts: 0 }, clean: false, cancel_requested: false, builder: null, because: '', artifact_id: null, release: null, by_name: 'x', queued_at: now, started_at: null, finished_at: null, ...changes }
}
const running = (id: string, changes: Partial<BuildRow> = {}) => row(id, { state: 'running', started_at: now, source: { kind: 'git', commit: null, branch: null, image: null, attempts: 1 }, ...changes })

function plan(builds: BuildRow[], work: Record<string, SeenWork['state']> = {}, options: { concurrency?: number; later?: number } = {}): string[] {
  const { actions } = planBuilds({ builds, work: new Map(Object.entries(work).map(([id, state]) => [id, { state }])), now: new Date(now.getTime() + (options.later ?? 0)), concurrency: options.concurrency ?? 1, timeMs: 60_000 })
  return actions.map((action: Action) => `${action.kind} ${action.build.id}`)
}

test('the oldest begins, the rest waits', () => {
  assert.deepEqual(plan([row('b', { queued_at: new Date(now.getTime() + 1) }), row('a')]), ['start a'])
})
test('with room for two, two environments build at once, but never one environment twice', () => {
  assert.deepEqual(plan([row('a'), row('b'), row('c', { app: 'other' })], {}, { concurrency: 2 }), ['start a', 'start c'])
})
test('a worker that has ended is settled, one that vanished is started again once, then the build fails', () => {
  assert.deepEqual(plan([running('a')], { a: 'exited' }), ['settle a'])
  assert.deepEqual(plan([running('a')]), ['start a'])
  assert.deepEqual(plan([running('a', { source: { ...running('a').source, attempts: 2 } })]), ['fail a'])
})
test('a worker is stopped when its build was cancelled or out of time', () => {
  assert.deepEqual(plan([running('a', { cancel_requested: true })], { a: 'running' }), ['stop a'])
  assert.deepEqual(plan([running('a')], { a: 'running' }, { later: 80_000 }), ['stop a'])
  assert.deepEqual(plan([running('a')], { a: 'running' }, { later: 50_000 }), [])
})

test('never more at once than allowed, never two of one place, whatever the order', () => {
  const builds = fc.array(fc.record({ app: fc.constantFrom('a', 'b', 'c'), state: fc.constantFrom('queued', 'running') as fc.Arbitrary<'queued' | 'running'>, cancel: fc.boolean(), at: fc.nat(5), attempts: fc.nat(2), seen: fc.constantFrom('running', 'exited', null) }), { maxLength: 12 })
  fc.assert(
    fc.property(builds, fc.integer({ min: 1, max: 3 }), fc.nat(), (list, concurrency, seed) => {
      const taken = new Set<string>()
      const rows = list.flatMap((each, index) => {
        if (each.state === 'running') {
          if (taken.has(each.app) || taken.size >= concurrency) return [] // no plan of ours could have led there
          taken.add(each.app)
        }
        return [row(`b${String(index).padStart(2, '0')}`, { app: each.app, state: each.state, cancel_requested: each.cancel, queued_at: new Date(now.getTime() + each.at), started_at: now, source: { ...row('x').source, attempts: each.attempts } })]
      })
      const work = Object.fromEntries(list.flatMap((each, index) => (each.state === 'running' && each.seen !== null ? [[`b${String(index).padStart(2, '0')}`, each.seen as 'running' | 'exited']] : [])))
      const actions = plan(rows, work, { concurrency })
      const begun = rows.filter((each) => each.state === 'queued' && actions.includes(`start ${each.id}`))
      const busy = [...rows.filter((each) => each.state === 'running'), ...begun]
      assert.ok(busy.length <= concurrency)
      assert.equal(new Set(busy.map((each) => each.app)).size, busy.length)
      const shuffled = rows.toSorted((a, b) => ((a.id.charCodeAt(2) * 31 + seed) % 7) - ((b.id.charCodeAt(2) * 31 + seed) % 7))
      assert.deepEqual(plan(shuffled, work, { concurrency }), actions)
    }),
  )
})
