import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { fileDatabase } from '#test/harness/postgres.ts'
import { inContainers } from './containers.ts'

const db = await fileDatabase()
beforeEach(async () => {
  await db.query('DELETE FROM machines')
})
const machine = (name: string, driver: string, connected: boolean, seenMinutesAgo: number) =>
  db.query(`INSERT INTO machines (name, facts, connected, last_seen_at) VALUES ($1, jsonb_build_object('driver', $2::text), $3, now() - make_interval(mins => $4))`, [name, driver, connected, seenMinutesAgo])

test('what comes before the first agent waits for it', async () => {
  const asked = inContainers(db)
  await machine('node-1', 'docker', true, 0)
  assert.equal(await asked, true)
})

test('a machine that is away for a moment counts, and one that is gone for hours does not', async () => {
  await machine('node-1', 'docker', false, 5)
  assert.equal(await inContainers(db), true)
  await db.query(`UPDATE machines SET last_seen_at = now() - interval '3 hours'`)
  await machine('node-2', 'process', true, 0)
  assert.equal(await inContainers(db), false)
})
