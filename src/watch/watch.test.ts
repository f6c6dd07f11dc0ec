import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSecretBox } from '#base/secretbox.ts'
import type { JournalEvent, LogLine, MapView, Tonight } from '#contract/model.ts'
import { createBell } from '#kernel/bell.ts'
import { openDatabase } from '#kernel/db/db.ts'
import type { HandlerContext } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { batchOf, entry } from './logs/testing/log-corpus.ts'
import { openWatch } from './watch.ts'

test('what machines ship is what the API answers, and a limited caller gets its own apps only', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const reach = { apiUrl: () => 'http://localhost:1', ingressUrl: () => 'http://localhost:2', httpsPort: () => null }
  const watch = openWatch({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')), log: createLogger({ process: 'test', level: 'silent' }), reach, changed: createBell() })
  const context = (apps: string[] | null): HandlerContext => ({ caller: { actor: { kind: 'token', name: 't' }, access: 'read', apps }, now: new Date(), signal: new AbortController().signal, lastEventId: undefined, upload: undefined })
  const call = async (id: keyof typeof watch.handlers, input: object, apps: string[] | null = null) => (watch.handlers[id] as (input: object, context: HandlerContext) => unknown)({ params: {}, query: {}, ...input }, context(apps))
  try {
    const at = new Date().toISOString()
    await watch.intake.logs([batchOf('a', 0, [entry('hello'), entry('built', Date.now(), 'build')]), batchOf('b', 0, [entry('secret of blog')], { app: 'blog' })])
    await watch.intake.facts({ machine: 'm1', facts: [{ id: 'f1', at, kind: 'instance.ready', app: 'shop', environment: 'production', service: 'web', instance: 'ins_1', release: 1, data: { name: 'web.1' } }, { id: 'f2', at, kind: 'nonsense', app: null, environment: null, service: null, instance: null, release: null, data: {} }] })
    await watch.intake.stats({ machine: 'm1', at, instances: [{ instance: 'ins_1', app: 'shop', environment: 'production', service: 'web', name: 'web.1', cpu: 0.5, memoryBytes: 1e6, memoryLimitBytes: null, threads: null, openFiles: null }] })
    assert.equal((await watch.moment('shop')).samples.get('ins_1')?.cpu, 0.5)
    const lines = async (query: object, apps: string[] | null = null) => ((await call('logs.list', { query: { limit: 10, ...query } }, apps)) as { lines: LogLine[] }).lines.map((line) => line.text)
    assert.deepEqual(await lines({ app: 'shop' }), ['hello', 'built'])
    assert.deepEqual(await lines({ streams: 'build' }), ['built'])
    assert.deepEqual(await lines({}, ['blog']), ['secret of blog'])
    assert.deepEqual(await lines({ app: 'blog' }, ['shop']), [])
    await assert.rejects(async () => lines({ streams: 'stdout,nowhere' }), /"nowhere" is not a stream/)
    assert.deepEqual(((await call('events.list', { query: { limit: 10 } })) as JournalEvent[]).map((event) => event.summary), ['shop/web.1 is ready'])
    assert.equal(((await call('tonight.read', {})) as Tonight).sentence, 'All quiet. Nothing runs here yet.')
    assert.deepEqual({ ...((await call('map.read', {})) as MapView), at: '' }, { at: '', live: true, missing: [], services: [], edges: [], marks: [], alerts: [], machines: [] })
    assert.deepEqual(await call('traffic.read', { query: { minutes: 60 } }), [])
    assert.equal(((await call('resources.read', { params: { app: 'shop' }, query: { environment: 'production', minutes: 60 } })) as object[]).length, 1)
  } finally {
    await watch.close()
    await db.close()
  }
})
