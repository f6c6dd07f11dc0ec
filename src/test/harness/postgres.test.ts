import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from './postgres.ts'

test('every test database is fresh, migrated and apart from the others', async () => {
  await using one = await testDatabase()
  await using other = await testDatabase()
  const first = openDatabase(one.url)
  const second = openDatabase(other.url)
  try {
    assert.ok((await first.query('select name from migrations')).length > 0)
    await first.query('create table only_here (id int)')
    await assert.rejects(second.query('select * from only_here'), /does not exist/)
  } finally {
    await first.close()
    await second.close()
  }
})

test('the server outlives the test that started it', async () => {
  await using database = await testDatabase({ migrated: false })
  const db = openDatabase(database.url)
  try {
    assert.deepEqual(await db.query('select tablename from pg_tables where schemaname = $1', ['public']), [])
  } finally {
    await db.close()
  }
})
