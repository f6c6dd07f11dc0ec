import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { batchOf, entry } from './testing/log-corpus.ts'
import { planIngest } from './plan.ts'
import { createLogReader } from './read.ts'
import { createLogWriter } from './service.ts'

async function withLogs(work: (logs: { db: Database; writer: ReturnType<typeof createLogWriter>; reader: ReturnType<typeof createLogReader> }) => Promise<void>) {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const writer = createLogWriter(db)
  const reader = createLogReader(db)
  try {
    await work({ db, writer, reader })
  } finally {
    reader.close()
    await writer.close()
    await db.close()
  }
}

test('a stored line comes back as it was written, with who wrote it', () =>
  withLogs(async ({ writer, reader }) => {
    const texts = ['plain', '', 'tab\there \\ and \\n', 'two\nlines\r', '\\.', '日本語 😀', '[error] no', '{"level":40,"msg":"hm"}']
    const at = Date.now() - 5000
    assert.deepEqual(await writer.ingest([batchOf('a', 0, texts.map((text, nth) => entry(text, at + nth, 'stderr')))]), { stored: 8, repeated: 0, dropped: 0, refused: [] })
    const { lines, partial, next } = await reader.read({ app: 'shop' })
    assert.deepEqual(lines.map((line) => line.text), texts)
    assert.deepEqual(lines.map((line) => line.level), ['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'error', 'warn'])
    const { cursor, text, level, ...rest } = lines[0] as (typeof lines)[number]
    assert.deepEqual(rest, { at: new Date(at).toISOString(), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 1, stream: 'stderr' })
    assert.deepEqual([partial, next], [false, null])
  }))

test('what cannot be stored as it is, is stored so that it can be read', () =>
  withLogs(async ({ writer, reader }) => {
    await writer.ingest([batchOf('a', 0, [entry('a\0b', 1000), entry('\ud800x', 1001), entry('x'.repeat(40_000), 1002), entry('late', Number.MAX_SAFE_INTEGER / 2e3)])])
    await writer.ingest([batchOf('b', 0, [{ at: 'no time', stream: 'stdout', text: 'timeless' }])])
    const { lines } = await reader.read({})
    assert.deepEqual(lines.slice(0, 2).map((line) => line.text), ['a\ufffdb', '\ufffdx'])
    assert.match((lines[2] as { text: string }).text, /^x{32768} … \(7232 bytes cut\)$/)
    for (const line of lines.slice(3)) assert.ok(Math.abs(Date.parse(line.at) - Date.now()) < 60_000, `${line.text} has the time it arrived`)
  }))

test('a batch that can never be stored is refused alone', () =>
  withLogs(async ({ writer, reader }) => {
    const bad = [
      { ...batchOf('bad', 0, [entry('x')]), to: 7 },
      { ...batchOf('bad', 0, [entry('x')]), app: 'a\0b' },
      { ...batchOf('bad\0', 0, [entry('x')]) },
      { ...batchOf('bad', 0, [{ ...entry('x'), stream: 'nowhere' as 'stdout' }]) },
    ]
    const result = await writer.ingest([...bad, batchOf('good', 0, [entry('kept')])])
    assert.equal(result.refused.length, 4)
    assert.deepEqual((await reader.read({})).lines.map((line) => line.text), ['kept'])
  }))

test('lines that were lost are counted, and said where they are missing', () =>
  withLogs(async ({ db, writer, reader }) => {
    await writer.ingest([batchOf('a', 0, [entry('one', 1000)])])
    const jump = batchOf('a', 11, [entry('two', 2000)], { dropped: 10 })
    await writer.ingest([jump])
    await writer.ingest([jump])
    assert.deepEqual((await reader.read({})).lines.map((line) => line.text), ['one', '10 lines were lost here: they were written faster than they could be stored', 'two'])
    assert.deepEqual(await db.one('SELECT position, dropped FROM log_sources'), { position: 12, dropped: 10 })
  }))

test('however batches repeat, overlap and overtake each other, a line is stored once, and what is not stored is counted as dropped', () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ source: fc.constantFrom('a', 'b'), from: fc.nat(40), length: fc.nat(15) }), { maxLength: 30 }),
      fc.array(fc.nat(5), { maxLength: 6 }),
      (ranges, cuts) => {
        const stored = new Map<string, number>()
        const kept: string[] = []
        const dropped = new Map<string, number>()
        const all = ranges.map(({ source, from, length }) => batchOf(source, from, Array.from({ length }, (_, nth) => entry(`${source}${from + nth}`))))
        while (all.length > 0) {
          const plan = planIngest(all.splice(0, 1 + (cuts.shift() ?? 0)), stored, new Date())
          for (const change of plan.sources) {
            stored.set(change.source, change.position)
            dropped.set(change.source, (dropped.get(change.source) ?? 0) + change.dropped)
          }
          kept.push(...plan.lines.map((line) => line.text).filter((text) => !text.includes('lost here')))
        }
        assert.equal(new Set(kept).size, kept.length)
        for (const [source, position] of stored) {
          const numbers = kept.filter((text) => text.startsWith(source)).map((text) => Number(text.slice(1)))
          assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b))
          assert.equal(numbers.length + (dropped.get(source) ?? 0), position)
        }
      },
    ),
    { numRuns: 300 },
  ))

test('an agent that sends again after every lost answer has each line stored once', () =>
  withLogs(async ({ writer, reader }) => {
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.array(fc.record({ page: fc.integer({ min: 1, max: 9 }), forgets: fc.nat(3) }), { minLength: 1, maxLength: 8 }), async (source, turns) => {
        let position = 0
        const sent: Promise<unknown>[] = []
        let top = 0
        for (const { page, forgets } of turns) {
          // all in flight at once: they end up in the same transaction or in several
          sent.push(writer.ingest([batchOf(source, position, Array.from({ length: page }, (_, nth) => entry(`${position + nth}`, 1000 + position + nth)), { app: 'once', instance: source })]))
          position += page
          top = Math.max(top, position)
          position = Math.max(0, position - forgets) // a crash: it goes on from an older position
        }
        await Promise.all(sent)
        const { lines } = await reader.read({ app: 'once', instance: source, limit: 1000 })
        assert.deepEqual(lines.map((line) => line.text), Array.from({ length: top }, (_, nth) => String(nth)))
      }),
      { numRuns: 25 },
    )
  }))

test('when the database ends the connection, ingest fails, and works again when asked again', () =>
  withLogs(async ({ db, writer, reader }) => {
    await writer.ingest([batchOf('a', 0, [entry('one', 1000)])])
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'COMMIT'`)
    const again = batchOf('a', 0, [entry('one', 1000), entry('two', 2000)])
    await writer.ingest([again]).catch(() => writer.ingest([again]))
    assert.deepEqual((await reader.read({})).lines.map((line) => line.text), ['one', 'two'])
  }))
