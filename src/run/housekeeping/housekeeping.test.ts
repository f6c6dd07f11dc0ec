import assert from 'node:assert/strict'
import { mkdir, stat } from 'node:fs/promises'
import { before, test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { newId } from '#base/ids.ts'
import { forgetBuilds } from '#run/builds/forget.ts'
import { buildPaths } from '#run/builds/paths.ts'
import { forgetGone } from '#run/instances/commands.ts'
import { forgetRollouts } from '#run/rollouts/commands.ts'
import { assertHasServed, listReleases, previousGood, readRelease } from '#run/releases/read.ts'
import { forgetEdges } from '#run/routing/commands.ts'
import { tempHome } from '#test/harness/home.ts'
import { fileDatabase } from '#test/harness/postgres.ts'

const now = new Date('2026-05-01T03:00:00Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)
const db = await fileDatabase({ max: 2 })
before(async () => {
  await db.query(`INSERT INTO apps (name, created_at) VALUES ('shop', $1)`, [now])
  await db.query(`INSERT INTO environments (app, name, created_at, active_release) VALUES ('shop', 'production', $1, 1)`, [now])
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1)`, [now])
})

const release = (number: number, services: object, build: string | null = null) =>
  db.query(`INSERT INTO releases (app, environment, number, artifact_id, manifest, manifest_source, config, secrets, description, build_id, by_name, created_at) VALUES ('shop', 'production', $1, 'slug:a', $2, '', '{}', '{}', '', $3, 'rosa', $4)`, [number, manifestSchema.parse({ services }), build, now])

test('instances that are gone for long are forgotten, no other', async () => {
  const add = (id: string, wanted: string, gone: Date | null) => db.query(`INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at, gone_at) VALUES ($1, 'shop', 'production', 'service', 'web', 1, 1, 'm1', $2, '', $3, $4)`, [id, wanted, daysAgo(50), gone])
  await add('old', 'gone', daysAgo(31))
  await add('new', 'gone', daysAgo(29))
  await add('runs', 'run', null)
  assert.equal(await forgetGone(db, daysAgo(30)), 1)
  assert.deepEqual((await db.query<{ id: string }>('SELECT id FROM instances ORDER BY id')).map(({ id }) => id), ['new', 'runs'])
})

test('edges give their port back when none of the newest releases has them, unless one of them serves', async () => {
  await release(1, { web: { needs: { api: 'healthy' } }, api: {} })
  for (const [to, port] of [['api', 1], ['old', 2]] as const) await db.query(`INSERT INTO edges (app, environment, from_service, to_service, port) VALUES ('shop', 'production', 'web', $1, $2)`, [to, port])
  for (let number = 2; number <= 60; number++) await release(number, { web: {} })
  assert.equal(await forgetEdges(db), 1)
  assert.deepEqual((await db.query<{ to_service: string }>('SELECT to_service FROM edges')).map((row) => row.to_service), ['api'], 'v1 serves')
})

test('old builds are forgotten with their logs, beyond the newest fifty, and never that of what serves', async () => {
  await using folder = await tempHome()
  const ids: string[] = []
  for (let nth = 0; nth < 60; nth++) {
    const [id, at] = [newId('bld', daysAgo(200 - nth)), daysAgo(200 - nth)]
    ids.push(id)
    await db.query(`INSERT INTO builds (id, app, environment, state, source, because, by_name, queued_at, finished_at) VALUES ($1, 'shop', 'production', 'succeeded', '{}', '', 'rosa', $2, $2)`, [id, at])
    await mkdir(buildPaths(folder.home, id).dir, { recursive: true })
  }
  await db.query(`UPDATE releases SET build_id = $1 WHERE number = 1`, [ids[3]])
  assert.equal(await forgetBuilds(db, folder.home, daysAgo(90)), 9)
  const left = (await db.query<{ id: string }>('SELECT id FROM builds')).map(({ id }) => id)
  assert.deepEqual(left.toSorted(), [ids[3], ...ids.slice(10)].toSorted())
  assert.equal(await stat(buildPaths(folder.home, ids[0] ?? '').dir).catch(() => null), null)
  assert.ok(await stat(buildPaths(folder.home, ids[3] ?? '').dir))
})

test('old rollouts are forgotten beyond the newest fifty, never one that is under way or brought what serves, and releases remember how they ended', async () => {
  await db.query('DELETE FROM rollouts')
  await db.query('DELETE FROM releases WHERE number > 60')
  // v1 serves; v2 has served, v3 never has, v4 both; the newest is under way
  const add = (nth: number, number: number, state: string, days: number) =>
    db.query(`INSERT INTO rollouts (id, app, environment, release, state, because, started_at, finished_at) VALUES ($1, 'shop', 'production', $2, $3, 'so', $4, $5)`, [`rol_${nth}`, number, state, daysAgo(days), state === 'starting' ? null : daysAgo(days)])
  await add(1, 1, 'finished', 300)
  await add(2, 2, 'finished', 299)
  await add(3, 3, 'failed', 298)
  await add(4, 4, 'finished', 297)
  await add(5, 4, 'cancelled', 296)
  for (let nth = 6; nth <= 55; nth++) await add(nth, nth, 'failed', 200 - nth)
  await add(56, 56, 'starting', 100)
  assert.equal(await forgetRollouts(db, daysAgo(305)), 0, 'too young')
  assert.equal(await forgetRollouts(db, daysAgo(90)), 5)
  assert.equal(await forgetRollouts(db, daysAgo(90)), 0)
  const left = (await db.query<{ id: string }>('SELECT id FROM rollouts ORDER BY started_at')).map(({ id }) => id)
  assert.deepEqual([left.length, left[0], left[1], left.at(-1)], [51, 'rol_1', 'rol_7', 'rol_56'])
  const states = new Map((await listReleases(db, 'shop', 'production', 100)).map(({ number, state, because }) => [number, `${state}: ${because}`]))
  assert.deepEqual([1, 2, 3, 4, 57].map((number) => states.get(number)), ['active: so', 'superseded: it served before', 'failed: ', 'superseded: it served before', 'created: '])
  await assertHasServed(db, await readRelease(db, 'shop', 'production', 2))
  await assert.rejects(assertHasServed(db, await readRelease(db, 'shop', 'production', 3)), { code: 'conflict' })
  // with v1 serving there is none before it; v2 differs from what v4 runs
  await db.query(`UPDATE releases SET config = '{"A":"2"}' WHERE number = 2`)
  assert.equal(await previousGood(db, 'shop', 'production', 4), 2)
})
