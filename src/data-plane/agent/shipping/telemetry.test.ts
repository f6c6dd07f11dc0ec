import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { AppError } from '#base/errors.ts'
import { createLogger } from '#kernel/log.ts'
import { until } from '#test/harness/wait.ts'
import { Incoming, incomingBounds } from './telemetry-incoming.ts'
import { laneOfKey } from './telemetry-lanes.ts'
import { openSpool } from './telemetry-spool.ts'
import { openTelemetryListener } from './telemetry.ts'

async function withFolder(work: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'telemetry-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const log = createLogger({ process: 'test', level: 'silent' })
const post = (port: number, path: string, body: string, authorization = 'Bearer nsi_a.b') => fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization } })

test('what instances send reaches control as it was, also over a time in which it is away and a restart of the agent', () =>
  withFolder(async (folder) => {
    const came: string[] = []
    let away = true
    const control = {
      forward: async (path: string, body: Buffer, headers: object) => {
        if (away) throw new AppError('unavailable', 'away')
        came.push(`${path} ${String(body)} ${JSON.stringify(headers)}`)
      },
    }
    const first = await openTelemetryListener({ host: '127.0.0.1', folder, control, log })
    for (const name of ['one', 'two']) assert.equal((await post(first.port, '/v1/logs', name)).status, 200)
    await first.close()
    assert.equal((await readdir(join(folder, 'spool'))).length, 2)
    away = false
    const second = await openTelemetryListener({ host: '127.0.0.1', folder, control, log })
    assert.equal(second.port, first.port, 'instances know that port')
    await post(second.port, '/v1/metrics', 'three')
    await until(() => came.length === 3, { because: 'all three came' })
    const headers = '{"content-type":"application/json","authorization":"Bearer nsi_a.b"}'
    assert.deepEqual(came, [`/otlp/v1/logs one ${headers}`, `/otlp/v1/logs two ${headers}`, `/otlp/v1/metrics three ${headers}`])
    await second.close()
    assert.deepEqual(await readdir(join(folder, 'spool')), [])
  }))

test('what control refuses for good holds nothing up; what is no telemetry is refused at once', () =>
  withFolder(async (folder) => {
    const came: string[] = []
    const control = {
      forward: async (_: string, body: Buffer) => {
        came.push(String(body))
        if (String(body) === 'bad') throw new AppError('invalid', 'not OTLP')
      },
    }
    const listener = await openTelemetryListener({ host: '127.0.0.1', folder, control, log })
    await post(listener.port, '/v1/logs', 'bad')
    await post(listener.port, '/v1/logs', 'good')
    await until(() => came.includes('good'), { because: 'the good one came' })
    assert.deepEqual(came, ['bad', 'good'])
    assert.equal((await post(listener.port, '/v1/other', 'x')).status, 404)
    assert.equal((await post(listener.port, '/v1/logs', 'x', 'Bearer other')).status, 401)
    assert.equal((await post(listener.port, '/v1/logs', 'x'.repeat(5 * 1024 * 1024))).status, 413)
    await listener.close()
  }))

test('the spool keeps to its bounds: the oldest is dropped and counted, memory goes to disk', () =>
  withFolder(async (folder) => {
    const spool = await openSpool(folder, undefined, { memoryBytes: 15, bytes: 45, items: 100, ageMs: 1_000 })
    const item = (name: string, atMs: number) => ({ path: '/otlp/v1/logs', atMs, headers: {}, body: Buffer.from(name.padEnd(10, '.')) })
    for (const [nth, name] of ['a', 'b', 'c', 'd', 'e'].entries()) await spool.add(item(name, nth * 100))
    assert.deepEqual(spool.size(), { items: 4, bytes: 40, memory: 10 })
    assert.equal(spool.takeDropped(), 1)
    const next = await spool.first(1_150)
    assert.equal(String(next?.item.body), 'c.........', 'b is too old by now')
    assert.equal(spool.takeDropped(), 1)
    await next?.done()
    assert.equal(String((await spool.first(1_150))?.item.body), 'd.........')
    assert.equal((await readdir(folder)).length, 1)
    await spool.close()
    assert.equal((await readdir(folder)).length, 2)
  }))

