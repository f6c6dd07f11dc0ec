import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bake } from '#contract/model.ts'
import { watchedWords } from './watched.ts'

const now = new Date('2026-05-01T03:00:00Z')
const bake: Bake = { release: 13, fromRelease: 12, state: 'baking', because: 'v13 is compared with v12', startedAt: now.toISOString(), until: new Date(now.getTime() + 300_000).toISOString(), endedAt: null, rolledBackTo: null }

test('a push is told that its release may be taken back, or was, and nothing of another release or one that stays', () => {
  assert.equal(watchedWords(bake, 13, now), 'it is watched for 5 min more: if it is worse than v12, that one comes back (see: nightshift rollout)')
  assert.equal(watchedWords({ ...bake, state: 'condemned', because: '60 % of 500 requests failed', endedAt: now.toISOString() }, 13, now), 'v13 was taken back: 60 % of 500 requests failed')
  assert.equal(watchedWords({ ...bake, state: 'accepted', endedAt: now.toISOString() }, 13, now), null)
  assert.equal(watchedWords(bake, 14, now), null)
  assert.equal(watchedWords(null, 13, now), null)
})
