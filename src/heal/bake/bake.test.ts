/** The watch over releases, against real PostgreSQL and the real run floor: only the clock, and what proxies counted, are the test's. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import type { Actor } from '#contract/model.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment, setActiveRelease } from '#run/apps/commands.ts'
import { createRelease } from '#run/releases/commands.ts'
import { listReleases } from '#run/releases/read.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { latestRollout } from '#run/rollouts/read.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { listEvents } from '#watch/journal/read.ts'
import { ingestTraffic } from '#watch/traffic/service.ts'
import { applyAction } from './apply.ts'
import { forgetBakes } from './commands.ts'
import { observe } from './observe.ts'
import { planBake } from './plan.ts'
import { readBake } from './read.ts'
import { acceptRelease } from './service.ts'

const actor: Actor = { kind: 'token', name: 'rosa' }
const start = new Date('2026-05-01T03:00:00Z')
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
/** An app of its own for each test: the journal forgets nothing. */
let shop = { app: '', environment: 'production' }
let apps = 0
const db = await fileDatabase()
beforeEach(async () => {
  shop = { app: `shop-${++apps}`, environment: 'production' }
  await db.query('DELETE FROM apps')
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [shop.app, start])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [shop.app, shop.environment, start])
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1) ON CONFLICT DO NOTHING`, [start])
})

/** A release that has been rolled out and serves from `now` on. */
async function serve(now: Date, config: Record<string, string> = {}, bake = '5m'): Promise<number> {
  const manifest = manifestSchema.parse({ services: { web: {} }, deploy: { bake } })
  return db.transaction(async (tx) => {
    const made = await createRelease(tx, { ...shop, artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config, secrets: {}, description: 'deploy', commit: null, buildId: null, actor, now })
    await finish(tx, made.rollout, made.release, now)
    return made.release
  })
}

async function finish(tx: Parameters<Parameters<Database['transaction']>[0]>[0], rollout: string, release: number, now: Date): Promise<void> {
  await lockEnvironment(tx, shop.app, shop.environment)
  await advanceRollout(tx, rollout, 'pending', 'starting', { name: 'released', detail: 'there is no release command' }, now)
  await advanceRollout(tx, rollout, 'starting', 'finished', { name: 'done', detail: 'it serves' }, now)
  await setActiveRelease(tx, shop.app, shop.environment, release)
}

async function count(release: number, now: Date, requests: number, errors: number): Promise<void> {
  const latency = latencyBucketsMs.map((bound) => (bound === 10 ? requests : 0)).concat(0)
  const status = { '1xx': 0, '2xx': requests - errors, '3xx': 0, '4xx': 0, '5xx': errors, aborted: 0, failed: 0 }
  await ingestTraffic(db, { machine: 'm1', id: `trf_${shop.app}_${now.getTime()}`, from: now.toISOString(), to: now.toISOString(), counts: [{ key: 'route:1', ...shop, service: 'web', from: null, requests, status, latency, bytesIn: 0, bytesOut: 0, connections: 0, releases: [{ release, requests, errors, latency }] }] }, now)
}

async function turn(now: Date): Promise<string[]> {
  const done: string[] = []
  for (const facts of await observe(db, now))
    for (const action of planBake(facts, now).actions) {
      await applyAction(db, facts, action, now)
      done.push(action.do)
    }
  return done
}

const kinds = async () => (await listEvents(db, shop, { limit: 100 })).map((event) => event.kind)

test('a release that answers with errors is rolled back by itself, config too, and what it brought back is left alone', async () => {
  const good = await serve(at(0), { COLOUR: 'blue' })
  assert.deepEqual(await turn(at(1)), [], 'the first release has nothing to be compared with')
  await count(good, at(10), 500, 2)
  const bad = await serve(at(60), { COLOUR: 'red' })
  assert.deepEqual(await turn(at(61)), ['begin'])
  await count(bad, at(70), 500, 300)
  assert.deepEqual(await turn(at(75)), ['condemn'])
  const bake = await readBake(db, shop.app, shop.environment, at(1_000_000))
  assert.equal(bake?.state, 'condemned')
  assert.equal(bake?.because, '60 % of 500 requests failed (before: 0.4 % of 500)')
  const back = await latestRollout(db, shop.app, shop.environment)
  assert.deepEqual([back?.release, back?.from_release, back?.state], [bake?.rolledBackTo, bad, 'pending'])
  const release = await db.one<{ config: Record<string, string>; description: string }>('SELECT config, description FROM releases WHERE app = $1 AND number = $2', [shop.app, bake?.rolledBackTo])
  assert.deepEqual(release.config, { COLOUR: 'blue' })
  assert.match(release.description, new RegExp(`^rolled back to v${good}: 60 %`))
  const [rolledBack, , , condemned] = await listEvents(db, shop, { limit: 4 })
  assert.deepEqual([rolledBack?.kind, condemned?.kind, rolledBack?.cause], ['rollout.rolled-back', 'release.condemned', condemned?.id])
  assert.deepEqual(await turn(at(76)), [], 'once')
  await db.transaction((tx) => finish(tx, back?.id ?? '', back?.release ?? 0, at(80)))
  assert.deepEqual(await turn(at(81)), [], 'a rollback is not watched')
  const told = (await listReleases(db, shop.app, shop.environment, 3)).map(({ number, state, because }) => [number, state, because])
  assert.deepEqual(told.slice(1), [[bad, 'condemned', bake?.because], [good, 'superseded', 'it served before']])
  assert.equal(told[0]?.[1], 'active')
})

test('a good release passes, and one that crashes does not need traffic to be condemned', async () => {
  const first = await serve(at(0))
  await count(first, at(10), 500, 0)
  const second = await serve(at(60))
  await turn(at(61))
  await count(second, at(70), 500, 1)
  assert.deepEqual(await turn(at(100)), [])
  assert.deepEqual(await turn(at(361)), ['end'])
  assert.equal((await readBake(db, shop.app, shop.environment, at(1_000_000)))?.state, 'passed')
  const third = await serve(at(400))
  await turn(at(401))
  for (let n = 0; n < 3; n++) await db.transaction((tx) => record(tx, { at: at(402 + n), kind: 'instance.restarting', actor: { kind: 'agent', name: 'm1' }, ...shop, release: third, summary: 'shop/web.1 is started again', data: { cause: n === 0 ? 'killed' : 'crash' } }))
  assert.deepEqual(await turn(at(409)), [], 'what was killed from outside is no fault of it')
  await db.transaction((tx) => record(tx, { at: at(409), kind: 'instance.restarting', actor: { kind: 'agent', name: 'm1' }, ...shop, release: third, summary: 'shop/web.1 is started again', data: { cause: 'unhealthy' } }))
  assert.deepEqual(await turn(at(410)), ['condemn'])
  assert.match((await readBake(db, shop.app, shop.environment, at(1_000_000)))?.because ?? '', /crashed or hung 3 times/)
})

test('a bad release that takes over while a bad one is being rolled back gives way to the last good one, not to the bad one', async () => {
  const good = await serve(at(0), { COLOUR: 'blue' })
  await count(good, at(10), 500, 0)
  const bad = await serve(at(60), { COLOUR: 'red' })
  await turn(at(61))
  await count(bad, at(70), 500, 500)
  assert.deepEqual(await turn(at(75)), ['condemn'])
  const next = await serve(at(76), { COLOUR: 'green' }) // before the way back was done
  assert.deepEqual(await turn(at(77)), ['begin'])
  assert.equal((await readBake(db, shop.app, shop.environment, at(77)))?.fromRelease, good)
  await count(next, at(85), 500, 500)
  assert.deepEqual(await turn(at(90)), ['condemn'])
  const back = await db.one<{ config: Record<string, string> }>('SELECT config FROM releases WHERE app = $1 ORDER BY number DESC LIMIT 1', [shop.app])
  assert.deepEqual(back.config, { COLOUR: 'blue' })
})

test('a bad release that gave way before it was judged is no yardstick for the next one', async () => {
  const good = await serve(at(0), { COLOUR: 'blue' })
  await count(good, at(10), 500, 0)
  const bad = await serve(at(60), { COLOUR: 'red' })
  await turn(at(61))
  await count(bad, at(70), 500, 500)
  const next = await serve(at(71), { COLOUR: 'green' })
  assert.deepEqual(await turn(at(72)), ['end'])
  assert.deepEqual((await listReleases(db, shop.app, shop.environment, 2)).map(({ number, state }) => [number, state]), [[next, 'active'], [bad, 'condemned']])
  assert.deepEqual(await turn(at(73)), ['begin'])
  assert.equal((await readBake(db, shop.app, shop.environment, at(73)))?.fromRelease, good)
  await count(next, at(80), 500, 0)
  assert.deepEqual(await turn(at(400)), ['end'])
  assert.equal((await readBake(db, shop.app, shop.environment, at(400)))?.state, 'passed')
})

test('accepting a release ends the watch over the one before, that the loop had not ended yet', async () => {
  await serve(at(0))
  await serve(at(60))
  await turn(at(61))
  await serve(at(70))
  await acceptRelease(db, { ...shop, actor, now: at(71) })
  assert.deepEqual((await db.query<{ state: string }>('SELECT state FROM bakes WHERE app = $1 ORDER BY release', [shop.app])).map(({ state }) => state), ['superseded', 'accepted'])
})

test('an accepted release stays, and a newer one takes the watch over', async () => {
  const first = await serve(at(0))
  await count(first, at(10), 500, 0)
  const second = await serve(at(60))
  await turn(at(61))
  assert.equal((await acceptRelease(db, { ...shop, actor, now: at(62) })).state, 'accepted')
  await count(second, at(70), 500, 500)
  assert.deepEqual(await turn(at(75)), [])
  await assert.rejects(acceptRelease(db, { ...shop, actor, now: at(76) }), { code: 'conflict' })
  await serve(at(80))
  assert.deepEqual(await turn(at(81)), ['begin'])
  await serve(at(90))
  assert.deepEqual(await turn(at(91)), ['end'])
  assert.deepEqual(await turn(at(92)), ['begin'])
  assert.ok(!(await kinds()).includes('release.condemned'))
})

test('a release that says 0s, or that was switched to long ago, is not watched', async () => {
  await serve(at(0))
  await serve(at(60), {}, '0s')
  assert.deepEqual(await turn(at(61)), [])
  await serve(at(100))
  assert.deepEqual(await turn(at(1_000)), [])
  assert.equal(await readBake(db, shop.app, shop.environment, at(1_000_000)), null)
})

test('a watch that is due is told and can be ended before the loop has begun it', async () => {
  await serve(at(0))
  assert.equal(await readBake(db, shop.app, shop.environment, at(1)), null, 'the first release is not watched')
  const second = await serve(at(60))
  const due = await readBake(db, shop.app, shop.environment, at(61))
  assert.deepEqual([due?.release, due?.state, due?.until], [second, 'baking', at(360).toISOString()])
  assert.equal((await acceptRelease(db, { ...shop, actor, now: at(62) })).state, 'accepted')
  assert.deepEqual(await turn(at(63)), [])
  assert.equal((await kinds()).filter((kind) => kind === 'bake.started').length, 1)
  await serve(at(100), {}, '0s')
  assert.equal((await readBake(db, shop.app, shop.environment, at(101)))?.release, second, 'no watch is due')
})

test('two loops that see the same roll back once', async () => {
  const first = await serve(at(0))
  await count(first, at(10), 500, 0)
  const second = await serve(at(60))
  await turn(at(61))
  await count(second, at(70), 500, 500)
  const [facts] = await observe(db, at(75))
  const [action] = planBake(facts!, at(75)).actions
  await Promise.all([applyAction(db, facts!, action!, at(75)), applyAction(db, facts!, action!, at(75))])
  assert.equal((await kinds()).filter((kind) => kind === 'rollout.rolled-back').length, 1)
  assert.equal((await db.one<{ n: number }>('SELECT count(*)::int AS n FROM releases WHERE app = $1', [shop.app])).n, 3)
})

test('watches that are long over are forgotten beyond the newest fifty, and never that of what serves', async () => {
  const day = 86_400
  for (let nth = 1; nth <= 60; nth++)
    await db.query(`INSERT INTO bakes (app, environment, release, from_release, state, because, started_at, until, ended_at, rolled_back_to) VALUES ($1, $2, $3, 0, 'condemned', '', $4, $4, $5, $6)`, [shop.app, shop.environment, nth, at(nth * day), nth === 60 ? null : at(nth * day), nth === 3 ? 4 : null])
  await serve(at(0))
  await db.query(`UPDATE environments SET active_release = 4 WHERE app = $1`, [shop.app])
  assert.equal(await forgetBakes(db, at(0)), 0)
  assert.equal(await forgetBakes(db, at(8 * day)), 5, 'the first seven, but not what serves and what it came back from')
  assert.equal(await forgetBakes(db, at(1_000 * day)), 3, 'fifty stay')
  assert.deepEqual((await db.query<{ release: number }>('SELECT release FROM bakes WHERE app = $1 ORDER BY release LIMIT 3', [shop.app])).map((row) => row.release), [3, 4, 11])
})
