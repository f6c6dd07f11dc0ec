import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { openApps } from '#run/apps/service.ts'
import { createRelease } from '#run/releases/commands.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { openDomains } from './service.ts'

const now = new Date()
const actor = { kind: 'token', name: 'tester' } as const
const box = openSecretBox(Buffer.alloc(32).toString('base64'))

async function withApps(work: (db: Database, release: (app: string, domains: string[]) => Promise<unknown>) => Promise<void>): Promise<void> {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    for (const app of ['shop', 'aaa']) await openApps({ db, box }).create({ app, environment: 'production', actor, now })
    await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:1', '{}', '{}', now())`)
    await work(db, (app, domains) =>
      db.transaction((tx) =>
        createRelease(tx, {
          app, environment: 'production', artifactId: 'slug:1', manifest: manifestSchema.parse({ services: { web: { domains } } }), manifestSource: 'test',
          config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor, now,
        }),
      ),
    )
  } finally {
    await db.close()
  }
}

const taken = { code: 'conflict', message: /shop\.example\.com\/ belongs to another app already/ }

test('a release that names a domain of another app is refused', () =>
  withApps(async (db, release) => {
    await release('shop', ['shop.example.com'])
    await assert.rejects(release('aaa', ['shop.example.com']), taken)
    await release('aaa', ['aaa.example.com'])
    await release('shop', ['shop.example.com', 'www.example.com'])
    const domains = openDomains({ db, box })
    const at = { app: 'aaa', environment: 'production', actor, now }
    await assert.rejects(domains.add(at, { host: 'shop.example.com', service: 'web', path: '/' }), taken)
    await domains.add(at, { host: 'shop.example.com', service: 'web', path: '/aaa' })
  }))

test('of two apps that take one domain at the same moment one gets it', () =>
  withApps(async (db, release) => {
    const outcomes = await Promise.allSettled([release('shop', ['shop.example.com']), release('aaa', ['shop.example.com'])])
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const domains = openDomains({ db, box })
    await Promise.all(['shop', 'aaa'].map((app) => release(app, [])))
    const added = await Promise.allSettled(['shop', 'aaa'].map((app) => domains.add({ app, environment: 'production', actor, now }, { host: 'www.example.com', service: 'web', path: '/' })))
    assert.equal(added.filter(({ status }) => status === 'fulfilled').length, 1)
  }))

test('an environment whose address is another one\'s is refused when it is made', () =>
  withApps(async (db) => {
    const { create } = openApps({ db, box })
    await create({ app: 'aaa', environment: 'staging', actor, now })
    await assert.rejects(create({ app: 'aaa-staging', environment: 'production', actor, now }), { code: 'conflict', message: /aaa-staging\.localhost belongs to staging of aaa already/ })
    await create({ app: 'aaa', environment: 'staging', actor, now })
    await create({ app: 'aaa-staging', environment: 'other', actor, now })
  }))
