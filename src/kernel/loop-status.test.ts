import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { openDatabase } from './db/db.ts'
import { startLoop } from './loop.ts'
import { keepLoopStatus, readLoopStatus } from './loop-status.ts'

test('what a loop did and waits for is kept, shortened, and outlives the loop', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url, { max: 2 })
  const loop = startLoop({ name: 'healing', periodMs: 60_000, turn: async () => ({ actions: ['shop/web: restart because it is down'], waiting: Array.from({ length: 80 }, (_, nth) => `wait ${nth}`) }) })
  const keeper = keepLoopStatus(db, [loop], 10)
  try {
    const [seen] = await until(async () => { const all = await readLoopStatus(db); return all[0]?.turns === 1 && all }, { because: 'it is kept' })
    assert.deepEqual([seen?.name, seen?.turns, seen?.actions, seen?.waiting.length, seen?.errors], ['healing', 1, ['shop/web: restart because it is down'], 50, []])
  } finally {
    keeper.close()
    await loop.close()
  }
  assert.equal((await readLoopStatus(db))[0]?.name, 'healing')
  await db.close()
})
