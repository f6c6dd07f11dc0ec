import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '#base/errors.ts'
import type { LogLine } from '#contract/model.ts'
import { type LogEntry, type LogStream, logStreams } from '#contract/wire.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { takeLease } from '#kernel/db/lease.ts'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { batchOf, entry, lineText, randomOf } from './testing/log-corpus.ts'
import { countWindow } from './counts.ts'
import { contextOf } from './context.ts'
import { mergeSmall, sealTurn, tidyTurn } from './loop.ts'
import { parseQuery } from './query/parser.ts'
import { fitsLine, lineFilter } from './filter.ts'
import { type LogPageQuery, fold, levels } from './model.ts'
import { defaultKeeping } from './keeping/plan.ts'
import { type LogReader, defaultStreams } from './port.ts'
import { createLogReader } from './read.ts'
import { type LogWriter, createLogWriter } from './service.ts'
import { cleanText } from './text.ts'

let database: TestDatabase
let db: Database
let writer: LogWriter
let reader: LogReader

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  writer = createLogWriter(db)
  reader = createLogReader(db)
})
after(async () => {
  reader.close()
  await writer.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

const sealNow = () => sealTurn(db, new Date(), { maxLines: 1 })

type Written = { app: string; environment: string; instance: string; at: string; stream: LogStream; text: string }

/** Everything that was written, in order of arrival, to be searched the plain way. */
const written: Written[] = []

async function write(app: string, environment: string, instance: string, entries: LogEntry[], release = 1) {
  const source = `${app}/${environment}/${instance}/${release}`
  const from = written.filter((line) => `${line.app}/${line.environment}/${line.instance}/${release}` === source).length
  const [service = 'web'] = instance.split('.')
  await writer.ingest([batchOf(source, from, entries, { app, environment, service, instance, release })])
  written.push(...entries.map((line) => ({ app, environment, instance, at: line.at, stream: line.stream, text: cleanText(line.text) })))
}

async function allPages(query: LogPageQuery): Promise<LogLine[]> {
  const pages: LogLine[][] = []
  for (let before: string | undefined; ; ) {
    const page = await reader.read({ ...query, ...(before === undefined ? {} : { before }) })
    pages.unshift(page.lines)
    if (page.next === null) return pages.flat()
    before = page.next
  }
}

test('with lines in chunks of several ages, and hot lines, and late arrivals', async () => {
  const random = randomOf(7)
  const base = Date.now() - 3_600_000
  for (let round = 0; round < 6; round++) {
    for (const [app, environment, instance] of [['shop', 'production', 'web.1'], ['shop', 'production', 'worker.1'], ['shop', 'staging', 'web.1'], ['blog', 'production', 'web.2']] as const) {
      const count = Math.floor(random() * 300)
      const lateness = random() < 0.3 ? 900_000 : 0
      const entries = Array.from({ length: count }, (_, nth) =>
        entry(lineText(random, round * 1000 + nth), base + round * 300_000 + nth * 900 - lateness, logStreams[Math.floor(random() * logStreams.length)] as LogStream),
      )
      await write(app, environment, instance, entries)
    }
    if (round < 4) await sealNow()
  }
  assert.ok((await db.query('SELECT id FROM log_chunks')).length > 8)
  assert.ok((await db.one<{ n: number }>('SELECT count(*)::int AS n FROM log_hot')).n > 100)
})

test('search finds what a plain search through the same lines finds, page by page, each line once', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record(
        {
          app: fc.constantFrom('shop', 'blog', 'nobody'),
          environment: fc.constantFrom('production', 'staging'),
          instance: fc.constantFrom('web.1', 'worker.1'),
          text: fc.oneof(fc.constantFrom('WORKER', 'req-', '"level":50', 'İ', 'σος', 'ΣΟΣ', 'K', '273 k', '\\', 'nul', '\t', '100%', "'"), fc.nat(2000).map((nth) => fold(written[nth % written.length]?.text ?? '').slice(3, 18))),
          streams: fc.subarray([...logStreams], { minLength: 1 }),
          window: fc.tuple(fc.nat(3_600_000), fc.nat(3_600_000)),
          limit: fc.integer({ min: 1, max: 400 }),
        },
        { requiredKeys: ['limit'] },
      ),
      async ({ window, limit, ...query }) => {
        const times = window?.map((offset) => new Date(Date.now() - offset)).sort((a, b) => a.getTime() - b.getTime())
        const [since, until] = times ?? []
        const found = await allPages({ ...query, since, until, limit: Math.max(limit, 20) })
        const plain = written
          .filter(
            (line) =>
              (query.app === undefined || line.app === query.app) &&
              (query.environment === undefined || line.environment === query.environment) &&
              (query.instance === undefined || line.instance === query.instance) &&
              (query.text === undefined || fold(line.text).includes(fold(query.text))) &&
              (query.streams === undefined || query.streams.includes(line.stream)) &&
              (since === undefined || Date.parse(line.at) >= since.getTime()) &&
              (until === undefined || Date.parse(line.at) <= until.getTime()),
          )
          .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)) // stable: arrival decides among equals
        assert.deepEqual(found.map((line) => `${line.at} ${line.app} ${line.instance} ${line.text}`), plain.map((line) => `${line.at} ${line.app} ${line.instance} ${line.text}`))
        assert.deepEqual(found.map((line) => line.cursor), found.map((line) => line.cursor).toSorted())
        assert.equal(new Set(found.map((line) => line.cursor)).size, found.length)
      },
    ),
    { numRuns: 120 },
  ))

