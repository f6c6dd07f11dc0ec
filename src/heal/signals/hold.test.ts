import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextSignals, noticed, stableMs } from './hold.ts'
import { type Condition, serviceTarget, targetKey } from './model.ts'

const t0 = Date.parse('2026-11-28T03:00:00Z')
const at = (ms: number) => new Date(t0 + ms)
const hour = 3_600_000
const down: Condition = { target: serviceTarget('shop', 'production', 'web'), kind: 'down', because: 'no instance is ready', instances: [] }

test('after the clock was set back by an hour what holds is noticed as soon as ever, and what is gone is over as soon', () => {
  const ahead = nextSignals([], [down], at(hour))
  const back = nextSignals(ahead, [down], at(0))
  assert.deepEqual(noticed(nextSignals(back, [down], at(14_000)), targetKey(down.target), at(14_000)), [])
  assert.equal(noticed(nextSignals(back, [down], at(15_000)), targetKey(down.target), at(15_000)).length, 1)
  const gone = nextSignals(nextSignals(ahead, [], at(hour + 5)), [], at(0))
  assert.deepEqual([gone.length, nextSignals(gone, [], at(stableMs)).length], [1, 0])
})
