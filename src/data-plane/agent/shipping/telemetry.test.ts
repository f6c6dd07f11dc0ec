import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '#base/errors.ts'
import { createLogger } from '#kernel/log.ts'
import { until } from '#test/harness/wait.ts'
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
    const spool = await openSpool(folder, { memoryBytes: 15, bytes: 45, items: 100, ageMs: 1_000 })
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
