/** Forwards against Debian's Prometheus, and against receivers that do not take what they get. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openSecretBox } from '#base/secretbox.ts'
import { openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { startPrometheus, whyNoPrometheus } from '#test/harness/prometheus.ts'
import { until } from '#test/harness/wait.ts'
import { sealTurn } from '#watch/metrics/loop.ts'
import type { Sample } from '#watch/metrics/model.ts'
import { createMetricWriter } from '#watch/metrics/service.ts'
import { startForwards } from './loop.ts'
import { verdictOf } from './sender.ts'
import { openForwardService } from './service.ts'
import { readWriteRequest } from './wire.ts'

const admin: Caller = { actor: { kind: 'token', name: 'ada' }, access: 'admin', apps: null }
const never = new AbortController().signal
const minute = 60_000
const shop = { app: 'shop', environment: 'production', service: 'web' }

async function world(t: TestContext, clock = { now: () => new Date() }) {
  const database = await testDatabase()
  const db = openDatabase(database.url)
  const box = openSecretBox(Buffer.alloc(32, 7).toString('base64'))
  const log = createLogger({ process: 'test', level: 'silent' })
  const writer = createMetricWriter({ db, log, clock })
  const open = () => startForwards({ db, box, log, clock, periodMs: 20, passMs: 20, requestSamples: 100 })
  let loop = open()
  t.after(async () => {
    await loop.close()
    await writer.close()
    await db.close()
    await database[Symbol.asyncDispose]()
  })
  const forwards = openForwardService({ db, box, changed: () => loop.wake() })
  return {
    db,
    forwards,
    /** From ten minutes ago on. */
    add: (url: string, more: { headers?: Record<string, string>; labels?: Record<string, string> } = {}) => forwards.add(admin, { url, labels: {}, ...more }, new Date(clock.now().getTime() - 10 * minute)),
    write: (samples: readonly Sample[]) => writer.store(db, samples),
    async restart(work: () => Promise<void> = async () => {}) {
      await loop.close()
      await work()
      loop = open()
    },
    events: async () => (await db.query<{ kind: string; summary: string }>("SELECT kind, summary FROM events WHERE kind LIKE 'forward.%' ORDER BY id")).map(({ kind, summary }) => `${kind}: ${summary}`),
  }
}

const sample = (name: string, kind: Sample['kind'], atMs: number, value: number, labels: Record<string, string> = shop): Sample => ({ name, kind, atMs, value, labels })

type Got = { headers: Record<string, unknown>; series: ReturnType<typeof readWriteRequest> }

