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

const start = new Date('2026-05-01T03:00:00Z')
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
const rosa = { kind: 'token', name: 'rosa' } as const
const db = await fileDatabase()
await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1)`, [start])

type Where = { app: string; environment: string }

/** An app whose `release` starts: its instances may come up. */
async function newApp(app: string, file: object) {
  const where: Where = { app, environment: 'production' }
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [where.app, start])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [where.app, where.environment, start])
  const manifest = manifestSchema.parse(file)
  return {
    where,
    async release(now: Date) {
      const made = await db.transaction((tx) => createRelease(tx, { ...where, artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now }))
      await advanceRollout(db, made.rollout, 'pending', 'starting', { name: 'released', detail: '' }, now)
      return made
    },
    async serves({ release, rollout }: { release: number; rollout: string }) {
      await advanceRollout(db, rollout, 'starting', 'finished', { name: 'done', detail: '' }, start)
      await setActiveRelease(db, where.app, where.environment, release)
    },
    sharing: async (seconds: number) => (await readSharing(db, at(seconds))).filter((one) => one.app === app),
  }
}

const none = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 0, failed: 0 }
/** All answers are as quick as each other. */
const quick = (requests: number) => Array.from({ length: latencyBucketsMs.length + 1 }, (_, nth) => (nth === 2 ? requests : 0))

/** What a proxy counted of one service in the second that ends at `seconds`. */
const tell = (where: Where, service: string, seconds: number, releases: { release: number; requests: number; errors: number }[]) => {
  const requests = releases.reduce((sum, one) => sum + one.requests, 0)
  const count = { key: `route:${service}`, ...where, service, from: null, requests, status: none, latency: quick(requests), bytesIn: 0, bytesOut: 0, connections: 0, releases: releases.map((one) => ({ ...one, latency: quick(one.requests) })) }
  return ingestTraffic(db, { machine: 'm1', id: `${where.app}/${service}/${seconds}`, from: at(seconds - 1).toISOString(), to: at(seconds).toISOString(), young: true, counts: [count] }, at(seconds))
}

test('a canary that fails more of its callers than the release beside it is given up once, and condemned', async () => {
  const { where: shop, release, serves, sharing } = await newApp('shop', { services: { web: {} }, deploy: { strategy: 'canary', canary: ['5%', '25%'] } })
  await serves(await release(start))
  const { rollout: second } = await release(at(1))
  assert.deepEqual(await sharing(2), [], 'it has no callers yet')
  await addRolloutStep(db, second, { name: 'canary 5 %', detail: '5 % of new callers' }, at(10))
  await tell(shop, 'web', 25, [{ release: 1, requests: 1000, errors: 0 }, { release: 2, requests: 60, errors: 0 }])
  const [good] = await sharing(60)
  assert.ok(good !== undefined)
  assert.deepEqual([good.release, good.from, good.share, good.after.services.web?.requests, faultOf(good.before, good.after)], [2, 1, 'with 5 % of new callers', 60, null])
  await tell(shop, 'web', 45, [{ release: 1, requests: 1000, errors: 1 }, { release: 2, requests: 60, errors: 40 }])
  const [bad] = await sharing(80)
  assert.ok(bad !== undefined)
  const fault = faultOf(bad.before, bad.after)
  assert.match(fault ?? '', /% of 120 requests failed/)
  assert.equal(await giveUpSharing(db, bad, fault ?? '', at(80), rosa), true)
  assert.equal(await giveUpSharing(db, bad, fault ?? '', at(82), rosa), false, 'once')
  const rollout = await latestRollout(db, shop.app, shop.environment)
  assert.equal(rollout?.state, 'failed')
  assert.match(rollout.because, /^with 5 % of new callers: .* failed/)
  const { condemned_because: condemned, active_release: active } = await db.one<{ condemned_because: string; active_release: number }>(`SELECT r.condemned_because, e.active_release FROM releases r JOIN environments e ON e.app = r.app WHERE r.app = 'shop' AND r.number = 2`)
  assert.deepEqual([condemned, active], [fault, 1])
})

test('a release that fails while it takes over from the one before is given up before it is alone', async () => {
  const { where: blog, release, serves, sharing } = await newApp('blog', { services: { web: { scale: 4 } } })
  const first = await release(start)
  await addRolloutStep(db, first.rollout, { name: 'started', detail: '' }, start)
  assert.deepEqual(await sharing(1), [], 'the first release has nothing beside it')
  await serves(first)
  const second = await release(at(1))
  assert.deepEqual(await sharing(2), [], 'nobody can have met it')
  await addRolloutStep(db, second.rollout, { name: 'started', detail: '' }, at(13))
  // in the ten seconds that hold the start
  await tell(blog, 'web', 15, [{ release: 1, requests: 150, errors: 0 }, { release: 2, requests: 60, errors: 60 }])
  const [bad] = await sharing(16)
  assert.ok(bad !== undefined)
  assert.deepEqual([bad.share, bad.before.services.web?.requests, bad.after.services.web?.errors], ['while it took over', 150, 60])
  const fault = faultOf(bad.before, bad.after)
  assert.equal(fault, '100 % of 60 requests failed (before: 0 % of 150)')
  assert.equal(await giveUpSharing(db, bad, fault, at(16), rosa), true)
  const rollout = await latestRollout(db, blog.app, blog.environment)
  assert.deepEqual([rollout?.state, rollout?.because], ['failed', `while it took over: ${fault}`])
})

test('whoever wants no bake wants no comparison while a release takes over', async () => {
  const { where: calm, release, serves, sharing } = await newApp('calm', { services: { web: {} }, deploy: { bake: '0s' } })
  await serves(await release(start))
  const { rollout } = await release(at(1))
  await addRolloutStep(db, rollout, { name: 'started', detail: '' }, at(13))
  await tell(calm, 'web', 15, [{ release: 1, requests: 150, errors: 0 }, { release: 2, requests: 60, errors: 60 }])
  assert.deepEqual(await sharing(16), [])
})

test('each service is compared with itself, from the first that is taken over, and the verdict names it', async () => {
  const { where: mall, release, serves, sharing } = await newApp('mall', { services: { api: {}, web: {} } })
  await serves(await release(start))
  const { rollout } = await release(at(1))
  await addRolloutStep(db, rollout, { name: 'started', detail: '' }, at(13))
  // the api fails a fifth of what it is asked, in both releases; the web, which still is v1, nothing
  await tell(mall, 'api', 15, [{ release: 1, requests: 50, errors: 10 }, { release: 2, requests: 200, errors: 40 }])
  await tell(mall, 'web', 15, [{ release: 1, requests: 1000, errors: 0 }])
  const faults = async (seconds: number) => (await sharing(seconds)).map(({ before, after }) => faultOf(before, after))
  assert.deepEqual(await faults(16), [null], 'the mixture says nothing')
  await tell(mall, 'api', 17, [{ release: 2, requests: 300, errors: 300 }])
  assert.deepEqual(await faults(18), ['api: 68 % of 500 requests failed (before: 20 % of 50)'])
})

test('a machine whose clock is wrong tells of the same seconds as all others', async () => {
  const { where: late, release, serves, sharing } = await newApp('late', { services: { web: {} } })
  await serves(await release(start))
  const { rollout } = await release(at(1))
  await addRolloutStep(db, rollout, { name: 'started', detail: '' }, at(130))
  for (const [nth, offset] of [-400, 400].entries()) {
    const by = (seconds: number) => at(seconds + offset).toISOString()
    const count = { key: 'route:web', ...late, service: 'web', from: null, requests: 210, status: none, latency: quick(210), bytesIn: 0, bytesOut: 0, connections: 0, releases: [{ release: 1, requests: 150, errors: 0, latency: quick(150) }, { release: 2, requests: 60, errors: 60, latency: quick(60) }] }
    await ingestTraffic(db, { machine: `m${nth}`, id: `late/${nth}`, from: by(138), to: by(139), sentAt: by(139), counts: [count] }, at(139))
  }
  assert.deepEqual((await sharing(142)).map(({ after }) => after.services.web?.requests), [120])
})
