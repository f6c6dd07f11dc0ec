import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EngineEvent, traceOf } from './trace.ts'

const event = (Action: string, secondsPastThree: number, Attributes: EngineEvent['Actor']['Attributes'] = {}): EngineEvent => ({ Action, timeNano: (Date.parse('2026-11-28T03:00:00Z') + secondsPastThree * 1000) * 1e6, Actor: { Attributes } })

test('what was asked for is told with its times, and an end that nobody asked for has no trace', () => {
  assert.equal(traceOf([event('start', 0), event('kill', 432, { signal: '9' }), event('die', 432, { exitCode: '137' }), event('destroy', 433)]), 'the engine knows: kill with signal 9 at 03:07:12, die with code 137 at 03:07:12, destroy at 03:07:13 (UTC), not by whom')
  for (const events of [[], [event('start', 0)], [event('die', 5, { exitCode: '1' })], [event('oom', 4), event('die', 5)]]) assert.equal(traceOf(events), null)
})

test('a signal that was sent minutes before has not ended it', () => {
  const crash = event('die', 300, { exitCode: '1' })
  assert.equal(traceOf([event('kill', 0, { signal: '1' }), event('pause', 100), crash]), null)
  assert.match(traceOf([event('kill', 0, { signal: '1' }), event('stop', 290), crash]) ?? '', /^the engine knows: stop at 03:04:50, die with code 1 at 03:05:00/)
})
