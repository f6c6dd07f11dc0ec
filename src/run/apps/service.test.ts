import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { createRelease } from '#run/releases/commands.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { openApps } from './service.ts'

const now = new Date()
const actor = { kind: 'token', name: 'tester' } as const
const shop = { app: 'shop', environment: 'production', actor, now }
const manifest = manifestSchema.parse({ services: { web: { secrets: ['COOKIE_KEY'] } } })

test('what cannot be meant is refused with the way out, and makes no release', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    const apps = openApps({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')) })
    await apps.create(shop)
    await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:1', '{}', '{}', now())`)
    await db.transaction((tx) => createRelease(tx, { ...shop, artifactId: 'slug:1', manifest, manifestSource: 'test', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null }))
    await apps.changeConfig(shop, { LOG_LEVEL: 'info' })

    await assert.rejects(apps.changeConfig(shop, { COOKIE_KEY: 'x' }), /COOKIE_KEY is a secret in the manifest of shop.*nightshift secrets set COOKIE_KEY -a shop/)
    await assert.rejects(apps.changeConfig(shop, { LOG_LEVLE: null }), /LOG_LEVLE is not set in shop \(did you mean LOG_LEVEL\? see: nightshift config -a shop\)/)
    await assert.rejects(apps.changeSecrets(shop, { COOKIE_KEY: null }), /COOKIE_KEY is not set as a secret in shop/)
    await assert.rejects(apps.restart(shop, { service: 'wbe' }), /shop has no service "wbe" \(did you mean web\?\)/)
    await assert.rejects(apps.restart(shop, { instance: 'web.7' }), /shop has no running instance web\.7 \(see: nightshift ps -a shop\)/)
    const [row] = await db.query<{ count: string }>('SELECT count(*) FROM releases')
    assert.equal(Number(row?.count), 2, 'the deploy, and the one variable')
  } finally {
    await db.close()
  }
})
