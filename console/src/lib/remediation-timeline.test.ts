import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Try } from '#contract/healing.ts'
import { didOf, lastedMs, marksOf, momentsOf } from './remediation-timeline.ts'

const at = (seconds: number) => new Date(seconds * 1000).toISOString()
const tried = (rung: Try['rung'], seconds: number): Try => ({ rung, did: `did ${rung}`, at: at(seconds), by: 'healing', outcome: 'failed', verdict: null, verifyBy: at(seconds + 60), endedAt: at(seconds + 60) })
const cause = { kind: 'unknown', because: 'nothing changed', of: null, event: null, release: null } as const
const open = { signal: { kind: 'down', because: 'no instance is ready', since: at(10) }, cause, tries: [tried('recreate', 90), tried('restart', 20)], state: 'verifying', because: 'is watched', openedAt: at(12), endedAt: null } as const

test('moments stand in the order of time, whatever the order of the tries', () => {
  const moments = momentsOf({ ...open, tries: [...open.tries] })
  assert.deepEqual(moments.map((one) => one.kind), ['noticed', 'cause', 'try', 'try', 'now'])
  assert.deepEqual(moments.map((one) => one.at), [at(10), at(12), at(20), at(90), null])
})

test('what has ended ends with its state and its reason', () => {
  const last = momentsOf({ ...open, tries: [], state: 'handed-over', endedAt: at(200) }).at(-1)
  assert.deepEqual(last, { kind: 'end', at: at(200), state: 'handed-over', because: 'is watched' })
})

test('graphs are marked where it was noticed, tried and ended', () => {
  assert.deepEqual(marksOf({ ...open, tries: [tried('restart', 20)], state: 'verified', endedAt: at(200) }), [{ at: 12, label: 'noticed' }, { at: 20, label: 'restart' }, { at: 200, label: 'healed' }])
  assert.equal(marksOf({ ...open, tries: [] }).length, 1)
})

test('what was done is the newest try with those before it; a page alone is a deed too', () => {
  assert.equal(didOf([]), 'nothing was done')
  assert.equal(didOf([tried('restart', 1)]), 'did restart')
  assert.equal(didOf([tried('restart', 1), tried('recreate', 2), tried('page', 3)]), 'did recreate (before it: restart)')
  assert.equal(didOf([tried('page', 3)]), 'did page')
})

test('it lasts from the first sign to its end, or until now', () => {
  assert.equal(lastedMs({ ...open, endedAt: at(40) }, 0), 30_000)
  assert.equal(lastedMs(open, 25_000), 15_000)
  assert.equal(lastedMs(open, 0), 0)
})
