import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawnOf, nightSlots, nights } from './night-slots.ts'

const now = Date.parse('2026-03-29T12:00:00Z')
const mark = (at: string) => ({ at, kind: 'fault' as const, event: 1, app: null, summary: '' })

test('each mark of the last 24 hours falls into one slot, and older ones into none', () => {
  const slots = nightSlots([mark('2026-03-28T12:00:01Z'), mark('2026-03-29T11:59:59Z'), mark('2026-03-29T12:00:00Z'), mark('2026-03-27T12:00:00Z')], now, 24)
  assert.deepEqual(slots.map((slot) => slot.marks.length).filter((count) => count > 0), [1, 2])
  assert.equal(slots[23]?.marks.length, 2)
})

test('a fault that was healed within its slot is drawn as healed, and what waits for a person is never crowded out', () => {
  const marks = (['held', 'fault', 'healed', 'change', 'fault', 'healed', 'fault'] as const).map((kind, event) => ({ ...mark('2026-03-29T11:00:00Z'), kind, event }))
  assert.deepEqual(drawnOf(marks).map(({ kind }) => kind), ['healed', 'healed', 'fault', 'held'])
  assert.deepEqual(drawnOf([]), [])
})

test('nights lie within the strip', () => {
  for (let hour = 0; hour < 24; hour++)
    for (const night of nights(now + hour * 3_600_000)) assert.ok(night.from >= 0 && night.to <= 1 && night.from < night.to, `at hour ${hour}`)
})
