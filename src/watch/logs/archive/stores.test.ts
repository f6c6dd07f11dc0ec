import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logStoreConformance } from '#test/conformance/log-store.ts'
import { startClickhouse, whyNoClickhouse } from '#test/harness/clickhouse.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { sealTurn } from '../loop.ts'
import { createLogReader } from '../read.ts'
import { createLogWriter } from '../service.ts'
import { batchOf, entry } from '../testing/log-corpus.ts'
import { createClickhouse } from './clickhouse/store.ts'
import { openArchive } from './kinds.ts'
import { createArchiveReader } from './reader.ts'

logStoreConformance({
  name: 'embedded',
  async open(db) {
    const reader = createLogReader(db)
    return { reader, close: async () => reader.close() }
  },
})

logStoreConformance({
  name: 'clickhouse',
  skip: whyNoClickhouse,
  async open(db) {
    const server = await startClickhouse()
    const archive = createClickhouse(`clickhouse+${server.url}`)
    await archive.prepare()
    const reader = createArchiveReader(db, archive)
    return {
      reader,
      archive,
      async close() {
        reader.close()
        archive.close()
        await server[Symbol.asyncDispose]()
      },
    }
  },
})

test('lines wait here while the engine is away, go there once it answers, and those that were here before follow', { skip: whyNoClickhouse ?? false }, async () => {
  await using database = await testDatabase()
  await using server = await startClickhouse()
  const db = openDatabase(database.url)
  const writer = createLogWriter(db)
  const archive = createClickhouse(`clickhouse+${server.url}`)
  await archive.prepare()
  const reader = createArchiveReader(db, archive)
  const away = { ...archive, insert: () => Promise.reject(new Error('away')) }
  const texts = async () => (await reader.read({ app: 'shop', limit: 100 })).lines.map(({ text }) => text)
  try {
    await writer.ingest([batchOf('a', 0, [entry('in a chunk')])])
    await sealTurn(db, new Date(), { maxLines: 1 })
    await writer.ingest([batchOf('a', 1, [entry('two')])])
    await assert.rejects(sealTurn(db, new Date(), { maxLines: 1, archive: away }), /away/)
    assert.deepEqual(await texts(), ['two'])
    // put there, and the transaction here is lost: the same lines come again
    await archive.insert([{ line: 2, atMs: Date.now(), source: 1, stream: 0, level: 0, text: 'two', app: 'shop', environment: 'production' }])
    await sealTurn(db, new Date(), { maxLines: 1, archive })
    await sealTurn(db, new Date(), { maxLines: 1, archive })
    assert.deepEqual(await texts(), ['in a chunk', 'two'])
    assert.equal((await db.one<{ count: number }>('SELECT count(*)::int AS count FROM log_chunks')).count, 0)
    for (const bad of ['http://x', 'loki+http://x', 'clickhouse+http://']) assert.throws(() => openArchive(bad), { code: 'invalid' }, bad)
  } finally {
    reader.close()
    archive.close()
    await writer.close()
    await db.close()
  }
})