const keyOf = (app: string) => `nsi_${Buffer.from(`${app}/production/web/web.1`).toString('base64url')}.mac-of-${app}`
const spec = (app: string) => ({ app, environment: 'production', env: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${keyOf(app)}` } })

test('a key is of the app that this machine gave it to, and a forged one of nobody', () => {
  const specs = [spec('shop'), spec('other')]
  assert.equal(laneOfKey(keyOf('shop'), specs), 'shop/production')
  assert.equal(laneOfKey(keyOf('gone'), specs), null)
  for (const forged of [keyOf('shop').replace('mac-of', 'mac'), 'nsi_.', '', keyOf('shop').slice(0, -1)]) assert.equal(laneOfKey(forged, specs), null, forged)
})

test('an app whose telemetry control cannot take holds up nobody else, and what control fails on is given up', () =>
  withFolder(async (folder) => {
    const came: string[] = []
    const control = {
      forward: async (_: string, body: Buffer) => {
        came.push(String(body))
        if (String(body) === 'poison') throw new AppError('internal', 'POST /otlp/v1/logs answered 500')
        if (String(body) === 'limited') throw new AppError('unavailable', 'POST /otlp/v1/logs answered 429')
      },
    }
    const specs = [spec('evil'), spec('late'), spec('good')]
    const listener = await openTelemetryListener({ host: '127.0.0.1', folder, control, log, laneOfKey: (key) => laneOfKey(key, specs) })
    const send = (app: string, body: string) => post(listener.port, '/v1/logs', body, `Bearer ${keyOf(app)}`)
    await send('evil', 'poison')
    await send('evil', 'of evil')
    await send('late', 'limited')
    await send('good', 'of good')
    await until(() => came.includes('of good'), { because: 'the good one came' })
    assert.equal(came.includes('of evil'), false, 'its own lane waits, in order')
    await until(() => came.includes('of evil'), { because: 'what control fails on is skipped' })
    assert.equal(came.filter((body) => body === 'poison').length, 5)
    await listener.close()
    assert.equal((await readdir(join(folder, 'spool'))).length, 1, 'what may be sent again is kept')
  }))

test('whoever sends what control refuses is told of once, however much it is', () =>
  withFolder(async (folder) => {
    const told: object[] = []
    let came = 0
    const control = { forward: async () => { came++; throw new AppError('invalid', 'not OTLP') } }
    const telling = { ...log, warn: (data: object) => void told.push(data) } as unknown as typeof log
    const listener = await openTelemetryListener({ host: '127.0.0.1', folder, control, log: telling })
    for (let nth = 0; nth < 20; nth++) await post(listener.port, '/v1/logs', 'bad')
    await until(() => came === 20, { because: 'all were refused' })
    assert.equal(told.length, 1)
    await listener.close()
  }))

test('what control does not take is on disk before an agent that is killed could lose it', () =>
  withFolder(async (folder) => {
    const control = { forward: async () => { throw new AppError('unavailable', 'control is away') } }
    const listener = await openTelemetryListener({ host: '127.0.0.1', folder, control, log })
    const files = async () => (await readdir(join(folder, 'spool'))).length
    await post(listener.port, '/v1/logs', 'first')
    await until(async () => (await files()) === 1, { because: 'it could not be sent' })
    await post(listener.port, '/v1/logs', 'second')
    assert.equal(await files(), 2, 'it was there when its sender got the answer')
    await listener.close()
    const came: string[] = []
    const again = await openTelemetryListener({ host: '127.0.0.1', folder, control: { forward: async (_: string, body: Buffer) => void came.push(String(body)) }, log })
    await until(() => came.length === 2, { because: 'both are sent' })
    assert.deepEqual(came, ['first', 'second'])
    await again.close()
  }))

test('a disk without room keeps what there is memory for', () =>
  withFolder(async (folder) => {
    const spool = await openSpool(join(folder, 'gone'), undefined, { memoryBytes: 15, bytes: 100, items: 100, ageMs: 1_000 })
    await rm(join(folder, 'gone'), { recursive: true })
    const item = { path: '/otlp/v1/logs', atMs: 0, headers: {}, body: Buffer.alloc(10) }
    await spool.add(item, true)
    await spool.keep('')
    assert.deepEqual(spool.size(), { items: 1, bytes: 10, memory: 10 })
    await assert.rejects(spool.add(item, true), /ENOENT/, 'there is no memory for more: its sender is told')
  }))

test('who fills the spool pushes out its own oldest bodies', () =>
  withFolder(async (folder) => {
    const spool = await openSpool(folder, (item) => item.path, { memoryBytes: 1_000, bytes: 100, items: 100, ageMs: 1_000 })
    const item = (lane: string, text: string) => ({ path: lane, atMs: 0, headers: {}, body: Buffer.from(text.padEnd(10, '.')) })
    await spool.add(item('good', 'g1'))
    for (let nth = 0; nth < 30; nth++) await spool.add(item('evil', `e${nth}`))
    await spool.add(item('good', 'g2'))
    assert.deepEqual([spool.size(), spool.takeDropped()], [{ items: 10, bytes: 100, memory: 100 }, 22])
    const order: string[] = []
    for (let next = await spool.first(0); next !== null; next = await spool.first(0)) {
      order.push(String(next.item.body).replaceAll('.', ''))
      await next.done()
    }
    assert.deepEqual(order.slice(0, 4), ['g1', 'e22', 'g2', 'e23'], 'in turn')
  }))

test('what is sent while it is written to disk leaves nothing behind, and is counted once', () =>
  withFolder(async (folder) => {
    const spool = await openSpool(folder, undefined, { memoryBytes: 5, bytes: 1_000, items: 100, ageMs: 1_000 })
    const added = spool.add({ path: '/otlp/v1/logs', atMs: 0, headers: {}, body: Buffer.alloc(10) })
    const next = await spool.first(0)
    await next?.done()
    await added
    assert.deepEqual([spool.size(), await readdir(folder)], [{ items: 0, bytes: 0, memory: 0 }, []])
  }))

test('one app that sends much at once is told to wait, and another is heard meanwhile', async () => {
  const incoming = new Incoming()
  const request = (size: number) => Readable.from([Buffer.alloc(size)], { objectMode: false }) as unknown as IncomingMessage
  const endless = () => new Readable({ read() {} })
  const held = Array.from({ length: incomingBounds.laneRequests }, () => endless())
  const waiting = held.map((stream) => incoming.read(stream as unknown as IncomingMessage, 'evil', 100))
  assert.equal(await incoming.read(request(10), 'evil', 100), 'busy')
  assert.deepEqual(await incoming.read(request(10), 'good', 100), Buffer.alloc(10))
  assert.equal(await incoming.read(request(101), 'good', 100), 'too large')
  for (const stream of held) stream.push(null)
  await Promise.all(waiting)
  assert.deepEqual(await incoming.read(request(10), 'evil', 100), Buffer.alloc(10))
  const large = endless()
  large.push(Buffer.alloc(incomingBounds.laneBytes))
  const reading = incoming.read(large as unknown as IncomingMessage, 'evil', Infinity)
  await until(async () => (await incoming.read(request(10), 'evil', 100)) === 'busy', { because: 'its bytes are counted' })
  assert.deepEqual(await incoming.read(request(10), 'good', 100), Buffer.alloc(10))
  large.push(null)
  assert.equal((await reading).length, incomingBounds.laneBytes)
})
