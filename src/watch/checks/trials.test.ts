import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { CheckSpec } from '#contract/checks.ts'
import { openAway } from './trials.ts'

const spec = { id: 'chk_1', kind: 'tcp', timeoutMs: 20_000 } as CheckSpec

test('a trial on a machine that is not connected is refused, and its time limit disturbs nobody later', async () => {
  const away = openAway({ send: () => false })
  const asked = new AbortController()
  await assert.rejects(away.run('m2', spec, asked.signal), { code: 'unavailable', message: /agent of m2 is not connected/ })
  const ended = once(asked.signal, 'abort')
  asked.abort(new Error('the time is up'))
  await ended
  await new Promise((resolve) => setImmediate(resolve)) // a rejection that nobody took would fail this file by now
})

test('a trial ends with the answer, with its signal, and at once if that has ended already', async () => {
  const sent: string[] = []
  const away = openAway({ send: (_, message) => sent.push((message as { test: string }).test) > 0 })
  const outcome = { status: 'ok', message: 'fine', durationMs: 1, metrics: [] } as const
  const answered = away.run('m1', spec, new AbortController().signal)
  away.ended({ test: sent[0] as string, outcome: { ...outcome, metrics: [] } })
  assert.deepEqual(await answered, outcome)

  const left = new AbortController()
  const unanswered = away.run('m1', spec, left.signal)
  left.abort()
  await assert.rejects(unanswered, /agent of m1 did not answer in time/)
  await assert.rejects(away.run('m1', spec, left.signal), { name: 'AbortError' })
  assert.equal(sent.length, 2, 'nothing is asked for whoever has left')
})
