import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ReleaseCount, TrafficSplit } from '#contract/wire.ts'
import { cookieLine, sideOf } from './split.ts'
import { instanceOf, RawClient, type RawResponse, startApp, startRig, until } from './test-harness.ts'

const byHeader: TrafficSplit = { release: 7, percent: 20, sticky: { by: 'header', name: 'X-User' } }
const byCookie: TrafficSplit = { release: 7, percent: 20, sticky: { by: 'cookie' } }
const nobody = { cookies: undefined, key: undefined }

test('by header a share as named is in, a growing share only adds, and another split picks others', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `user-${index}`)
  const inside = (split: TrafficSplit) => new Set(keys.filter((key) => sideOf(split, { ...nobody, key }).side === 'in'))
  const [some, more, other] = [inside(byHeader), inside({ ...byHeader, percent: 50 }), inside({ ...byHeader, release: 8 })]
  assert.ok(Math.abs(some.size - 2_000) < 200, `${some.size}`)
  assert.ok(Math.abs(more.size - 5_000) < 250, `${more.size}`)
  for (const key of some) assert.ok(more.has(key))
  assert.ok([...some].filter((key) => other.has(key)).length < 600)
})

test('nobody is in at 0 percent and everybody at 100, whoever asks', () => {
  fc.assert(
    fc.property(fc.string(), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean(), (key, random, cookie) => {
      const split = cookie ? byCookie : byHeader
      assert.equal(sideOf({ ...split, percent: 0 }, { cookies: undefined, key }, () => random).side, 'out')
      assert.equal(sideOf({ ...split, percent: 100 }, { cookies: undefined, key }, () => random).side, 'in')
    }),
  )
})

test('the cookie of this split decides, any other says nothing', () => {
  const side = (cookies: string) => sideOf(byCookie, { ...nobody, cookies }, () => 0.1)
  assert.deepEqual(side('a=b; nightshift_release=not-v7; c=d'), { side: 'out', known: true })
  assert.deepEqual(side('nightshift_release=v7'), { side: 'in', known: true })
  for (const cookies of ['nightshift_release=v6', 'nightshift_release=not-v70', 'xnightshift_release=not-v7', 'a=nightshift_release=not-v7', 'nightshift_release=']) assert.deepEqual(side(cookies), { side: 'in', known: false })
  assert.equal(cookieLine('out', 7), 'Set-Cookie: nightshift_release=not-v7; Path=/; HttpOnly; SameSite=Lax\r\n')
})

async function ask(port: number, fields = ''): Promise<RawResponse> {
  const client = new RawClient(port)
  client.send(`GET / HTTP/1.1\r\nHost: web.localhost\r\n${fields}\r\n`)
  const response = await client.response()
  client.close()
  return response
}

/** Two old instances and a new one, which answer with their release. */
async function twoReleases(split: TrafficSplit) {
  const app = (release: number) => startApp((_request, response) => response.setHeader('content-length', 2).end(`v${release}`))
  const apps = [await app(6), await app(6), await app(7)]
  const rig = await startRig({ services: { web: apps.map((one) => one.port) }, releases: { web: [6, 6, 7] }, targets: { web: { split } } }, { trafficPeriodMs: 20 })
  return {
    rig,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      for (const one of apps) await one.close()
    },
  }
}

test('a caller stays where it was put, by the cookie it got', async () => {
  await using world = await twoReleases({ ...byCookie, percent: 50 })
  const seen = new Set<string>()
  for (let n = 0; n < 60 && seen.size < 2; n++) {
    const first = await ask(world.rig.port)
    const cookie = /^(nightshift_release=(?:not-)?v7);/.exec(first.header('set-cookie') ?? '')?.[1]
    assert.equal(cookie, first.body === 'v7' ? 'nightshift_release=v7' : 'nightshift_release=not-v7')
    seen.add(first.body)
    for (let again = 0; again < 5; again++) {
      const next = await ask(world.rig.port, `Cookie: a=1; ${cookie}\r\n`)
      assert.deepEqual([next.body, next.header('set-cookie')], [first.body, undefined])
    }
  }
  assert.equal(seen.size, 2)
})

test('by a header the same caller gets the same release, and each release is counted', async () => {
  await using world = await twoReleases({ ...byHeader, percent: 50 })
  const asked: Record<string, number> = { v6: 0, v7: 0 }
  for (let user = 0; user < 20; user++) {
    const bodies = new Set<string>()
    for (let n = 0; n < 4; n++) {
      const { body } = await ask(world.rig.port, `X-User: ${user}\r\n`)
      bodies.add(body)
      asked[body] = (asked[body] ?? 0) + 1
    }
    assert.equal(bodies.size, 1)
  }
  assert.ok((asked['v6'] ?? 0) > 0 && (asked['v7'] ?? 0) > 0)
  const counted = () => {
    const sums: Record<string, number> = { v6: 0, v7: 0 }
    for (const one of world.rig.control.traffic.flatMap((batch) => batch.counts).flatMap((count): ReleaseCount[] => count.releases)) {
      assert.equal(one.latency.reduce((sum, count) => sum + count, 0), one.requests)
      assert.equal(one.errors, 0)
      sums[`v${one.release}`] = (sums[`v${one.release}`] ?? 0) + one.requests
    }
    return sums
  }
  await until(() => Object.values(counted()).reduce((sum, count) => sum + count, 0) === 80, 'all the counts')
  assert.deepEqual(counted(), asked)
})

test('a side without an instance is served by the other, and nothing is remembered', async () => {
  await using world = await twoReleases({ ...byCookie, percent: 100 })
  world.rig.agent.say({ t: 'gone', instance: instanceOf('web', 2) })
  await world.rig.agent.settled()
  const answer = await ask(world.rig.port)
  assert.deepEqual([answer.body, answer.header('set-cookie')], ['v6', undefined])
})

test('errors are counted for the release that made them, and what reached none for none', async () => {
  await using app = await startApp((_request, response) => response.writeHead(500).end())
  const shape = { services: { web: [app.port] }, releases: { web: [3] } }
  await using rig = await startRig(shape, { trafficPeriodMs: 20, limits: { parkMs: 20 } })
  await ask(rig.port)
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  assert.equal((await ask(rig.port)).status, 503)
  const counts = () => rig.control.traffic.flatMap((batch) => batch.counts)
  await until(() => counts().reduce((sum, count) => sum + count.requests, 0) === 2, 'both counts')
  assert.deepEqual(counts().flatMap((count) => count.releases).map(({ release, requests, errors }) => ({ release, requests, errors })), [{ release: 3, requests: 1, errors: 1 }])
})
