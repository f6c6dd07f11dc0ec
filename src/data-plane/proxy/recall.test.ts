import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { freePort, instanceOf, keyOf, RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'
const post = 'POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 1\r\n\r\nx'
const ok = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const endpoint = (port: number, state: 'ready' | 'unready' | 'draining', index = 0, service = 'web') => ({ instance: instanceOf(service, index), service: keyOf(service), release: 1, host: '127.0.0.1', port, state })

/** Takes requests and says nothing until told. */
async function startMute() {
  const app = await startRawApp(() => {})
  const open = () => app.connections.filter((socket) => !socket.destroyed && !socket.readableEnded)
  return { ...app, open, heads: () => app.received().split('HTTP/1.1\r\n').length - 1, [Symbol.asyncDispose]: app.close }
}

test('requests without an answer are taken away from an instance that is not ready, and others wait for theirs', async () => {
  await using mute = await startMute()
  await using good = await startApp((_request, response) => response.end('good'))
  await using rig = await startRig({ services: { web: [mute.port, good.port] } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'unready', 1) })
  await rig.agent.settled()
  const [read, written, answered] = [new RawClient(rig.port), new RawClient(rig.port), new RawClient(rig.port)]
  answered.send(get)
  await until(() => mute.heads() === 1, 'the first request')
  const streaming = mute.connections[0] as Socket
  streaming.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab')
  await until(() => answered.received.endsWith('ab'), 'the begin of its answer')
  written.send(post)
  await until(() => mute.heads() === 2, 'the POST')
  read.send(get)
  await until(() => mute.heads() === 3, 'the GET')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'ready', 1) })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(mute.port, 'unready') })
  assert.match((await read.response()).body, /good/)
  await until(() => mute.open().length === 2, 'the end of the connection of what was taken away')
  streaming.write('cde')
  assert.match((await answered.response()).body, /abcde/)
  ;(mute.connections[1] as Socket).write(ok('late'))
  assert.match((await written.response()).body, /late/)
  assert.equal(mute.heads(), 3)
  for (const client of [read, written, answered]) client.close()
})

test('an only instance that is gone, or has moved, gives its requests to the next one', async () => {
  for (const how of ['gone', 'moved'] as const) {
    await using mute = await startMute()
    await using next = await startApp((_request, response) => response.end('next'))
    await using rig = await startRig({ services: { web: [mute.port] } })
    const clients = Array.from({ length: 5 }, () => new RawClient(rig.port))
    for (const client of clients) client.send(get)
    await until(() => mute.heads() === 5, 'the requests')
    if (how === 'gone') {
      rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
      await until(() => mute.open().length === 0, 'the end of their connections')
    }
    rig.agent.say({ t: 'endpoint', endpoint: endpoint(next.port, 'ready') })
    for (const client of clients) assert.match((await client.response()).body, /next/)
    for (const client of clients) client.close()
  }
})

test('an only instance in doubt keeps its requests: it may answer yet', async () => {
  await using mute = await startMute()
  await using rig = await startRig({ services: { web: [mute.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => mute.heads() === 1, 'the request')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(mute.port, 'unready') })
  await rig.agent.settled()
  mute.connections[0]?.write(ok('slow'))
  assert.match((await client.response()).body, /slow/)
  assert.equal(mute.heads(), 1)
  client.close()
})

test('a drain takes nothing away', async () => {
  await using mute = await startMute()
  await using good = await startApp((_request, response) => response.end('good'))
  await using rig = await startRig({ services: { web: [mute.port, good.port] } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'unready', 1) })
  await rig.agent.settled()
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => mute.heads() === 1, 'the request')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'ready', 1) })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(mute.port, 'draining') })
  rig.agent.say({ t: 'drain', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  mute.connections[0]?.write(ok('mine'))
  assert.match((await client.response()).body, /mine/)
  client.close()
})

test('a request is recalled once', async () => {
  await using first = await startMute()
  await using second = await startMute()
  await using rig = await startRig({ services: { web: [first.port, second.port] } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(second.port, 'unready', 1) })
  await rig.agent.settled()
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => first.heads() === 1, 'the request')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(second.port, 'ready', 1) })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(first.port, 'unready') })
  await until(() => second.heads() === 1, 'the recalled request')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(first.port, 'ready') })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(second.port, 'unready', 1) })
  await rig.agent.settled()
  second.connections[0]?.write(ok('second'))
  assert.match((await client.response()).body, /second/)
  assert.equal(first.heads(), 1)
  client.close()
})

test('a TCP connection that an instance has not accepted goes to another when it is not ready', async () => {
  const listener = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] })
  const stuck = Number(String((await once(child.stdout, 'data'))[0]))
  child.kill('SIGSTOP')
  // What a stopped process cannot accept fills its backlog; who comes then is not answered at all.
  const fillers = Array.from({ length: 8 }, () => connect(stuck, '127.0.0.1').on('error', () => {}))
  await until(() => fillers.filter((socket) => !socket.connecting).length >= 2, 'a full backlog')
  await using good = await startRawApp((socket) => socket.write('hi'))
  const port = await freePort()
  const edges = [{ id: 'e', app: 'shop', environment: 'production', from: 'web', to: keyOf('db'), protocol: 'tcp' as const, listen: [{ host: '127.0.0.1', port }] }]
  await using rig = await startRig({ services: { db: [stuck, good.port] }, protocols: { db: 'tcp' }, edges }, { limits: { connectMs: 60_000 } })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'unready', 1, 'db') })
  await rig.agent.settled()
  const client = new RawClient(port)
  await once(client.socket, 'connect')
  await rig.agent.settled()
  assert.equal(client.received, '')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(good.port, 'ready', 1, 'db') })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(stuck, 'unready', 0, 'db') })
  await until(() => client.received === 'hi', 'the greeting of the other')
  client.close()
  for (const socket of fillers) socket.destroy()
  child.kill('SIGKILL')
})
