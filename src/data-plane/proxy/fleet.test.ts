import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { until as eventually } from '#test/harness/wait.ts'
import { Instance } from './instance.ts'
import { answering, bodyOf, endpointsOf, freePort, instanceOf, keyOf, RawClient, startApp, startRawApp, startRig, tableOf, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'
const endpoint = (port: number, state: 'ready' | 'unready' | 'draining' = 'ready', index = 0) => ({ instance: instanceOf('web', index), service: keyOf('web'), release: 1, host: '127.0.0.1', port, state })

test('a request waits for an instance that is not ready yet', async () => {
  await using app = await startApp((_request, response) => response.end('here'))
  await using rig = await startRig({ services: { web: [app.port] } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(app.port, 'unready') })
  await rig.agent.settled()
  const client = new RawClient(rig.port)
  client.send(get)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(client.received, '')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(app.port) })
  assert.equal((await client.response()).status, 200)
  client.close()
})

test('a waiting upload arrives whole once an instance is ready', async () => {
  let got = 0
  await using app = await startApp((request, response) => {
    request.on('data', (chunk: Buffer) => {
      got += chunk.length
    })
    request.on('end', () => response.end('thanks'))
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 1000000\r\n\r\n')
  client.send('x'.repeat(1_000_000))
  await new Promise((resolve) => setTimeout(resolve, 50))
  rig.agent.say({ t: 'endpoints', endpoints: [endpoint(app.port)] })
  assert.equal((await client.response()).status, 200)
  assert.equal(got, 1_000_000)
  client.close()
})

test('waiting is bounded in time and number', async () => {
  await using app = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { sweepMs: 10, parkMs: 300, parkedPerService: 3 } })
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  const clients = Array.from({ length: 4 }, () => new RawClient(rig.port))
  for (const client of clients) client.send(get)
  const responses = await Promise.all(clients.map((client) => client.response()))
  assert.deepEqual(responses.map((response) => response.header('nightshift-error')).sort(), ['no-instance', 'no-instance', 'no-instance', 'queue-full'])
  for (const response of responses) {
    assert.equal(response.status, 503)
    assert.ok(Number(response.header('retry-after')) > 0)
  }
  for (const client of clients) client.close()
})

test('a client that stops waiting leaves the queue', async () => {
  await using app = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { parkedPerService: 1 } })
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  const clients = [new RawClient(rig.port), new RawClient(rig.port)]
  for (const client of clients) client.send(get)
  const full = (client: RawClient) => client.received.includes('queue-full')
  await until(() => clients.some(full), 'a full queue')
  for (const client of clients) client.close()
  let waiting = new RawClient(rig.port)
  for (let tries = 0; tries < 100; tries++) {
    waiting.send(get)
    await new Promise((resolve) => setTimeout(resolve, 30))
    if (!full(waiting)) break
    waiting.close()
    waiting = new RawClient(rig.port)
  }
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(app.port) })
  assert.equal((await waiting.response()).status, 200)
  waiting.close()
})

test('an instance that refuses is passed over, for any method, and the agent hears of it', async () => {
  await using app = await startApp((request, response) => {
    request.resume()
    request.on('end', () => response.end('alive'))
  })
  const dead = await freePort()
  await using rig = await startRig({ services: { web: [dead, app.port] } })
  for (let n = 0; n < 20; n++) {
    const client = new RawClient(rig.port)
    client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 3\r\n\r\nabc')
    assert.equal((await client.response()).status, 200)
    client.close()
  }
  await until(() => rig.agent.heard.some((message) => message.t === 'suspect' && message.instance === instanceOf('web', 0)), 'the hint')
})