test('a level gives what is graver too, and takes a line without level for info', async () => {
  const [all, warn, error, info] = await Promise.all([allPages({ limit: 1000 }), allPages({ level: 'warn', limit: 1000 }), allPages({ level: 'error', limit: 1000 }), allPages({ level: 'info', limit: 1000 })])
  const having = (...names: string[]) => all.filter((line) => names.includes(line.level)).length
  assert.deepEqual([warn.length, error.length, info.length], [having('warn', 'error'), having('error'), having('warn', 'error', 'info', 'unknown')])
  assert.ok(having('warn') > 0 && having('error') > 0 && having('debug') > 0 && having('unknown') > 0)
})

test('a search finds what a plain test of the same lines finds, whatever is passed over', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.constantFrom('worker', '-worker', 'level>=warn', '-level>=warn', 'app:shop', 'instance:w*.1', '-service:worker', 'stream:stdout', '-stream:access', 'responseTime:>=50', 'msg:"request completed"', '/took job [0-9a-f]+ from/', 'trace:*', '"queue mail"', 'reqId:req-1*', 'release:1', 'release:>1', 'machine:m1', 'İstanbul', 'status', '(worker or level:error)', '(app:blog or instance:web.1)', '(app:blog "GET /items" or responseTime:<20 app:shop)', '-(queue or items)'),
        { minLength: 1, maxLength: 3 },
      ),
      async (parts) => {
        const where = parseQuery(parts.join(' '))
        const everything = await allPages({ limit: 1000 })
        const filter = lineFilter({ where })
        const plain = everything.filter((line) => fitsLine(filter, { text: line.text, level: levels.indexOf(line.level), stream: logStreams.indexOf(line.stream) }, { ...line, id: 0, machine: 'm1' }))
        const found = await allPages({ where, limit: 300 })
        assert.deepEqual(found.map((line) => line.cursor), plain.map((line) => line.cursor), parts.join(' '))
      },
    ),
    { numRuns: 60 },
  ))

test('a live tail takes the same search as a page', async () => {
  const where = parseQuery('level>=warn app:live -noise')
  const stop = new AbortController()
  const seen: string[] = []
  const tail = (async () => {
    for await (const line of reader.stream({ where }, { signal: stop.signal, after: (await reader.read({ limit: 1 })).lines[0]?.cursor })) {
      seen.push(line.text)
      if (line.text.endsWith('last')) return
    }
  })()
  await writer.ingest([batchOf('live', 0, ['ERROR first', 'INFO no', 'ERROR noise', 'WARN last'].map((text) => entry(text)), { app: 'live' })])
  await tail
  stop.abort()
  assert.deepEqual(seen, ['ERROR first', 'WARN last'])
  written.push(...['ERROR first', 'INFO no', 'ERROR noise', 'WARN last'].map((text) => ({ app: 'live', environment: 'production', instance: 'web.1', at: '', stream: 'stdout' as const, text })))
})

