import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSecretBox } from '#base/secretbox.ts'
import { manifestSchema } from '#contract/manifest.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { openApps } from '#run/apps/service.ts'
import { tagMachine } from '#run/machines/service.ts'
import { createRelease } from '#run/releases/commands.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { openSelectors } from './routes.ts'

const now = new Date()
const actor = { kind: 'token', name: 'tester' } as const
const reach = { apiUrl: () => 'http://localhost:1', ingressUrl: () => 'http://localhost:2', httpsPort: () => null }

test('a query is answered with what it matches, of what the caller may see', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    const apps = openApps({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')) })
    await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:1', '{}', '{}', now())`)
    for (const name of ['n1', 'n2', 'test1']) await db.query('INSERT INTO machines (name, facts, connected, last_seen_at) VALUES ($1, $2, true, now())', [name, { driver: 'process', version: '1', os: 'Linux', cpus: 1, memoryBytes: 1, limits: [] }])
    for (const [app, machine] of [['shop', 'n1'], ['shop', 'test1'], ['blog', 'n2']] as const) {
      const command = { app, environment: 'production', actor, now }
      await apps.create(command)
      await db.transaction((tx) => createRelease(tx, { ...command, artifactId: 'slug:1', manifest: manifestSchema.parse({ services: { web: {} } }), manifestSource: 'test', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null }))
      await db.query(`INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at) VALUES ($1, $2, 'production', 'service', 'web', $3, 1, $4, 'run', '', now())`, [`ins_${app}${machine}`, app, machine === 'test1' ? 2 : 1, machine])
    }
    await apps.changeSettings({ app: 'blog', environment: 'production', actor, now }, { tags: ['pci'] })
    assert.deepEqual((await tagMachine(db, 'n1', { add: ['db', 'eu', 'db'], remove: [] }, actor, now)).tags, ['db', 'eu'])
    await tagMachine(db, 'test1', { add: ['db'], remove: [] }, actor, now)
    assert.deepEqual((await tagMachine(db, 'n1', { add: [], remove: ['eu'] }, actor, now)).tags, ['db'])
    assert.deepEqual((await tagMachine(db, 'n1', { add: ['db'], remove: [] }, actor, now)).tags, ['db'], 'which tells nothing to the journal')
    const events = await db.query<{ summary: string }>(`SELECT summary FROM events WHERE kind = 'machine.tagged' ORDER BY id`)
    assert.deepEqual(events.map(({ summary }) => summary), ['tester tagged n1 db, eu', 'tester tagged test1 db', 'tester took eu from n1'])
    await assert.rejects(tagMachine(db, 'n11', { add: ['x'], remove: [] }, actor, now), /no machine "n11" \(did you mean n1\?\)/)
    await assert.rejects(tagMachine(db, 'n1', { add: Array.from({ length: 31 }, (_, nth) => `t${nth}`), remove: [] }, actor, now), /n1 would have 32 tags; 30 is the most/)

    await db.query(`INSERT INTO checks (id, name, kind, config, every_ms, timeout_ms, retries, vantages, criteria, severity, app, environment, needs, declared, confined, created_at) VALUES ('chk_1', 'checkout', 'http', '{}', 1000, 500, 0, '{}', '{}', 'warning', 'blog', 'production', '{}', false, false, now())`)
    await db.query(`INSERT INTO check_states ("check", state, because, since) VALUES ('chk_1', 'down', 'it answers 500', now())`)
    const { choose, handlers } = openSelectors(db, reach)
    const select = async (query: string, seen: string[] | null = null) => handlers['selectors.match']?.({ params: {}, query: { query }, body: undefined } as never, { caller: { actor, access: 'read', apps: seen }, now, signal: new AbortController().signal, lastEventId: undefined, upload: undefined })
    const found = await select('tag:db -node:test* app:shop')
    assert.deepEqual(found?.counts, { machines: 1, apps: 0, services: 0, instances: 1, checks: 0 }, 'shop as a whole runs on test1 too')
    assert.deepEqual([found?.query, found?.machines, found?.instances[0]?.instance], ['tag:db -machine:test* app:shop', [{ name: 'n1', state: 'connected', tags: ['db'] }], 'web.1'])
    assert.deepEqual((await select('tag:pci'))?.counts, { machines: 0, apps: 1, services: 1, instances: 1, checks: 1 })
    assert.deepEqual((await select('kind:check state:down'))?.checks, [{ id: 'chk_1', name: 'checkout', app: 'blog', state: 'down' }])
    assert.deepEqual((await select('kind:check', ['shop']))?.checks, [])
    assert.match((await select('  '))?.because ?? '', /an empty query matches nothing/)
    assert.match((await select('-app:shop'))?.because ?? '', /only says what to leave out/)
    assert.deepEqual((await select('-app:shop'))?.counts, { machines: 0, apps: 0, services: 0, instances: 0, checks: 0 })
    assert.deepEqual((await select('*', ['blog']))?.machines.map(({ name }) => name), ['n2'])
    assert.deepEqual((await select('app:shop', ['blog']))?.counts, { machines: 0, apps: 0, services: 0, instances: 0, checks: 0 })
    assert.deepEqual([...(await choose('node:n2', null)).apps], ['blog/production'])
  } finally {
    await db.close()
  }
})
