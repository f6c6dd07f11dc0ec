/** Every URL shape of Healthchecks.io and Uptime Kuma, told by curl to a real server. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Check, CheckDetail } from '#contract/checks.ts'
import { createLogger } from '#kernel/log.ts'
import { until } from '#test/harness/wait.ts'
import { appOfKey, pingKey } from '#watch/checks/heartbeat.ts'
import { secret, tenant, withChecks, type World } from '#watch/checks/testing/world.ts'
import { parsePath, pingDoor } from './door.ts'

const run = promisify(execFile)

async function withDoor(work: (world: World & { base: string; curl(...args: string[]): Promise<string> }) => Promise<void>) {
  await withChecks(async (world) => {
    const door = pingDoor({ db: world.db, secret, log: createLogger({ process: 'test', level: 'silent' }), bodyWithinMs: 500 })
    const server = createServer((request, response) => void (door(request, response) || response.writeHead(418).end())).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await work({ ...world, base, curl: async (...args) => (await run('curl', ['-s', '-w', '%{http_code}', '-m', '10', ...args.map((arg) => (arg.startsWith('/') ? base + arg : arg))])).stdout })
    } finally {
      server.close()
    }
  })
}

const beat = (call: World['call'], more: Record<string, unknown> = {}, config: Record<string, unknown> = {}) => call<Check>('checks.create', { body: { name: 'backup', kind: 'heartbeat', config: { slug: 'backup', ...config }, every: '1h', ...more } })
const detail = (call: World['call'], check = 'backup') => call<CheckDetail>('checks.read', { params: { check } })

test('curl over every shape of Healthchecks.io', () =>
  withDoor(async ({ call, curl, base }) => {
    const { id } = await beat(call)
    const { ping } = await detail(call)
    const uuid = ping?.url.split('/').at(-1) as string
    const key = pingKey(secret, null)
    const state = async () => { const { state: now, because } = await detail(call, id); return `${now}: ${because}` }
    for (const [args, answer, expected] of [
      [[`/ping/${uuid}`], 'OK200', 'up: it ran'],
      [[`/ping/${uuid}/fail`], 'OK200', 'down: it said that it failed'],
      [['-d', 'all 12 tables', `/ping/${uuid}`], 'OK200', 'up: all 12 tables'],
      [[`/ping/${uuid}/7`], 'OK200', 'down: it ended with 7'],
      [[`/ping/${uuid}/0`], 'OK200', 'up: it ran'],
      [['-d', 'disk is full', `/ping/${uuid}/1`], 'OK200', 'down: it ended with 1: disk is full'],
      [[`/ping/${key}/backup/fail`], 'OK200', 'down: it said that it failed'],
      [['-X', 'POST', `/ping/${key}/backup`], 'OK200', 'up: it ran'],
      [['-d', 'just so', `/ping/${uuid}/log`], 'OK200', 'up: it ran'],
    ] as [string[], string, string][]) {
      assert.equal(await curl(...args), answer, args.join(' '))
      assert.equal(await state(), expected, args.join(' '))
    }
    assert.match(await curl('--head', `/ping/${uuid}`), /^HTTP\/1.1 200 OK[^]*200$/)
    assert.equal(await curl(`/ping/${uuid}/start?rid=00000000-0000-4000-8000-000000000001`), 'OK200')
    assert.equal(await curl(`/ping/${uuid}?rid=00000000-0000-4000-8000-000000000001`), 'OK200')
    assert.match(await state(), /^up: it ran for /)
    for (const path of [`/ping/${uuid}/300`, `/ping/${uuid}/stop`, `/ping/${uuid}/start/more`, `/ping/00000000-0000-4000-8000-000000000000`, `/ping/${key}/nothing`, `/ping/wrong-key/backup`, `/ping/${uuid}?rid=x`, '/ping/']) assert.equal(await curl(path), 'not found404', path)
    assert.equal((await curl('-X', 'DELETE', `/ping/${uuid}`)).slice(-3), '405')
    assert.equal((await run('sh', ['-c', 'head -c 300000 /dev/zero | tr "\\0" x | curl -s -w "%{http_code}" --data-binary @- "$0"', `${base}/ping/${uuid}`])).stdout, 'OK200', 'a body that is too long is cut, not refused')
  }))

test('a body that never ends is not waited for: not at all when nobody knows the check, and for a moment when it is known', () =>
  withDoor(async ({ call, base }) => {
    await beat(call)
    const uuid = (await detail(call)).ping?.url.split('/').at(-1) as string
    const stalled = (path: string) => new Promise<number | string>((resolve) => {
      const call = request(base + path, { method: 'POST', headers: { 'content-length': 1000 } }, (response) => { resolve(response.statusCode ?? 0); call.destroy() })
      call.on('error', () => resolve('broken off'))
      call.write('so far')
    })
    assert.equal(await stalled('/ping/00000000-0000-4000-8000-000000000000'), 404)
    assert.equal(await stalled(`/ping/${uuid}`), 'broken off')
    assert.equal((await detail(call)).state, 'pending')
  }))

test('create=1 makes a check of a slug that is not known; two of one slug are ambiguous', () =>
  withDoor(async ({ call, curl }) => {
    const shop = pingKey(secret, 'shop')
    assert.equal(await curl(`/ping/${shop}/nightly?create=1`), 'Created201')
    assert.equal(await curl(`/ping/${shop}/nightly?create=1`), 'OK200')
    const made = await call<CheckDetail>('checks.read', { params: { check: 'nightly' } }, tenant)
    assert.deepEqual([made.app, made.state, made.config['slug']], ['shop', 'up', 'nightly'])
    await beat(call, { name: 'a' })
    await beat(call, { name: 'b' })
    assert.equal(await curl(`/ping/${pingKey(secret, null)}/backup`), 'ambiguous slug409')
    assert.deepEqual([appOfKey(secret, shop), appOfKey(secret, pingKey(secret, null)), appOfKey(secret, shop.replace('shop', 'blog')), appOfKey('other', shop)], ['shop', null, undefined, undefined])
  }))

test('curl over the shape of Uptime Kuma', () =>
  withDoor(async ({ call, curl }) => {
    await beat(call)
    const token = (await detail(call)).ping?.pushUrl.split('/').at(-1) as string
    assert.equal(await curl(`/api/push/${token}?status=up&msg=OK&ping=12.5`), '{"ok":true}200')
    assert.deepEqual([(await detail(call)).state, (await detail(call)).vantages[0]?.durationMs], ['up', 12.5])
    assert.equal(await curl('-X', 'POST', `/api/push/${token}?status=down&msg=no+route`), '{"ok":true}200')
    assert.deepEqual([(await detail(call)).state, (await detail(call)).because], ['down', 'no route'])
    assert.equal(await curl(`/api/push/${token}?status=Up`), '{"ok":true}200')
    assert.equal((await detail(call)).state, 'down', 'anything but exactly up is down')
    assert.equal(await curl('/api/push/nobody'), '{"ok":false,"msg":"not found"}404')
  }))

test('a job that does not say that it ran is down once its grace is over', () =>
  withDoor(async ({ call, curl }) => {
    await beat(call, { every: '1s' }, { grace: '1s' })
    const url = (await detail(call)).ping?.url.replace('http://control', '') as string
    await curl(url)
    assert.equal((await detail(call)).state, 'up')
    await until(async () => (await detail(call)).state === 'down', { because: 'the job is late' })
    assert.match((await detail(call)).because, /^no ping for/)
  }))

test('who may only read is not told the URL, for it is the right to tell', () =>
  withDoor(async ({ call }) => {
    await beat(call)
    assert.equal((await call<CheckDetail>('checks.read', { params: { check: 'backup' } }, { ...tenant, access: 'read', apps: null })).ping, null)
  }))

test('a path is told too often', () =>
  withDoor(async ({ call, curl }) => {
    await beat(call)
    const url = (await detail(call)).ping?.url.replace('http://control', '') as string
    const codes: string[] = (await curl('--parallel', ...Array.from({ length: 80 }, () => url))).match(/(OK200|rate limited429)/g) ?? []
    assert.ok(codes.filter((code) => code === 'OK200').length <= 60)
    assert.ok(codes.includes('rate limited429'))
  }))

test('paths are read strictly', () => {
  assert.deepEqual(parsePath('/ping/key/slug/start'), { to: { key: 'key', slug: 'slug' }, action: 'start' })
  assert.deepEqual(parsePath('/ping/key/slug/255'), { to: { key: 'key', slug: 'slug' }, action: 'fail', exitCode: 255 })
  for (const path of ['/ping/key', '/ping/key/slug/256', '/ping/key/slug/start/1', '/ping/key/slug/-1']) assert.equal(parsePath(path), undefined, path)
})
