import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Actor } from '#contract/model.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { forgetMachine } from './service.ts'

const now = new Date('2026-05-01T03:00:00Z')
const rosa: Actor = { kind: 'token', name: 'rosa' }
const db = await fileDatabase({ max: 2 })
before(async () => {
  await db.query(`INSERT INTO apps (name, created_at) VALUES ('shop', $1)`, [now])
  await db.query(`INSERT INTO environments (app, name, created_at) VALUES ('shop', 'production', $1)`, [now])
  for (const [name, connected] of [['here', true], ['lost', false]]) await db.query(`INSERT INTO machines (name, facts, connected, last_seen_at) VALUES ($1, '{"limits":[]}', $2, $3)`, [name, connected, now])
  for (const [ordinal, [id, machine, wanted]] of [['a', 'here', 'run'], ['b', 'lost', 'run'], ['c', 'lost', 'retire']].entries())
    await db.query(`INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at) VALUES ($1, 'shop', 'production', 'service', 'web', $5, 1, $2, $3, '', $4)`, [id, machine, wanted, now, ordinal + 1])
})

test('a machine that is connected is not forgotten, nor one that nobody knows', async () => {
  await assert.rejects(forgetMachine(db, 'here', rosa, now), { code: 'conflict' })
  await assert.rejects(forgetMachine(db, 'lots', rosa, now), /there is no machine "lots" \(did you mean lost\?\)/)
})

test('with a lost machine its instances are gone, and the journal says so', async () => {
  assert.equal((await forgetMachine(db, 'lost', rosa, now)).name, 'lost')
  assert.deepEqual((await db.query<{ name: string }>('SELECT name FROM machines')).map(({ name }) => name), ['here'])
  assert.deepEqual(await db.query('SELECT id, wanted FROM instances ORDER BY id'), [{ id: 'a', wanted: 'run' }, { id: 'b', wanted: 'gone' }, { id: 'c', wanted: 'gone' }])
  const { summary } = await db.one<{ summary: string }>(`SELECT summary FROM events WHERE kind = 'machine.forgotten'`)
  assert.equal(summary, 'rosa forgot lost, which was last seen at 2026-05-01T03:00:00.000Z; what ran there (1) starts elsewhere')
  await assert.rejects(forgetMachine(db, 'lost', rosa, now), { code: 'not-found' })
})