test('what stands around a line is of its service, in order, on both sides', async () => {
  const all = await allPages({ app: 'shop', environment: 'production', service: 'web', streams: defaultStreams, limit: 1000 })
  const middle = Math.floor(all.length / 2)
  const line = all[middle] as LogLine
  const around = await contextOf(reader.read, null, { cursor: line.cursor, same: 'service', lines: 20 })
  assert.deepEqual(around.lines.map((one) => one.cursor), all.slice(middle - 20, middle + 21).map((one) => one.cursor))
  assert.deepEqual([around.before, around.after], [true, true])
  const last = await contextOf(reader.read, ['shop'], { cursor: (all.at(-1) as LogLine).cursor, same: 'instance', lines: 5 })
  assert.deepEqual([last.lines.length, last.after], [6, false])
  await assert.rejects(contextOf(reader.read, ['blog'], { cursor: line.cursor, same: 'app', lines: 5 }), /not stored/)
})

test('a reader limited to some apps sees no line of another', async () => {
  const blog = await allPages({ apps: ['blog'], limit: 1000 })
  assert.ok(blog.length > 0 && blog.every((line) => line.app === 'blog'))
  assert.deepEqual(await allPages({ apps: [], limit: 10 }), [])
  assert.deepEqual(await allPages({ apps: ['blog'], app: 'shop' }), [])
})

test('a search that runs out of time says so, and going on from its cursor finds the rest', async () => {
  let before: string | undefined
  let partials = 0
  const found: string[] = []
  while (true) {
    const page = await reader.read({ text: 'trace=', limit: 5000, budgetMs: 0, before })
    found.unshift(...page.lines.map((line) => line.cursor))
    if (page.partial) partials++
    if (page.next === null) break
    before = page.next
  }
  assert.ok(partials > 0)
  assert.deepEqual(found, (await allPages({ text: 'trace=', limit: 5000 })).map((line) => line.cursor))
})

test('`after` ends a page from below', async () => {
  const all = await allPages({ app: 'shop', limit: 1000 })
  const middle = all[Math.floor(all.length / 2)] as LogLine
  const later = await allPages({ app: 'shop', after: middle.cursor, limit: 100 })
  assert.deepEqual(later.map((line) => line.cursor), all.slice(all.indexOf(middle) + 1).map((line) => line.cursor))
})

test('a cursor that is none is refused', async () => {
  for (const cursor of ['', 'x', '1'.repeat(20), "'; DROP TABLE"]) await assert.rejects(reader.read({ before: cursor }), (error: unknown) => error instanceof AppError && error.code === 'invalid')
})

test('counts per minute and level are the same before and after sealing', async () => {
  const window = { ...countWindow(new Date(Date.now() - 86_400_000), new Date(Date.now() + 60_000), 2000), stepMs: 60_000 }
  const earlier = (await reader.counts({ app: 'shop' }, window)).counts
  await sealNow()
  assert.equal((await db.one<{ n: number }>('SELECT count(*)::int AS n FROM log_hot')).n, 0)
  assert.deepEqual((await reader.counts({ app: 'shop' }, window)).counts, earlier)
  assert.deepEqual((await reader.counts({ app: 'shop', where: parseQuery('instance:nobody') }, window)).counts, [])
  assert.deepEqual((await reader.counts({ app: 'shop', where: parseQuery('instance:*') }, window)).counts, earlier, 'line by line it is the same')
  const sum = (level: 'error' | 'unknown') => earlier.reduce((total, minute) => total + minute[level], 0)
  const all = await allPages({ app: 'shop', limit: 1000 })
  assert.deepEqual([sum('error'), sum('unknown')], [all.filter((line) => line.level === 'error').length, all.filter((line) => line.level === 'unknown').length])
})

test('merging small chunks changes nothing but their number', async () => {
  for (let round = 0; round < 10; round++) {
    await write('quiet', 'production', 'web.1', [entry(`tick ${round}`, Date.now() - 7_200_000 + round * 60_000)])
    await sealNow()
  }
  const earlier = await allPages({ limit: 1000 })
  const chunks = async () => (await db.one<{ n: number }>(`SELECT count(*)::int AS n FROM log_chunks WHERE app = 'quiet'`)).n
  assert.equal(await chunks(), 10)
  assert.ok((await mergeSmall(db, new Date())) >= 10)
  assert.equal(await chunks(), 1)
  assert.deepEqual(await allPages({ limit: 1000 }), earlier)
})

