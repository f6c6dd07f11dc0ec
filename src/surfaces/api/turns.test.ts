import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import type { Caller } from '#kernel/handlers.ts'
import { Turns } from './turns.ts'

const of = (name: string, apps: readonly string[] | null = null): Caller => ({ actor: { kind: 'token', name }, access: 'read', apps })
const never = new AbortController().signal
const isLimited = (error: unknown) => isAppError(error, 'limited') && /"loud" has 2 searches under way \(2 of one caller/.test(error.message)

test('a caller has so many under way and so many waiting, and is told when that is all; others are not in the way', async () => {
  const turns = new Turns({ ofOne: 2, ofAll: 4, waiting: 1, waitMs: 60_000, what: 'searches' })
  const first = await turns.take(of('loud'), never)
  await turns.take(of('loud'), never)
  const third = turns.take(of('loud'), never)
  await assert.rejects(turns.take(of('loud'), never), isLimited)
  const other = await turns.take(of('quiet'), never)
  await turns.take(of('loud', ['shop']), never) // another credential of that name
  first()
  first() // a place is given back once
  // all four are taken as long as nobody leaves, and who waited has the place
  const leave = await third
  const late = new AbortController()
  const waiting = turns.take(of('late'), late.signal)
  late.abort(new Error('it has waited in vain'))
  await assert.rejects(waiting, /in vain/)
  leave()
  other()
  await turns.take(of('late'), never)
})

test('who has gone waits no more, and who waits too long is told', async () => {
  const turns = new Turns({ ofOne: 2, ofAll: 2, waiting: 5, waitMs: 20, what: 'searches' })
  const held = [await turns.take(of('loud'), never), await turns.take(of('loud'), never)]
  const gone = new AbortController()
  const waiting = turns.take(of('loud'), gone.signal)
  gone.abort(new Error('gone'))
  await assert.rejects(waiting, /gone/)
  await assert.rejects(turns.take(of('loud'), gone.signal), /gone/, 'and does not begin to')
  await assert.rejects(turns.take(of('loud'), never), isLimited)
  for (const leave of held) leave()
  await Promise.all([turns.take(of('loud'), never), turns.take(of('loud'), never)])
})