test('a single instance that comes back on its port is found again without being announced', async () => {
  const port = await freePort()
  await using rig = await startRig({ services: { web: [port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await new Promise((resolve) => setTimeout(resolve, 150))
  const server = createServer((_request, response) => response.end('back'))
  server.listen(port, '127.0.0.1')
  assert.equal((await client.response()).status, 200)
  client.close()
  server.closeAllConnections()
  server.close()
})

test('a kept connection that the app has closed costs an idempotent request nothing', async () => {
  let requests = 0
  await using app = await startRawApp((socket) => {
    let served = 0
    socket.on('data', () => {
      requests++
      // The second request on a connection meets a close instead of an answer, as when a keep-alive time-out races it.
      if (served++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.destroy()
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  for (let n = 0; n < 4; n++) {
    client.send(get)
    assert.equal((await client.response()).status, 200)
  }
  assert.ok(requests > 4)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 0\r\n\r\n')
  const post = await client.response()
  assert.equal(post.status, 502, 'a POST that was sent is not sent again')
  assert.equal(post.header('nightshift-error'), 'lost')
  client.close()
})

test('requests go where the fewest are under way', async () => {
  const held: (() => void)[] = []
  const counts = [0, 0, 0]
  const apps = await Promise.all(
    counts.map((_, index) =>
      startApp((_request, response) => {
        counts[index] = (counts[index] ?? 0) + 1
        held.push(() => response.end())
      }),
    ),
  )
  await using rig = await startRig({ services: { web: apps.map((app) => app.port) } })
  const clients = Array.from({ length: 30 }, () => new RawClient(rig.port))
  for (const client of clients) {
    client.send(get)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await until(() => held.length === 30, 'thirty requests')
  assert.deepEqual(counts, [10, 10, 10])
  for (const release of held) release()
  await Promise.all(clients.map((client) => client.response()))
  for (const client of clients) client.close()
  for (const app of apps) await app.close()
})

test('a drain lets what is under way end, sends nothing new, and is then answered', async () => {
  const held: (() => void)[] = []
  await using app = await startApp((_request, response) => void held.push(() => response.end('old')))
  await using fresh = await startApp((_request, response) => response.end('new'))
  await using rig = await startRig({ services: { web: [app.port, fresh.port] } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(fresh.port, 'unready', 1) })
  await rig.agent.settled()
  const slow = new RawClient(rig.port)
  slow.send(get)
  await until(() => held.length === 1, 'the slow request')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(fresh.port, 'ready', 1) })
  rig.agent.say({ t: 'drain', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  for (let n = 0; n < 5; n++) {
    const client = new RawClient(rig.port)
    client.send(get)
    assert.match((await client.response()).body, /new/)
    client.close()
  }
  assert.ok(!rig.agent.heard.some((message) => message.t === 'drained'))
  held[0]?.()
  assert.match((await slow.response()).body, /old/)
  await until(() => rig.agent.heard.some((message) => message.t === 'drained' && message.instance === instanceOf('web', 0)), 'the answer')
  rig.agent.say({ t: 'drain', instance: 'ins_unknown' })
  await until(() => rig.agent.heard.some((message) => message.t === 'drained' && message.instance === 'ins_unknown'), 'the answer for one that is not known')
  slow.close()
})

test('a drain closes idle connections, so that an app that waits for them can end', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await client.response()
  let closed = false
  app.connections[0]?.on('close', () => {
    closed = true
  })
  app.connections[0]?.on('end', () => app.connections[0]?.end())
  rig.agent.say({ t: 'drain', instance: instanceOf('web', 0) })
  await until(() => closed, 'the close at the app')
  client.close()
})

test('WebSockets pass both ways, are not waited for by a drain, and end when the instance is gone', async () => {
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
  await using app = await startApp(
    (_request, response) => response.end(),
    (server) => server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request))),
  )
  await using rig = await startRig({ services: { web: [app.port] } }, { trafficPeriodMs: 100 })
  const ws = new WebSocket(`ws://127.0.0.1:${rig.port}/socket`, { headers: { host: 'web.localhost' } })
  await once(ws, 'open')
  for (const text of ['one', 'x'.repeat(200_000)]) {
    ws.send(text)
    const [data] = await once(ws, 'message')
    assert.equal(String(data), `echo ${text}`)
  }
  rig.agent.say({ t: 'drain', instance: instanceOf('web', 0) })
  await until(() => rig.agent.heard.some((message) => message.t === 'drained'), 'the drain')
  ws.send('still here')
  assert.equal(String((await once(ws, 'message'))[0]), 'echo still here')
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await once(ws, 'close')
  await until(() => {
    const counts = rig.control.traffic.flatMap((batch) => batch.counts)
    return counts.some((count) => count.connections === 1 && count.status['1xx'] === 1) && counts.reduce((sum, count) => sum + count.bytesOut, 0) > 200_000
  }, 'the counts')
})

test('a client that speaks before the upgrade is answered loses nothing, and no 101 means no tunnel', async () => {
  await using app = await startRawApp((socket) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.startsWith('GET /no') && text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
      if (text.startsWith('GET /yes') && !text.includes('early')) setTimeout(() => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhello'), 30)
      if (text.endsWith('early')) socket.write('got early')
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: web.localhost\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n`
  const client = new RawClient(rig.port)
  client.send(`${ask('/yes')}early`)
  const answer = await client.response()
  assert.equal(answer.status, 101)
  assert.equal(answer.header('upgrade'), 'chat')
  await until(() => client.received === 'hellogot early', `the tunnel, has ${client.received}`)
  client.close()
  const refused = new RawClient(rig.port)
  refused.send(`${ask('/no')}GET /smuggled HTTP/1.1\r\n\r\n`)
  assert.equal((await refused.response()).status, 400)
  assert.equal((await refused.response()).status, 400, 'what came behind is a request of its own, and a bad one')
  assert.ok(!app.received().includes('/smuggled'))
  refused.close()
})

test('tables change under load and no request fails', async () => {
  const apps = await Promise.all(['a', 'b', 'c'].map((name) => startApp((_request, response) => setTimeout(() => response.end(name), 5))))
  const [a, b, c] = apps.map((app) => app.port) as [number, number, number]
  await using rig = await startRig({ services: { web: [a, b, c] } })
  let stop = false
  let requests = 0
  const failed: string[] = []
  const callers = Array.from({ length: 8 }, async () => {
    const client = new RawClient(rig.port)
    while (!stop) {
      client.send(get)
      const response = await client.response()
      requests++
      if (response.status !== 200) failed.push(response.head)
    }
    client.close()
  })
  let generation = 100
  const endpoints = endpointsOf({ services: { web: [a, b, c] } })
  for (let round = 0; round < 30; round++) {
    const table = tableOf(++generation, { services: { web: [a, b, c] }, routes: round % 2 === 0 ? [{ path: '/' }] : [{ path: '/' }, { path: '/x' }] })
    const service = table.services[keyOf('web')]
    if (service !== undefined) service.instances = service.instances.filter((_, index) => index !== round % 4)
    rig.control.push(table)
    const one = endpoints[round % 3]
    if (one !== undefined) {
      rig.agent.say({ t: 'drain', instance: one.instance })
      await until(() => rig.agent.heard.some((message) => message.t === 'drained'), 'the drain')
      rig.agent.heard.length = 0
      rig.agent.say({ t: 'endpoint', endpoint: { ...one, state: 'ready' } })
    }
  }
  await until(() => rig.proxy.generation() === generation, 'the last table')
  stop = true
  await Promise.all(callers)
  assert.ok(requests > 100)
  assert.deepEqual(failed, [])
  for (const app of apps) await app.close()
})

test('an older table is ignored', async () => {
  await using app = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [app.port] } })
  rig.control.push(tableOf(10, { services: { web: [app.port] } }))
  await until(() => rig.proxy.generation() === 10)
  rig.control.push(tableOf(9, { services: {} }))
  rig.control.push(tableOf(10, { services: {} }))
  rig.control.push(tableOf(11, { services: { web: [app.port] } }))
  await until(() => rig.proxy.generation() === 11)
  const client = new RawClient(rig.port)
  client.send(get)
  assert.equal((await client.response()).status, 200)
  client.close()
})

test('an agent that has just started and lists nothing yet takes nobody out of rotation for a while', async () => {
  await using app = await startApp((_request, response) => response.end('here'))
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { forgetMs: 1_500, parkMs: 100, sweepMs: 10 } })
  rig.agent.say({ t: 'endpoints', endpoints: [] })
  await rig.agent.settled()
  assert.match((await bodyOf(rig.port)) ?? '', /here/)
  await eventually(async () => (await bodyOf(rig.port))?.includes('not ready'), { because: 'it is forgotten' })
  rig.agent.say({ t: 'endpoints', endpoints: [endpoint(app.port)] })
  rig.agent.say({ t: 'endpoints', endpoints: [endpoint(app.port, 'ready', 7)] })
  await rig.agent.settled()
  assert.match((await bodyOf(rig.port)) ?? '', /not ready/, 'its address is another instance’s now')
})

test('a proxy that starts in the middle of a rollout tells the counts of the young release at once, with what was asked of instances that had just begun', async () => {
  await using app = await startApp((_request, response) => response.writeHead(500).end())
  await using other = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [other.port, app.port] }, releases: { web: [1, 2] } })
  const young = () => rig.control.traffic.filter((batch) => batch.young).flatMap((batch) => batch.counts.flatMap((count) => count.releases)).filter(({ release }) => release === 2)
  await eventually(async () => (await bodyOf(rig.port), young().length > 0), { because: 'the new release is asked, and it is told' })
  assert.ok(young().every(({ requests, errors, warming }) => errors === requests && (warming?.requests ?? 0) <= requests && warming?.errors === warming?.requests))
})

test('an instance warms up for two seconds from when it is ready at an address, not whenever it is ready again', () => {
  const instance = new Instance(endpoint(4000))
  assert.equal(instance.warms(0), false)
  instance.begins(1_000)
  assert.deepEqual([instance.warms(2_999), instance.warms(3_000), instance.hasBegun], [true, false, true])
})
