/** What a caller sees when an instance dies or hangs under its request: nothing, if the request may be sent again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answering, type Backend, instanceOf, keyOf, RawClient, type Rig, startRawApp, startRig, until } from './test-harness.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive'
const get = 'GET /it HTTP/1.1\r\nHost: web.localhost\r\n\r\n'
const post = 'POST /it HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 4\r\n\r\ndata'
const heads = (app: { received(): string }) => (app.received().match(/ \/it HTTP\/1\.1/g) ?? []).length
const endpoint = (port: number, state: 'ready' | 'unready', index = 0) => ({ instance: instanceOf('web', index), service: keyOf('web'), release: 1, host: '127.0.0.1', port, state })

/** Takes a request and says nothing. */
const hung = () => startRawApp(() => {})
/** Takes a request and dies. */
const dying = () => startRawApp((socket) => socket.once('data', () => socket.destroy()))
const living = () => startRawApp(answering(ok))

/** Sends until the sick one was asked too: who gets a request is chance. */
async function untilAsked(rig: Rig, sick: { received(): string }, request: string): Promise<RawClient[]> {
  const clients: RawClient[] = []
  await until(() => {
    const client = new RawClient(rig.port)
    client.send(request)
    clients.push(client)
    return heads(sick) > 0
  }, 'the sick instance is asked')
  return clients
}

async function close(clients: RawClient[], ...backends: Backend[]): Promise<void> {
  for (const client of clients) client.close()
  for (const backend of backends) await backend.close()
}

test('an instance that dies under a GET on a new connection costs nothing: another answers', async () => {
  const [sick, well] = [await dying(), await living()]
  await using rig = await startRig({ services: { web: [sick.port, well.port] } })
  const clients = await untilAsked(rig, sick, get)
  for (const client of clients) assert.equal((await client.response()).status, 200)
  await close(clients, sick, well)
})

test('the only instance dies under a GET: the request waits for the next one', async () => {
  const [sick, well] = [await dying(), await living()]
  await using rig = await startRig({ services: { web: [sick.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => heads(sick) > 0, 'it was asked')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(sick.port, 'unready') })
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(well.port, 'ready') })
  assert.equal((await client.response()).status, 200)
  await close([client], sick, well)
})

test('a request that kills whoever reads it is given up after three tries', async () => {
  const sick = await dying()
  await using rig = await startRig({ services: { web: [sick.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  const answer = await client.response()
  assert.equal(answer.status, 502)
  assert.equal(answer.header('nightshift-error'), 'lost')
  assert.equal(heads(sick), 3)
  await close([client], sick)
})

test('a POST that an instance has read is never sent again', async () => {
  const [sick, well] = [await dying(), await living()]
  await using rig = await startRig({ services: { web: [sick.port, well.port] } })
  const clients = await untilAsked(rig, sick, post)
  const statuses = await Promise.all(clients.map(async (client) => (await client.response('POST')).status))
  assert.equal(statuses.filter((status) => status === 502).length, heads(sick))
  assert.equal(heads(sick) + heads(well), clients.length)
  await close(clients, sick, well)
})

test('when the agent takes a hung instance out, its GETs go elsewhere at once', async () => {
  const [sick, well] = [await hung(), await living()]
  await using rig = await startRig({ services: { web: [sick.port, well.port] } })
  const clients = await untilAsked(rig, sick, get)
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(sick.port, 'unready') })
  for (const client of clients) assert.equal((await client.response()).status, 200)
  assert.equal(heads(well), clients.length)
  await close(clients, sick, well)
})

test('a POST stays with the hung instance that has read it, and fails with it', async () => {
  const [sick, well] = [await hung(), await living()]
  await using rig = await startRig({ services: { web: [sick.port, well.port] } })
  const clients = await untilAsked(rig, sick, post)
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(sick.port, 'unready') })
  await rig.agent.settled()
  const waiting = () => clients.filter((client) => client.received === '')
  await until(() => waiting().length === heads(sick), 'only what the sick one has read still waits')
  const [stuck] = waiting()
  await sick.close()
  assert.equal((await (stuck as RawClient).response('POST')).status, 502)
  assert.equal(heads(well), clients.length - heads(sick))
  await close(clients, well)
})

test('the only instance hangs: a GET waits through its replacement', async () => {
  const [sick, well] = [await hung(), await living()]
  await using rig = await startRig({ services: { web: [sick.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => heads(sick) > 0, 'it was asked')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(sick.port, 'unready') })
  await rig.agent.settled()
  assert.equal(sick.connections.filter((socket) => !socket.destroyed).length, 1, 'nobody else can answer, so it may go on waiting there')
  await sick.close()
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(well.port, 'ready') })
  assert.equal((await client.response()).status, 200)
  await close([client], well)
})

test('an answer that has begun is never mixed with another', async () => {
  const sick = await startRawApp((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')))
  await using rig = await startRig({ services: { web: [sick.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => client.received.endsWith('half'), 'half of it')
  rig.agent.say({ t: 'endpoint', endpoint: endpoint(sick.port, 'unready') })
  await rig.agent.settled()
  await sick.close()
  await client.end()
  assert.match(client.received, /half$/)
  assert.equal(heads(sick), 1)
  await close([client])
})

test('the silence of an instance that has answered quickly until now is told to its agent, and costs nobody the request', async () => {
  let isHung = false
  const app = await startRawApp((socket) => socket.on('data', () => isHung || socket.write(ok)))
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await client.response()
  isHung = true
  client.send(get)
  await until(() => rig.agent.heard.some((message) => message.t === 'suspect' && message.because.startsWith('no answer for')), 'the hint')
  app.connections[0]?.write(ok)
  assert.equal((await client.response()).status, 200)
  assert.equal(heads(app), 2)
  await close([client], app)
})
