import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modeWords } from './rule-words.ts'
import { since, when } from './times.ts'

const now = new Date('2026-03-29T02:30:00Z')

test('times are told as people say them, before and after now', () => {
  assert.equal(when('2026-03-29T02:29:48Z', now), '12 s ago')
  assert.equal(when('2026-03-31T02:31:00Z', now), 'in 2 d')
  assert.equal(since('2026-03-28T23:30:00Z', now), '3 h')
})

test('what is not told, by a control that is older than the command line, is no time', () => {
  assert.deepEqual([when(null, now), when(undefined, now), when(undefined, now, true), since(undefined, now)], [null, null, null, null])
})

test('a rule is on, off, or off for a time; an older control tells no time', () => {
  assert.deepEqual([modeWords({ mode: 'on', offUntil: null }, now), modeWords({ mode: 'off', offUntil: '2026-03-29T04:30:00Z' }, now), modeWords({ mode: 'on' }, now)], ['on', 'off, on again in 2 h', 'on'])
})
