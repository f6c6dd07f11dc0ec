import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TrafficBatch } from '#contract/wire.ts'
import { until } from '#test/harness/wait.ts'
import { NewestReleases } from './newest-releases.ts'
import { Counters } from './target.ts'
import { TrafficSpool } from './traffic.ts'

const names = (app: string) => ({ key: `route:${app}.localhost/`, app, environment: 'production', service: 'web', from: null })
const ask = (counters: Counters, app: string, release: number, status = 200) => counters.counter(names(app)).request('answered', status, 5, 100, 100, release)

test('a release is young for a minute after the first request of it, the first that is seen for a minute after the start', () => {
  const newest = new NewestReleases(() => false, -50_000)
  const [shop, blog] = [{ app: 'shop', environment: 'production' }, { app: 'blog', environment: 'production' }]
  newest.asked(shop, 1, 0)
  assert.deepEqual([newest.isYoung(shop, 9_999), newest.isYoung(shop, 10_000)], [true, false])
  newest.asked(shop, 2, 1_000)
  newest.asked(shop, 1, 2_000)
  newest.asked(shop, 2, 30_000)
  newest.asked(blog, 7, 30_000)
  assert.deepEqual([newest.isYoung(shop, 60_999), newest.isYoung(shop, 61_000), newest.isYoung(blog, 30_001)], [true, false, false])
})

test('a proxy that was started again in the middle of a rollout takes the newer release for young, whichever is asked first', () => {
  const shop = { app: 'shop', environment: 'production' }
  for (const order of [[1, 2], [2, 1]]) {
    const newest = new NewestReleases((app, _environment, release) => app === 'shop' && release === 2, -3_600_000)
    for (const release of order) newest.asked(shop, release, 1_000)
    assert.deepEqual([newest.isYoung(shop, 60_999), newest.isYoung(shop, 61_000)], [true, false])
  }
})

test('what a new release is asked is handed over at once, and nothing is counted twice or left out', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ns-traffic-'))
  const counters = new Counters(() => false, performance.now() - 60_000)
  const got: TrafficBatch[] = []
  const spool = new TrafficSpool({
    folder, machine: 'm1', periodMs: 3_600_000, youngPeriodMs: 10, log: () => {},
    control: { post: async (_path, body) => void got.push(body as TrafficBatch) },
    take: () => counters.take(),
    takeYoung: () => counters.takeYoung(),
  })
  t.after(() => rm(folder, { recursive: true, force: true }))
  ask(counters, 'shop', 1)
  ask(counters, 'blog', 1)
  await spool.tick(true)
  assert.equal(got.length, 0, 'nobody waits for these')
  ask(counters, 'shop', 2, 500)
  await until(() => got.length === 1, { because: 'it came without a turn of the period' })
  const young = got.map(({ young, counts }) => ({ young, counts: counts.map(({ app, releases }) => ({ app, releases: releases.map(({ release, requests, errors }) => ({ release, requests, errors })) })) }))
  assert.deepEqual(young, [{ young: true, counts: [{ app: 'shop', releases: [{ release: 1, requests: 1, errors: 0 }, { release: 2, requests: 1, errors: 1 }] }] }])
  await spool.tick()
  assert.deepEqual(got.slice(1).map(({ young, counts }) => [young, counts.map(({ app, requests }) => [app, requests])]), [[undefined, [['blog', 1]]]])
  assert.ok(got.every(({ sentAt, to }) => Date.parse(sentAt ?? '') >= Date.parse(to)), 'each says when it was sent, by the clock of its times')
  await spool.close()
})