/** Takes what it gets, or answers as `status` says. */
async function receiver(t: TestContext) {
  const got: Got[] = []
  const refused: Got[] = []
  const state = { status: (_samples: number): number => 204 }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const one = { headers: request.headers, series: readWriteRequest(Buffer.concat(parts)) }
      const status = state.status(one.series.reduce((sum, { samples }) => sum + samples.length, 0))
      ;(status < 300 ? got : refused).push(one)
      response.writeHead(status, { 'retry-after': '0' }).end(status < 300 ? '' : 'not today\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => (server.closeAllConnections(), server.close()))
  const values = (name: string) => got.flatMap(({ series }) => series).filter(({ labels }) => labels['__name__'] === name).flatMap(({ samples }) => samples.map(({ value }) => value))
  return { got, refused, state, values, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('Prometheus has what was written here, gauges as they are and additions as totals, also what came while control was away', { skip: whyNoPrometheus ?? false }, async (t) => {
  const { add, forwards, write, restart } = await world(t)
  await using prometheus = await startPrometheus()
  const { id, url } = await add(`${prometheus.url}/`, { labels: { cluster: 'eu' } })
  assert.match(url, /\/api\/v1\/write$/)
  assert.equal((await forwards.test(admin, id, new Date(), never)).ok, true)
  const start = Date.now() - 4 * minute
  const at = (nth: number) => start + nth * 10_000
  const series = (from: number, to: number) => Array.from({ length: to - from }, (_, nth) => [sample('queue_length', 'gauge', at(from + nth), from + nth), sample('jobs_total', 'counter', at(from + nth), 1000 + 2 * (from + nth)), sample('nightshift_http_requests_total', 'delta', at(from + nth), 3, { ...shop, from: '', class: '2xx' })]).flat()
  await write(series(0, 12))
  const one = async (expression: string) => (await prometheus.query(expression))[0]
  const isUpTo = (nth: number) => until(async () => (await forwards.list(admin)).find(({ position }) => position === new Date(at(nth)).toISOString()), { because: `all up to ${nth} is known to have arrived` })
  await isUpTo(11)
  assert.equal((await one('queue_length'))?.value, 11)
  await restart(() => write(series(12, 20)))
  const listed = await isUpTo(19)
  const queue = await one('queue_length')
  assert.deepEqual([queue?.value, queue?.metric], [19, { __name__: 'queue_length', cluster: 'eu', ...shop }])
  assert.equal((await one('count_over_time(queue_length[10m])'))?.value, 20, 'each sample once')
  assert.equal((await one('jobs_total'))?.value, 1038)
  // a total that begins again with the process is a counter that was reset
  assert.equal((await one('resets(nightshift_http_requests_total[10m])'))?.value, 1)
  assert.deepEqual((await one('nightshift_http_requests_total'))?.metric, { __name__: 'nightshift_http_requests_total', cluster: 'eu', class: '2xx', ...shop })
  assert.deepEqual([listed.state, listed.dropped, listed.sent >= 60], ['sending', 0, true])
})

test('what a receiver does not take waits, and arrives in order, whether it was sealed meanwhile or came late', async (t) => {
  const { db, add, forwards, write, restart } = await world(t)
  const { refused, state, values, url, got } = await receiver(t)
  state.status = () => (refused.length % 2 === 0 ? 503 : 429)
  const { id } = await add(`${url.replace('//', '//me:geheim@')}/geheim`, { headers: { 'x-team': 'night' } })
  const start = Date.now() - 8 * minute
  await write(Array.from({ length: 250 }, (_, nth) => sample('a', 'gauge', start + nth * 1000, nth)))
  const failing = await until(async () => (await forwards.list(admin)).find((one) => one.state === 'failing' && refused.length > 1), { because: 'it says that it fails' })
  assert.match(failing.lastError ?? '', /it answered (503|429): not today/)
  await restart(async () => {
    await sealTurn(db, new Date(Date.now() + 2 * 3_600_000))
    await sealTurn(db, new Date(Date.now() + 4 * 3_600_000))
    assert.equal((await db.one<{ count: number }>('SELECT count(*) FROM metric_hot')).count, 0)
    await write([sample('a', 'gauge', start + 250_000, 250)])
  })
  state.status = () => 204
  await until(() => values('a').length === 251, { because: 'all arrived' })
  assert.deepEqual(values('a'), Array.from({ length: 251 }, (_, nth) => nth))
  const { headers } = got[0] as Got
  assert.deepEqual([headers['content-encoding'], headers['content-type'], headers['x-prometheus-remote-write-version'], headers['x-team'], headers['authorization']], ['snappy', 'application/x-protobuf', '0.1.0', 'night', `Basic ${Buffer.from('me:geheim').toString('base64')}`])

  // of another series, with a time long before what was sent last
  await write([sample('late', 'gauge', start + 1000, 7)])
  await until(() => values('late').length === 1, { because: 'what came late is sent too' })
  await forwards.remove(admin, id, new Date())
  await until(async () => (await forwards.list(admin)).length === 0, { because: 'it is gone' })
  assert.ok(!JSON.stringify([failing, await db.query('SELECT shown, last_error FROM metric_forwards'), await db.query('SELECT summary, data FROM events')]).includes('geheim'))
})

test('what a receiver refuses for good is given up, counted and told; too much at once is sent in parts', async (t) => {
  const { add, forwards, write, events } = await world(t)
  const { refused, state, values, url } = await receiver(t)
  state.status = () => 400
  await add(url)
  const start = Date.now() - 5 * minute
  await write([sample('bad', 'gauge', start, 1), sample('bad', 'gauge', start + 1000, 2)])
  await until(async () => (await forwards.list(admin))[0]?.dropped === 2, { because: 'both are given up' })
  assert.equal(refused.length, 1, 'and were not tried again')
  assert.match((await events()).at(-1) ?? '', /forward\.dropped: metrics to http:\/\/127\.0\.0\.1:\d+\/api\/v1\/write: 2 samples were given up/)
  const seen: number[] = []
  state.status = (samples) => (seen.push(samples), samples > 10 ? 413 : 204)
  await write(Array.from({ length: 40 }, (_, nth) => sample('many', 'gauge', start + nth * 1000, nth, { ...shop, shard: String(nth % 2) })))
  await until(() => values('many').length === 40, { because: 'all arrived in smaller requests' })
  assert.ok(Math.max(...seen) > 10 && (await forwards.list(admin))[0]?.dropped === 2)
  const listed = await until(async () => (await forwards.list(admin)).find(({ sent }) => sent === 40), { because: 'it is counted' })
  assert.equal(listed.state, 'sending')
})

test('after hours without a receiver, and a restart on the way, each sample arrives once and in order', async (t) => {
  const { db, forwards, write, restart } = await world(t)
  const { refused, state, got, url } = await receiver(t)
  state.status = () => 503
  const start = Date.now() - 5 * 3_600_000
  await forwards.add(admin, { url, labels: {} }, new Date(start - minute))
  const names = ['a', 'b', 'c']
  await write(names.flatMap((name, which) => Array.from({ length: 5 * 60 - 1 }, (_, nth) => sample(name, name === 'c' ? 'delta' : 'gauge', start + nth * minute + which, 1))))
  await sealTurn(db, new Date(Date.now() + 2 * 3_600_000))
  await sealTurn(db, new Date(Date.now() + 4 * 3_600_000))
  await until(() => refused.length > 0, { because: 'it was tried' })
  const told = (name: string) => got.flatMap(({ series }) => series).filter(({ labels }) => labels['__name__'] === name).flatMap(({ samples }) => samples)
  state.status = () => (got.length >= 4 ? 503 : 204)
  const refusedBefore = refused.length
  await until(() => refused.length > refusedBefore, { because: 'some of it is taken, and known to be: the next is sent' })
  await restart()
  state.status = () => 204
  await until(() => names.every((name) => told(name).length >= 299), { because: 'all arrived' })
  for (const name of ['a', 'b']) assert.equal(new Set(told(name).map(({ atMs }) => atMs)).size, 299)
  for (const name of names) told(name).forEach(({ atMs }, at) => assert.ok(at === 0 || atMs >= (told(name)[at - 1]?.atMs ?? 0), `${name}: in order`))
})

test('samples older than a day are given up when a receiver that failed takes samples again', async (t) => {
  let ahead = 0
  const { add, forwards, write, restart, events } = await world(t, { now: () => new Date(Date.now() + ahead) })
  const { state, values, url } = await receiver(t)
  state.status = () => 500
  await add(url)
  await write([sample('a', 'gauge', Date.now() - minute, 1), sample('a', 'gauge', Date.now(), 2)])
  await until(async () => (await forwards.list(admin))[0]?.state === 'failing', { because: 'it is known to fail' })
  await restart(async () => {
    ahead = 25 * 3_600_000
    await write([sample('a', 'gauge', Date.now() + ahead, 3)])
  })
  state.status = () => 204
  await until(() => values('a').length === 1, { because: 'the young one arrived' })
  assert.deepEqual(values('a'), [3])
  await until(async () => (await forwards.list(admin))[0]?.dropped === 2, { because: 'the old ones are counted' })
  assert.match((await events()).join('\n'), /forward\.dropped: .* 2 samples were given up: refused by the receiver, or older than a day/)
})

test('forwards are for admins of all apps, five at most, to receivers of remote write', async (t) => {
  const { forwards, add } = await world(t)
  for (const caller of [{ ...admin, apps: ['shop'] }, { ...admin, access: 'deploy' as const }]) {
    await assert.rejects(forwards.list(caller), { code: 'forbidden' })
    await assert.rejects(forwards.add(caller, { url: 'https://example.com', labels: {} }, new Date()), { code: 'forbidden' })
    await assert.rejects(forwards.remove(caller, 'fwd_x', new Date()), { code: 'forbidden' })
  }
  await assert.rejects(forwards.remove(admin, 'fwd_x', new Date()), { code: 'not-found' })
  for (const bad of ['ftp://x', 'example.com', 'https://a/#b', 'loki+https://a']) await assert.rejects(add(bad), { code: 'invalid' }, bad)
  const { url } = await receiver(t)
  for (let nth = 0; nth < 5; nth++) await add(url)
  await assert.rejects(add(url), { code: 'limited' })
})

test('which answers are tried again is what the specification says', () => {
  const verdicts = (...statuses: number[]) => new Set(statuses.map(verdictOf))
  assert.deepEqual([...verdicts(500, 502, 503, 429, 408, 302)], ['again'])
  assert.deepEqual([...verdicts(400, 401, 403, 404, 422)], ['never'])
  assert.deepEqual([...verdicts(413)], ['smaller'])
})
