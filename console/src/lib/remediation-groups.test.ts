import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Remediation, causeKinds, remediationStates, signalKinds } from '#contract/healing.ts'
import { groupTitle, openGroups, pastGroups, stateCounts } from './remediation-groups.ts'

type Given = { openedAt?: string;  state?: Remediation['state']; signal?: Remediation['signal']['kind']; cause?: Remediation['cause']['kind']; of?: string; service?: string; endedAt?: string | null }
let nth = 0
const one = ({ state = 'waiting', signal = 'down', cause = 'dependency', of = 'shop/db', service = `s${nth}`, endedAt = null, openedAt = `2026-11-28T03:${String(nth % 60).padStart(2, '0')}:00Z` }: Given): Remediation =>
  ({ id: `rem_${nth++}`, rule: 'r', target: `shop/production/${service}`, app: 'shop', environment: 'production', service, machine: null, state, endedAt, openedAt, signal: { kind: signal, because: '', since: '' }, cause: { kind: cause, because: '', of, event: null, release: null }, because: '', tries: [], next: null }) as Remediation
const many = (count: number, given: Given) => Array.from({ length: count }, () => one(given))

test('many that wait for one cause are one row, below what waits for a person', () => {
  const groups = openGroups([...many(30, {}), one({ state: 'suggested', signal: 'failing' }), ...many(2, { of: 'shop/cache' })])
  assert.deepEqual(groups.map(({ all }) => [all.length, all[0]?.state]), [[1, 'suggested'], [1, 'waiting'], [1, 'waiting'], [30, 'waiting']])
  assert.equal(groupTitle(groups[3]?.all ?? []), '30 services are down')
  assert.equal(stateCounts(groups[3]?.all ?? []), '30 wait')
})

test('of the past only what stands side by side is one, and what was handed to a person stands first in it', () => {
  const ended = { endedAt: '2026-11-28T04:00:00Z' }
  const groups = pastGroups([...many(5, { ...ended, state: 'verified', service: 'web' }), one({ ...ended, state: 'handed-over', service: 'web' }), one({ ...ended, signal: 'slow', state: 'recovered' }), ...many(4, { ...ended, state: 'recovered' })])
  assert.deepEqual(groups.map(({ all }) => [all.length, all[0]?.state]), [[6, 'handed-over'], [1, 'recovered'], [4, 'recovered']])
  assert.equal(groupTitle(groups[0]?.all ?? []), 'shop/web was down, 6 times')
  assert.equal(stateCounts(groups[0]?.all ?? []), '1 handed to a person, 5 healed')
  assert.equal(stateCounts(groups[2]?.all ?? []), '4 went by themselves')
  assert.equal(pastGroups(Array.from({ length: 6 }, (_, hour) => one({ ...ended, state: 'verified', openedAt: `2026-11-27T0${hour}:00:00Z` }))).length, 6, 'one an hour is no storm')
})

test('whatever there is, each is in one row, and a row is of one kind', () => {
  const given = fc.record({ state: fc.constantFrom(...remediationStates), signal: fc.constantFrom(...signalKinds), cause: fc.constantFrom(...causeKinds), of: fc.constantFrom('shop/db', 'shop/cache') })
  fc.assert(
    fc.property(fc.array(given, { maxLength: 60 }), fc.boolean(), (all, isPast) => {
      const list = all.map((each) => one({ ...each, endedAt: isPast ? '2026-11-28T04:00:00Z' : null }))
      const groups = isPast ? pastGroups(list) : openGroups(list)
      assert.deepEqual(groups.flatMap((group) => group.all.map(({ id }) => id)).sort(), list.map(({ id }) => id).sort())
      assert.equal(new Set(groups.map(({ key }) => key)).size, groups.length)
      for (const group of groups) assert.equal(new Set(group.all.map(({ signal, cause }) => `${signal.kind} ${cause.kind}`)).size, 1)
    }),
  )
})
