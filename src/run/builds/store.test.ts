import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { markFinal } from './store.ts'

test('a build ends whatever it says, so that its place is free again', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    await markFinal(db, 'none', 'failed', 'its own words: \0 and \ud83d', new Date('2026-03-10T12:00:00Z'))
    assert.deepEqual(await db.query('SELECT FROM builds'), [])
  } finally {
    await db.close()
  }
})
