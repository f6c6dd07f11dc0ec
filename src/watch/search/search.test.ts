import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppDetail, Machine } from '#contract/model.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { docsFolder, readDocs, sectionsOf } from './docs.ts'
import { openSearch } from './service.ts'

const service = (name: string, health: string) => ({ name, health, because: `it is ${health}`, instances: [{ name: `${name}.1`, machine: name === 'web' ? 'm1' : 'm2' }] })
const appOf = (name: string, health: string) => ({ name, environment: 'production', health, because: '', services: [service('web', 'healthy'), service('api', health)] }) as unknown as AppDetail
const machine = (name: string) => ({ name, state: 'connected', instances: 1, os: 'linux', lastSeenAt: new Date().toISOString() }) as unknown as Machine

test('one question finds things of every kind, and of other people’s apps nothing', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const reader = createLogReader(db)
  const writer = createLogWriter(db)
  let asked = 0
  const search = openSearch({
    db, lines: reader.read, docsDir: docsFolder, machines: async () => [machine('m1'), machine('m9')],
    apps: async () => (asked++, [appOf('shop', 'healthy'), appOf('blog', 'down')]),
  })
  const now = new Date()
  const ask = async (q: string, apps: string[] | null = null) => (await search({ q, limit: 40, logs: true }, apps, now)).results.map(({ kind, app, title }) => `${kind} ${app ?? ''} ${title}`.replaceAll('  ', ' '))
  try {
    await db.query("INSERT INTO apps VALUES ('shop', now()), ('blog', now())")
    await db.query("INSERT INTO environments (app, name, created_at) VALUES ('shop', 'production', now()), ('blog', 'production', now())")
    await db.query("INSERT INTO artifacts VALUES ('slug:1', '{}', 1, '{}', now())")
    for (const [app, number] of [['shop', 12], ['blog', 12]] as const) await db.query("INSERT INTO releases VALUES ($1, 'production', $2, 'slug:1', '{}', '', '{}', '{}', 'deploy of 100% cotton', 'abcdef', null, 'me', now())", [app, number])
    await db.transaction((tx) => record(tx, { at: now, kind: 'instance.exited', actor: { kind: 'agent', name: 'm1' }, app: 'blog', environment: 'production', service: 'api', summary: 'blog/api.1 exited with code 7' }))
    await writer.ingest([batchOf('a', 0, [entry('payment declined')])])

    assert.deepEqual((await ask('shop')).slice(0, 3), ['app shop shop', 'service shop web', 'service shop api'])
    assert.ok(!(await ask('shop')).some((title) => title.includes('blog')))
    assert.deepEqual((await ask('api')).slice(0, 2), ['service blog api', 'service shop api'], 'the sick one first')
    assert.deepEqual(await ask('v12 blog'), ['release blog v12'])
    assert.deepEqual(await ask('abcdef shop'), ['release shop v12'])
    assert.deepEqual(await ask('100%'), ['release blog v12', 'release shop v12'], 'the newer one first')
    assert.deepEqual(await ask('exited code 7'), ['event blog blog/api.1 exited with code 7'])
    assert.deepEqual((await ask('m9'))[0], 'machine m9')
    assert.ok((await ask('drains lines sent')).includes('doc Drains: lines sent on'))
    assert.equal(asked, 1, 'apps are held while somebody types')

    assert.deepEqual(await ask('exited code 7', ['shop']), [])
    assert.deepEqual(await ask('v12', ['shop']), ['release shop v12'])
    assert.deepEqual(await ask('m9', ['shop']), [], 'nothing of it runs there')
    const lines = async (apps: string[] | null) => (await search({ q: 'Payment declined', limit: 5, logs: true }, apps, now)).logs.lines.map(({ text }) => text)
    assert.deepEqual(await lines(null), ['payment declined'])
    assert.deepEqual(await lines(['blog']), [])
  } finally {
    reader.close()
    await writer.close()
    await db.close()
  }
})

test('sections are the headings outside of code, each with how it begins and its anchor', () => {
  const text = '# The `logs`\n\nAll of them.\n\n```sh\n# no heading\n```\n\n## How long?\nSeven days.\n'
  assert.deepEqual(sectionsOf('logs.md', text), [
    { file: 'logs.md', heading: 'The logs', anchor: '', document: 'The logs', excerpt: 'All of them.\n\n```sh\n# no heading\n```' },
    { file: 'logs.md', heading: 'How long?', anchor: 'how-long', document: 'The logs', excerpt: 'Seven days.' },
  ])
})

test('our own documents are there, and a folder that is not has none', async () => {
  assert.ok((await readDocs(docsFolder)).length > 50)
  assert.deepEqual(await readDocs('/nowhere'), [])
})
