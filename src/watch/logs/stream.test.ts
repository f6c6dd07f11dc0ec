import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LogLine } from '#contract/model.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { batchOf, entry } from './testing/log-corpus.ts'
import { mergeSmall, sealTurn } from './loop.ts'
import type { LogReader } from './port.ts'
import { createLogReader } from './read.ts'
import { type LogWriter, createLogWriter } from './service.ts'
import type { LogQuery } from './model.ts'

let database: TestDatabase
let db: Database
let writer: LogWriter
let reader: LogReader

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url, { max: 20 })
  writer = createLogWriter(db)
  reader = createLogReader(db)
})
after(async () => {
  reader.close()
  await writer.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

/** Collects a stream in the background. */
function follow(query: LogQuery, options: { after?: string; backlog?: number } = {}) {
  const abort = new AbortController()
  const lines: LogLine[] = []
  const done = (async () => {
    for await (const line of reader.stream(query, { ...options, signal: abort.signal })) lines.push(line)
  })()
  return { lines, async end() { abort.abort(); await done } }
}

const textsOf = (lines: readonly LogLine[]) => lines.map((line) => line.text)
const numbers = (prefix: string, count: number, from = 0) => Array.from({ length: count }, (_, nth) => `${prefix}${from + nth}`)

test('streams give every line once and in order while writers write, chunks are sealed and merged', async () => {
  const first = follow({ app: 'busy' })
  const everything = follow({})
  const filtered = follow({ app: 'busy', text: 'A1' })
  await until(async () => {
    // each begins with what is written after its first look: until all three have seen one, none of them counts
    await writer.ingest([batchOf('probe', probes, [entry(`probe A1 ${probes++}`)], { app: 'busy' })])
    return [first, everything, filtered].every((stream) => stream.lines.length > 0)
  }, { because: 'the streams listen' })
  let sealing = true
  const sealer = (async () => {
    while (sealing) {
      await sealTurn(db, new Date(), { maxLines: 200 })
      await mergeSmall(db, new Date(Date.now() + 3_600_000))
    }
  })()
  const late: ReturnType<typeof follow>[] = []
  await Promise.all(
    ['A', 'B', 'C'].map(async (source) => {
      for (let at = 0; at < 1500; at += 25) {
        await writer.ingest([batchOf(source, at, numbers(source, 25, at).map((text) => entry(text)), { app: 'busy', instance: `web.${source}` })])
        if (source === 'A' && at % 500 === 0) late.push(follow({ app: 'busy' }, { backlog: 1000 }))
      }
    }),
  )
  const all = numbers('A', 1500).concat(numbers('B', 1500), numbers('C', 1500))
  const counted = (stream: ReturnType<typeof follow>) => textsOf(stream.lines).filter((text) => !text.startsWith('probe'))
  await until(() => counted(first).length >= all.length, { because: `the stream has all ${all.length} lines` })
  sealing = false
  await sealer
  await writer.ingest([batchOf('end', 0, [entry('end')], { app: 'busy' })])
  const streams = [first, ...late]
  for (const stream of streams) await until(() => stream.lines.at(-1)?.text === 'end', { because: 'the stream ends with the last line' })
  assert.deepEqual(counted(first).toSorted(), [...all, 'end'].toSorted())
  for (const stream of [...streams, everything]) {
    const ids = stream.lines.map((line) => Number.parseInt(line.cursor.slice(9), 36))
    assert.deepEqual(ids, ids.toSorted((a, b) => a - b))
    assert.equal(new Set(ids).size, ids.length)
  }
  for (const stream of late) {
    // from its first line on, it has what the first stream has
    const own = counted(stream)
    const from = counted(first).indexOf(own[0] as string)
    assert.deepEqual(own.slice(1000), counted(first).slice(from + 1000))
  }
  await until(() => counted(filtered).length === all.filter((text) => text.includes('A1')).length, { because: 'the filtered stream has its lines' })
  await Promise.all([...streams, everything, filtered].map((stream) => stream.end()))
})
let probes = 0

test('a stream goes on after the last line it gave, through chunks into hot lines', async () => {
  await writer.ingest([batchOf('r1', 0, numbers('r', 900).map((text) => entry(text)), { app: 'resume' })])
  await sealTurn(db, new Date(), { maxLines: 1 })
  await writer.ingest([batchOf('r1', 900, numbers('r', 900, 900).map((text) => entry(text)), { app: 'resume' }), batchOf('x1', 0, numbers('x', 900).map((text) => entry(text)), { app: 'other' })])
  await sealTurn(db, new Date(), { maxLines: 1 })
  await writer.ingest([batchOf('r1', 1800, numbers('r', 200, 1800).map((text) => entry(text)), { app: 'resume' })])
  const start = (await reader.read({ app: 'resume', limit: 2000 })).lines[0] as LogLine
  let cursor = start.cursor
  const seen = [start.text]
  while (seen.length < 2000) {
    const part = follow({ app: 'resume' }, { after: cursor })
    await until(() => part.lines.length > 0, { because: 'the stream goes on' })
    await part.end()
    seen.push(...textsOf(part.lines))
    cursor = (part.lines.at(-1) as LogLine).cursor
  }
  assert.deepEqual(seen, numbers('r', 2000))
})

test('a slow reader holds nobody up and misses nothing', async () => {
  const abort = new AbortController()
  const slow = reader.stream({ app: 'flood' }, { backlog: 0, signal: abort.signal })
  const started = slow.next()
  const quick = follow({ app: 'flood' })
  await until(async () => {
    await writer.ingest([batchOf('f', floods, [entry(`f${floods++}`)], { app: 'flood' })])
    return quick.lines.length > 0
  }, { because: 'the streams listen' })
  const firstLine = (await started).value as LogLine
  for (let round = 0; round < 12; round++) {
    await writer.ingest([batchOf('f', floods, numbers('f', 2500, floods).map((text) => entry(text)), { app: 'flood' })])
    floods += 2500
    if (round % 4 === 0) await sealTurn(db, new Date(), { maxLines: 1 })
  }
  await until(() => quick.lines.at(-1)?.text === `f${floods - 1}`, { because: 'the quick one has all' })
  const seen = [firstLine.text]
  while (seen.at(-1) !== `f${floods - 1}`) seen.push(((await slow.next()).value as LogLine).text)
  assert.deepEqual(seen, numbers('f', seen.length, Number(seen[0]?.slice(1))))
  abort.abort()
  await Promise.all([slow.return(undefined), quick.end()])
})
let floods = 0

test('a stream limited to some apps gives no line of another', async () => {
  const stream = follow({ apps: ['seen'] })
  let sent = 0
  await until(async () => {
    await writer.ingest([batchOf('s1', sent, [entry('for you')], { app: 'seen' }), batchOf('s2', sent, [entry('not for you')], { app: 'hidden' })])
    sent++
    return stream.lines.length > 0
  }, { because: 'a line arrives' })
  await stream.end()
  assert.ok(stream.lines.every((line) => line.app === 'seen'))
})

test('when every connection breaks, a stream that listens goes on by itself', async () => {
  const stream = follow({ app: 'broken' })
  let sent = 0
  const send = async () => {
    await writer.ingest([batchOf('b1', sent, [entry(`b${sent}`)], { app: 'broken' })]).then(() => sent++, () => {})
  }
  await until(async () => {
    await send()
    return stream.lines.length > 0
  }, { because: 'a line arrives' })
  await db.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
  const before = stream.lines.length
  await until(async () => {
    await send()
    return stream.lines.length > before + 3
  }, { because: 'lines arrive again' })
  const texts = textsOf(stream.lines)
  assert.deepEqual(texts, numbers('b', texts.length, Number(texts[0]?.slice(1))))
  await stream.end()
})

test('pages have every line once while lines arrive, partitions are sealed and chunks are merged', async () => {
  let writing = true
  let stored = 0
  const start = Date.now() - 7_200_000
  const write = (async () => {
    for (; stored < 6000; stored += 30) await writer.ingest([batchOf('p1', stored, Array.from({ length: 30 }, (_, nth) => entry(`p${stored + nth}`, start + stored + nth)), { app: 'pages' })])
    writing = false
  })()
  const seal = (async () => {
    while (writing) {
      await sealTurn(db, new Date(), { maxLines: 100 })
      await mergeSmall(db, new Date())
    }
  })()
  const both = Promise.all([write, seal])
  await using _ = { [Symbol.asyncDispose]: async () => void (await both) } // what fails here is not to disturb the tests after it
  let rounds = 0
  while (writing || rounds === 0) {
    const known = stored
    const lines: LogLine[] = []
    for (let before: string | undefined, more = true; more; ) {
      const page = await reader.read({ app: 'pages', limit: 170, before })
      lines.unshift(...page.lines)
      more = page.next !== null
      before = page.next ?? undefined
    }
    assert.ok(lines.length >= known)
    assert.deepEqual(textsOf(lines), numbers('p', lines.length))
    rounds++
  }
  await both
  const chunks = (await db.one<{ n: number }>(`SELECT count(*)::int AS n FROM log_chunks WHERE app = 'pages'`)).n
  assert.ok(rounds > 1 && chunks > 0)
})

test('a page loses nothing when what it read as hot lines is sealed, and merged with what was sealed before, while it is made', async () => {
  const start = Date.now() - 1_800_000
  const write = (from: number, count: number) => writer.ingest([batchOf('race1', from, numbers('r', count, from).map((text, nth) => entry(text, start + from + nth)), { app: 'race' })])
  for (let stored = 0; stored < 200; stored += 20) {
    await write(stored, 20)
    await sealTurn(db, new Date(), { maxLines: 1 })
  }
  await write(200, 20)
  let merged = 0
  const racing = createLogReader(
    Object.create(db, {
      connect: {
        value: async () => {
          await sealTurn(db, new Date(), { maxLines: 1 })
          merged += await mergeSmall(db, new Date())
          return db.connect()
        },
      },
    }) as Database,
  )
  const { lines } = await racing.read({ app: 'race', limit: 1000 })
  racing.close()
  assert.ok(merged > 0)
  assert.deepEqual(textsOf(lines), numbers('r', 220))
})

test('a reader that does not end delays sealing, and loses nothing by it', async () => {
  await writer.ingest([batchOf('stuck', 0, [entry('kept')], { app: 'stuck' })])
  const client = await db.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE log_hot IN ACCESS SHARE MODE')
  await assert.rejects(sealTurn(db, new Date(), { maxLines: 1 }), /lock timeout/)
  assert.deepEqual(textsOf((await reader.read({ app: 'stuck' })).lines), ['kept'])
  await client.query('COMMIT')
  client.release()
  await sealTurn(db, new Date(), { maxLines: 1 })
  assert.deepEqual(textsOf((await reader.read({ app: 'stuck' })).lines), ['kept'])
  assert.equal((await db.one<{ n: number }>('SELECT count(*)::int AS n FROM log_hot')).n, 0)
})
