import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'
const ask = (method: string, body: string, announced = body.length) => `${method} / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: ${announced}\r\n\r\n${body}`

/** An app that takes every request and closes instead of answering; `requests` counts the heads it got. */
async function startKiller(method: string) {
  const app = await startRawApp((socket: Socket) => socket.on('data', () => socket.destroy()))
  return { ...app, requests: () => app.received().split(`${method} / HTTP/1.1`).length - 1, [Symbol.asyncDispose]: app.close }
}

test('the only instance dies with three hundred requests in flight, and none is lost', async () => {
  const app = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [app.port] } })
  const clients = Array.from({ length: 300 }, () => new RawClient(rig.port))
  for (const client of clients) client.send(get)
  await until(() => app.received().split('GET /').length === 301, 'all of them at the app')
  await app.close()
  const again = createServer((_request, response) => response.end('back'))
  again.listen(app.port, '127.0.0.1')
  const answers = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
  await until(() => rig.agent.heard.some((message) => message.t === 'suspect'), 'the hint to the agent')
  for (const client of clients) client.close()
  again.closeAllConnections()
  again.close()
})

test('what may not be sent twice is sent once, whoever dies under it', async () => {
  for (const method of ['POST', 'PATCH', 'PROPFIND']) {
    await using app = await startKiller(method)
    await using rig = await startRig({ services: { web: [app.port, app.port] } })
    const client = new RawClient(rig.port)
    for (let n = 1; n <= 5; n++) {
      client.send(ask(method, 'x'))
      const answer = await client.response()
      assert.equal(answer.status, 502)
      assert.equal(answer.header('nightshift-error'), 'lost')
      assert.equal(app.requests(), n)
    }
    client.close()
  }
})

test('a request is sent three times at most', async () => {
  await using app = await startKiller('GET')
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  assert.equal((await client.response()).status, 502)
  assert.equal(app.requests(), 3)
  client.close()
})

test('another instance takes what the first lost, with its body', async () => {
  const bodies: string[] = []
  await using bad = await startKiller('PUT')
  await using good = await startApp((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      bodies.push(body)
      response.end('ok')
    })
  })
  await using rig = await startRig({ services: { web: [bad.port, good.port] } })
  for (let n = 0; n < 20; n++) {
    const client = new RawClient(rig.port)
    client.send(ask('PUT', `body ${n}`))
    assert.equal((await client.response()).status, 200)
    client.close()
  }
  assert.deepEqual(bodies, Array.from({ length: 20 }, (_, n) => `body ${n}`))
  assert.ok(bad.requests() > 0)
})

test('without its whole body at hand a request is not sent again', async () => {
  await using app = await startKiller('PUT')
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { replayBytes: 1_000 } })
  for (const request of [ask('PUT', 'half', 10), ask('PUT', 'x'.repeat(1_001))]) {
    const before = app.requests()
    const client = new RawClient(rig.port)
    client.send(request)
    assert.equal((await client.response()).header('nightshift-error'), 'lost')
    assert.equal(app.requests(), before + 1)
    client.close()
  }
})

test('a service whose budget is spent gets no more retries', async () => {
  await using app = await startKiller('GET')
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { retryFloor: 3, retryShare: 0 } })
  const clients = Array.from({ length: 5 }, () => new RawClient(rig.port))
  for (const client of clients) client.send(get)
  for (const client of clients) assert.equal((await client.response()).status, 502)
  assert.equal(app.requests(), 5 + 3)
  for (const client of clients) client.close()
})
