import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newWindowSchema } from '#contract/checks.ts'
import { isOver, windowOf, windowSpan } from './window-words.ts'

const plan = { title: ' move ', from: '', length: '30m', repeat: 'once' as const, timezone: 'Europe/Berlin', checks: ['chk_a'], apps: [] }
const now = Date.parse('2026-11-28T02:00:00Z')

test('a plan becomes a window that the API takes', () => {
  const made = windowOf(plan, 1_800_000, now)
  assert.ok('body' in made)
  assert.deepEqual(newWindowSchema.parse(made.body), { title: 'move', checks: ['chk_a'], apps: [], from: '2026-11-28T02:00:00.000Z', until: '2026-11-28T02:30:00.000Z', repeat: 'once', timezone: 'UTC' })
  const weekly = windowOf({ ...plan, repeat: 'weekly' }, 1_800_000, now)
  assert.equal('body' in weekly && weekly.body.timezone, 'Europe/Berlin')
})

test('what is missing is said', () => {
  const whyNot = (more: Partial<typeof plan>, ms = 1) => { const made = windowOf({ ...plan, ...more }, ms, now); return 'whyNot' in made ? made.whyNot : null }
  assert.deepEqual([whyNot({ checks: [] }), whyNot({ from: 'x' }), whyNot({ length: 'soon' }, Number.NaN), whyNot({})], ['choose checks or apps', 'say when it begins', '"soon" is no time: write 30m or 2h', null])
  const over = { from: '2026-11-27T02:00:00Z' }
  assert.match(whyNot(over) ?? '', /over already/)
  assert.equal(whyNot(over, 2 * 86_400_000), null)
  const daily = windowOf({ ...plan, ...over, repeat: 'daily', timezone: 'Mars/Base' }, 1, now)
  assert.match('whyNot' in daily ? daily.whyNot : '', /"Mars\/Base" is no time zone/)
  assert.ok('body' in windowOf({ ...plan, ...over, repeat: 'daily' }, 1, now), 'one that repeats comes again')
  assert.deepEqual([isOver({ repeat: 'once', until: over.from }, now), isOver({ repeat: 'daily', until: over.from }, now), isOver({ repeat: 'once', until: '2026-11-28T02:00:01Z' }, now)], [true, false, false])
})

test('a window within a day names the day once', () => {
  assert.equal((windowSpan({ from: '2026-11-28T12:00:00Z', until: '2026-11-28T12:30:00Z' }).match(/November/g) ?? []).length, 1)
  assert.equal((windowSpan({ from: '2026-11-28T12:00:00Z', until: '2026-11-30T12:30:00Z' }).match(/November/g) ?? []).length, 2)
})
