import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import { setActiveRelease } from '#run/apps/commands.ts'
import { createRelease } from '#run/releases/commands.ts'
import { addRolloutStep, advanceRollout } from '#run/rollouts/commands.ts'
import { latestRollout } from '#run/rollouts/read.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { ingestTraffic } from '#watch/traffic/service.ts'
import { giveUpSharing, readSharing } from './sharing.ts'
import { faultOf } from './verdict.ts'

const shop = { app: 'shop', environment: 'production' }
const start = new Date('2026-05-01T03:00:00Z')
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const rosa = { kind: 'token', name: 'rosa' } as const
const db = await fileDatabase()

test('a canary that fails more of its callers than the release beside it is given up once, and condemned', async () => {
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [shop.app, start])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [shop.app, shop.environment, start])
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1)`, [start])
  const manifest = manifestSchema.parse({ services: { web: {} }, deploy: { strategy: 'canary', canary: ['5%', '25%'] } })
  const release = (now: Date) => db.transaction((tx) => createRelease(tx, { ...shop, artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now }))
  const first = await release(start)
  await advanceRollout(db, first.rollout, 'pending', 'starting', { name: 'released', detail: '' }, start)
  await advanceRollout(db, first.rollout, 'starting', 'finished', { name: 'done', detail: '' }, start)
  await setActiveRelease(db, shop.app, shop.environment, first.release)
  const second = await release(at(1))
  await advanceRollout(db, second.rollout, 'pending', 'starting', { name: 'released', detail: '' }, at(1))
  assert.deepEqual(await readSharing(db, at(2)), [], 'it has no callers yet')
  await addRolloutStep(db, second.rollout, { name: 'canary 5 %', detail: '5 % of new callers' }, at(10))
  const counted = (number: number, requests: number, errors: number) => ({ release: number, requests, errors, latency: [...Array(latencyBucketsMs.length).fill(0), 0].map((_, nth) => (nth === 2 ? requests : 0)) })
  const tell = (seconds: number, releases: ReturnType<typeof counted>[]) => ingestTraffic(db, { machine: 'm1', id: `b${seconds}`, from: at(seconds - 10).toISOString(), to: at(seconds).toISOString(), counts: [{ key: 'route:a', ...shop, service: 'web', from: null, requests: 1, status: { '1xx': 0, '2xx': 1, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 0, failed: 0 }, latency: Array(latencyBucketsMs.length + 1).fill(0), bytesIn: 0, bytesOut: 0, connections: 0, releases }] }, at(seconds))
  await tell(30, [counted(1, 1000, 0), counted(2, 60, 0)])
  const [good] = await readSharing(db, at(60))
  assert.ok(good !== undefined)
  assert.deepEqual([good.release, good.from, good.share, good.after.requests, faultOf(good.before, good.after)], [2, 1, 'with 5 % of new callers', 60, null])
  await tell(50, [counted(1, 1000, 1), counted(2, 60, 40)])
  const [bad] = await readSharing(db, at(80))
  assert.ok(bad !== undefined)
  const fault = faultOf(bad.before, bad.after)
  assert.match(fault ?? '', /% of 120 requests failed/)
  assert.equal(await giveUpSharing(db, bad, fault ?? '', at(80), rosa), true)
  assert.equal(await giveUpSharing(db, bad, fault ?? '', at(82), rosa), false, 'once')
  const rollout = await latestRollout(db, shop.app, shop.environment)
  assert.equal(rollout?.state, 'failed')
  assert.match(rollout.because, /^with 5 % of new callers: .* failed/)
  const { condemned_because: condemned, active_release: active } = await db.one<{ condemned_because: string; active_release: number }>('SELECT r.condemned_because, e.active_release FROM releases r JOIN environments e ON e.app = r.app WHERE r.number = 2')
  assert.deepEqual([condemned, active], [fault, 1])
})

test('a release that fails while it takes over from the one before is given up before it is alone', async () => {
  const blog = { app: 'blog', environment: 'production' }
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [blog.app, start])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [blog.app, blog.environment, start])
  const manifest = manifestSchema.parse({ services: { web: { scale: 4 } } })
  const release = (now: Date) => db.transaction((tx) => createRelease(tx, { ...blog, artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now }))
  const first = await release(start)
  await advanceRollout(db, first.rollout, 'pending', 'starting', { name: 'released', detail: '' }, start)
  await addRolloutStep(db, first.rollout, { name: 'started', detail: '' }, start)
  const mine = async (seconds: number) => (await readSharing(db, at(seconds))).filter(({ app }) => app === blog.app)
  assert.deepEqual(await mine(1), [], 'the first release has nothing beside it')
  await advanceRollout(db, first.rollout, 'starting', 'finished', { name: 'done', detail: '' }, start)
  await setActiveRelease(db, blog.app, blog.environment, first.release)
  const second = await release(at(1))
  await advanceRollout(db, second.rollout, 'pending', 'starting', { name: 'released', detail: '' }, at(1))
  assert.deepEqual(await mine(2), [], 'nobody can have met it')
  await addRolloutStep(db, second.rollout, { name: 'started', detail: '' }, at(13))
  // a young batch of one second, in the ten seconds that hold the start
  const latency = Array(latencyBucketsMs.length + 1).fill(0).map((_, nth) => (nth === 2 ? 1 : 0)) as number[]
  const counts = [{ key: 'route:b', ...blog, service: 'web', from: null, requests: 210, status: { '1xx': 0, '2xx': 150, '3xx': 0, '4xx': 0, '5xx': 60, aborted: 0, failed: 0 }, latency, bytesIn: 0, bytesOut: 0, connections: 0, releases: [{ release: 1, requests: 150, errors: 0, latency }, { release: 2, requests: 60, errors: 60, latency }] }]
  await ingestTraffic(db, { machine: 'm1', id: 'young', from: at(14).toISOString(), to: at(15).toISOString(), young: true, counts }, at(15))
  const [bad] = await mine(16)
  assert.ok(bad !== undefined)
  assert.deepEqual([bad.share, bad.before.requests, bad.after.errors], ['while it took over', 150, 60])
  const fault = faultOf(bad.before, bad.after)
  assert.equal(fault, '100 % of 60 requests failed (before: 0 % of 150)')
  assert.equal(await giveUpSharing(db, bad, fault, at(16), rosa), true)
  const rollout = await latestRollout(db, blog.app, blog.environment)
  assert.deepEqual([rollout?.state, rollout?.because], ['failed', `while it took over: ${fault}`])
})

test('a release is not judged by the one service it has taken over, when others are asked as well', async () => {
  const mall = { app: 'mall', environment: 'production' }
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [mall.app, start])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [mall.app, mall.environment, start])
  const manifest = manifestSchema.parse({ services: { api: {}, web: {} } })
  const release = (now: Date) => db.transaction((tx) => createRelease(tx, { ...mall, artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now }))
  const first = await release(start)
  await advanceRollout(db, first.rollout, 'pending', 'starting', { name: 'released', detail: '' }, start)
  await advanceRollout(db, first.rollout, 'starting', 'finished', { name: 'done', detail: '' }, start)
  await setActiveRelease(db, mall.app, mall.environment, first.release)
  const second = await release(at(1))
  await advanceRollout(db, second.rollout, 'pending', 'starting', { name: 'released', detail: '' }, at(1))
  await addRolloutStep(db, second.rollout, { name: 'started', detail: '' }, at(13))
  const latency = Array(latencyBucketsMs.length + 1).fill(0) as number[]
  const none = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 0, failed: 0 }
  const count = (service: string, releases: { release: number; requests: number; errors: number }[]) => ({ key: `route:${service}`, ...mall, service, from: null, requests: releases.reduce((sum, { requests }) => sum + requests, 0), status: none, latency, bytesIn: 0, bytesOut: 0, connections: 0, releases: releases.map((one) => ({ ...one, latency })) })
  // the api fails a fifth of what it is asked, in both releases; the web, which still is v1, nothing
  const tell = (id: string, counts: ReturnType<typeof count>[]) => ingestTraffic(db, { machine: 'm1', id, from: at(14).toISOString(), to: at(15).toISOString(), young: true, counts }, at(15))
  await tell('mall', [count('api', [{ release: 1, requests: 50, errors: 10 }, { release: 2, requests: 200, errors: 40 }]), count('web', [{ release: 1, requests: 1000, errors: 0 }])])
  const mine = (await readSharing(db, at(16))).filter(({ app }) => app === mall.app)
  assert.deepEqual(mine.map((one) => faultOf(one.before, one.after)), [])
})
