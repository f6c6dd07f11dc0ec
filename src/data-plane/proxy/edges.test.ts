import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import type { Edge } from '#contract/wire.ts'
import { until as eventually } from '#test/harness/wait.ts'
import { bodyOf, freePort, instanceOf, keyOf, RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'

const edge = (port: number, to: string, protocol: 'http' | 'tcp', id = `e_${to}`): Edge => ({
  id,
  app: 'shop',
  environment: 'production',
  from: 'web',
  to: keyOf(to),
  protocol,
  listen: [{ host: '127.0.0.1', port }],
})

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.on('connect', () => resolve(socket.destroy() && false))
    socket.on('error', () => resolve(true))
  })
}

test('an HTTP edge passes requests to its service whatever their host, and believes its caller', async () => {
  await using api = await startApp((request, response) => response.end(JSON.stringify(request.headers)))
  const port = await freePort()
  await using rig = await startRig({ services: { api: [api.port] }, edges: [edge(port, 'api', 'http')] }, { trafficPeriodMs: 50 })
  const client = new RawClient(port)
  client.send('GET / HTTP/1.1\r\nHost: api:1234\r\nX-Forwarded-For: 1.2.3.4\r\nX-Request-ID: from-web\r\n\r\n')
  const { body } = await client.response()
  assert.match(body, /"host":"api:1234"/)
  assert.match(body, /"x-forwarded-for":"1\.2\.3\.4"/)
  assert.match(body, /"x-request-id":"from-web"/)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n')
  assert.equal((await client.response()).status, 400, 'edges are as strict')
  client.close()
  await until(() => rig.control.traffic.length > 0, 'the counts')
  const [count] = rig.control.traffic[0]?.counts ?? []
  assert.deepEqual({ key: count?.key, from: count?.from, service: count?.service, ok: count?.status['2xx'] }, { key: 'edge:e_api', from: 'web', service: 'api', ok: 1 })
})

test('a TCP edge passes bytes both ways, with half-close', async () => {
  await using db = await startRawApp((socket) => {
    let text = ''
    socket.write('welcome\n')
    socket.on('data', (chunk: Buffer) => {
      text += chunk
    })
    socket.on('end', () => socket.end(`you said ${text.length}`))
  })
  const port = await freePort()
  await using rig = await startRig({ services: { db: [db.port] }, protocols: { db: 'tcp' }, edges: [edge(port, 'db', 'tcp')] }, { trafficPeriodMs: 50 })
  const client = new RawClient(port)
  await until(() => client.received === 'welcome\n', 'the greeting')
  client.socket.end('x'.repeat(1_000_000))
  await client.end()
  assert.equal(client.received, 'welcome\nyou said 1000000')
  await until(() => rig.control.traffic.flatMap((batch) => batch.counts).reduce((sum, count) => sum + count.bytesIn, 0) === 1_000_000, 'the bytes')
  assert.equal(rig.control.traffic.flatMap((batch) => batch.counts).reduce((sum, count) => sum + count.connections, 0), 1)
})

test('a TCP connection that stays open is counted while it lives', async () => {
  await using db = await startRawApp((socket) => socket.on('data', () => socket.write('0123456789')))
  const port = await freePort()
  await using rig = await startRig({ services: { db: [db.port] }, edges: [edge(port, 'db', 'tcp')] }, { trafficPeriodMs: 50 })
  const client = new RawClient(port)
  client.send('ping')
  await until(() => rig.control.traffic.flatMap((batch) => batch.counts).some((count) => count.bytesOut === 10), 'the bytes')
  client.close()
})

test('a TCP connection waits for an instance, bounded, and tries another that accepts', async () => {
  await using db = await startRawApp((socket) => socket.write('hi'))
  const [port, dead] = await Promise.all([freePort(), freePort()])
  await using rig = await startRig({ services: { db: [dead, db.port] }, edges: [edge(port, 'db', 'tcp')] }, { limits: { sweepMs: 10, parkMs: 2_000, forgetMs: 1 } })
  for (let n = 0; n < 5; n++) {
    const client = new RawClient(port)
    await until(() => client.received === 'hi', 'the greeting')
    client.close()
  }
  rig.agent.say({ t: 'endpoints', endpoints: [] })
  await rig.agent.settled()
  const waiting = new RawClient(port)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(waiting.closed, false)
  rig.agent.say({ t: 'endpoint', endpoint: { instance: instanceOf('db', 1), service: keyOf('db'), release: 1, host: '127.0.0.1', port: db.port, state: 'ready' } })
  await until(() => waiting.received === 'hi', 'the greeting')
  rig.agent.say({ t: 'endpoints', endpoints: [] })
  await rig.agent.settled()
  assert.equal(waiting.closed, false, 'what is joined stays joined over a list that forgets it')
  const hopeless = new RawClient(port)
  await hopeless.end()
  waiting.close()
})

test('edges come, change and go while the proxy runs', async () => {
  await using a = await startApp((_request, response) => response.setHeader('content-length', 1).end('a'))
  await using b = await startApp((_request, response) => response.setHeader('content-length', 1).end('b'))
  const [one, two] = await Promise.all([freePort(), freePort()])
  const services = { a: [a.port], b: [b.port] }
  await using rig = await startRig({ services, edges: [edge(one, 'a', 'http')] })
  const ask = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
  const client = new RawClient(one)
  client.send(ask)
  assert.equal((await client.response()).body, 'a')
  await rig.table({ services, edges: [edge(one, 'b', 'http'), edge(two, 'a', 'http')] })
  client.send(ask)
  assert.equal((await client.response()).body, 'b', 'the same connection, the new target')
  const second = new RawClient(two)
  second.send(ask)
  assert.equal((await second.response()).body, 'a')
  await rig.table({ services, edges: [edge(two, 'a', 'http')] })
  await eventually(() => refuses(one), { because: 'its listener is closed' })
  client.send(ask)
  assert.equal((await client.response()).body, 'b', 'what is open stays open')
  client.close()
  second.close()
})

test('an address that is taken is said, and had as soon as it is free', async () => {
  await using api = await startApp((_request, response) => response.setHeader('content-length', 2).end('ok'))
  const squatter = createServer()
  squatter.listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  await using rig = await startRig({ services: { api: [api.port] }, edges: [edge(port, 'api', 'http')] })
  await until(() => rig.warnings.some((line) => line.includes('EADDRINUSE')), 'the warning')
  await new Promise((resolve) => squatter.close(resolve))
  let body: string | null = null
  for (let tries = 0; tries < 500 && body !== 'ok'; tries++) body = await bodyOf(port)
  assert.equal(body, 'ok')
})
