import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import type { Actor, Build } from '#contract/model.ts'
import { createBell } from '#kernel/bell.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { createRelease } from './commands.ts'
import { followDeploy } from './progress.ts'

const db = await fileDatabase()
const now = new Date('2026-05-01T03:00:00Z')
const rosa: Actor = { kind: 'token', name: 'rosa' }

test('a deploy to a stopped app ends with the release that is made, and the way to start it', async () => {
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1)`, [now])
  await db.query(`INSERT INTO apps (name, created_at) VALUES ('shop', $1)`, [now])
  await db.query(`INSERT INTO environments (app, name, created_at, stopped) VALUES ('shop', 'staging', $1, true)`, [now])
  const at = now.toISOString()
  const { release } = await db.transaction((tx) => createRelease(tx, { app: 'shop', environment: 'staging', artifactId: 'slug:a', manifest: manifestSchema.parse({ services: { web: {} } }), manifestSource: '', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now }))
  const build: Build = { id: 'bld_1', app: 'shop', environment: 'staging', state: 'succeeded', source: { kind: 'directory', commit: null, branch: null, image: null }, builder: 'node', because: '', release, sizeBytes: 1, queuedAt: at, startedAt: at, finishedAt: at, by: 'rosa' }
  const steps = await Array.fromAsync(followDeploy({ db, builds: { read: async () => build }, changed: createBell(), urlOf: async () => 'http://shop' }, { app: 'shop', environment: 'staging' }, 'bld_1', AbortSignal.timeout(60_000)))
  assert.deepEqual(steps.map(({ step, state, url }) => [step, state, url]), [['queued', 'running', null], ['building', 'running', null], ['built', 'running', null], ['made', 'done', null]])
  assert.equal(steps.at(-1)?.detail, `v${release}; the app is stopped, and it is rolled out when the app is started (nightshift start -a shop -e staging)`)
})
