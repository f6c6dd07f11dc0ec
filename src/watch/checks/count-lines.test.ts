import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { countLines } from './count-lines.ts'

test('lines of an app are counted by text or by pattern, up to the limit', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const writer = createLogWriter(db)
  const reader = createLogReader(db)
  try {
    const texts = ['order 17 failed', 'ORDER 18 FAILED', 'order 19 paid', '/order/', 'order failed']
    await writer.ingest([batchOf('a', 0, texts.map((text, nth) => entry(text, Date.now() - 5000 + nth)))])
    const count = (text: string, limit = 10) => countLines(reader.read)({ app: 'shop', environment: 'production', service: null, text, since: new Date(Date.now() - 60_000), limit }, new AbortController().signal)
    assert.deepEqual(await Promise.all([count('order'), count('failed', 2), count('/order \\d+ failed/'), count('/order \\d+ failed/i'), count('/^order/')]), [5, 2, 1, 2, 3])
    assert.equal(await countLines(reader.read)({ app: 'blog', environment: 'production', service: null, text: '/order/', since: new Date(0), limit: 10 }, new AbortController().signal), 0)
  } finally {
    reader.close()
    await writer.close()
    await db.close()
  }
})