test('sources that cannot write again are forgotten once their lines are gone; those of living instances are not', async () => {
  await db.query(`INSERT INTO apps VALUES ('meta', now()); INSERT INTO environments (app, name, created_at) VALUES ('meta', 'production', now())`)
  await db.query(`INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at) VALUES ('ins_alive', 'meta', 'production', 'service', 'web', 3, 1, 'm1', 'run', 'test', now())`)
  await db.query(`INSERT INTO builds (id, app, environment, state, source, because, by_name, queued_at) VALUES ('bld_alive', 'meta', 'production', 'running', '{}', '', 'test', now()), ('bld_done', 'meta', 'production', 'failed', '{}', '', 'test', now())`)
  await writer.ingest(['ins_alive.1-1', 'ins_dead.1-1', 'access:m1:meta', 'bld_alive', 'bld_done'].map((source) => batchOf(source, 0, [entry('x')], { app: 'meta', instance: source === 'ins_alive.1-1' ? 'ins_alive' : 'web.9' })))
  assert.deepEqual((await allPages({ app: 'meta', instance: 'web.3' })).length, 1, 'an instance given by id is shown by name')
  await sealNow()
  await db.query(`UPDATE log_sources SET updated_at = now() - interval '9 days' WHERE app = 'meta'`)
  await tidyTurn(db, new Date(), {})
  assert.deepEqual((await db.query<{ source: string }>(`SELECT source FROM log_sources WHERE app = 'meta' ORDER BY 1`)).map((row) => row.source), ['access:m1:meta', 'bld_alive', 'ins_alive.1-1'])
})

test('retention takes the oldest: by age, and by the size an app holds', async () => {
  await write('old', 'production', 'web.1', [entry('eight days ago', Date.now() - 8 * 86_400_000)])
  await write('old', 'staging', 'web.1', [entry('six days ago', Date.now() - 6 * 86_400_000)])
  const random = randomOf(3)
  for (let round = 0; round < 5; round++) {
    await write('big', 'production', 'web.1', Array.from({ length: 900 }, (_, nth) => entry(lineText(random, nth), Date.now() - 60_000 + round * 1000 + nth)))
    await sealNow()
  }
  const size = async () => (await db.one<{ bytes: number }>(`SELECT sum(stored_bytes)::bigint AS bytes FROM log_chunks WHERE app = 'big'`)).bytes
  const whole = await size()
  const others = await allPages({ app: 'shop', limit: 1000 })
  const oldest = (await allPages({ app: 'big', limit: 1000 }))[0] as LogLine
  assert.ok(whole > 0)
  await tidyTurn(db, new Date(), {})
  assert.deepEqual((await allPages({ app: 'old', limit: 10 })).map((line) => line.text), ['six days ago'])
  const limit = Math.max(Math.floor(whole * 0.7), ...(await db.query<{ bytes: number }>(`SELECT sum(stored_bytes)::bigint AS bytes FROM log_chunks WHERE app <> 'big' GROUP BY app`)).map((row) => row.bytes))
  await tidyTurn(db, new Date(), { keeping: { ...defaultKeeping, maxBytes: limit } })
  assert.ok((await size()) <= limit)
  assert.ok(!(await allPages({ app: 'big', limit: 1000 })).some((line) => line.cursor === oldest.cursor))
  assert.deepEqual(await allPages({ app: 'shop', limit: 1000 }), others)
})

test('lines are sealed by the control that holds the lease of the database', async () => {
  const lease = await takeLease(db, { onWaiting: () => assert.fail('it is held already'), onLost: () => assert.fail('it is lost') })
  try {
    await write('leased', 'production', 'web.1', [entry('one', Date.now())])
    const report = await sealNow()
    assert.deepEqual(report.waiting, [])
    assert.ok(report.actions.some((action) => action.startsWith('sealed')), report.actions.join('; '))
  } finally {
    lease.release()
  }
})
