import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadline } from './deadline.ts'
import { freePort, instanceOf, keyOf, RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'
const leftIn = (text: string) => {
  const [, value] = /^X-Request-Timeout-Ms: (\d+)\r$/m.exec(text) ?? []
  return value === undefined ? null : Number(value)
}

test('the bound is that of the service or of its caller, whichever is shorter', () => {
  assert.equal(Deadline.of(null, -1), null)
  const left = (serviceMs: number | null, callerMs: number) => {
    const deadline = Deadline.of(serviceMs, callerMs) as Deadline
    deadline.start(1_000, () => {})
    deadline.stop()
    return [leftIn(`${deadline.line(1_000)}\n`), leftIn(deadline.line(1_040)), deadline.hurried]
  }
  assert.deepEqual(left(100, -1), [100, 60, false])
  assert.deepEqual(left(null, 70), [70, 30, true])
  assert.deepEqual(left(100, 70), [70, 30, true])
  assert.deepEqual(left(100, 900), [100, 60, false])
  assert.deepEqual(left(20, -1), [20, 1, false], 'never nothing: it is about to be answered for')
})

test('a response that has not begun by then is answered for, and the app was told how long it had', async () => {
  await using mute = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [mute.port] }, targets: { web: { timeoutMs: 150 } } })
  const client = new RawClient(rig.port)
  client.send(get)
  const answer = await client.response()
  assert.deepEqual([answer.status, answer.header('nightshift-error')], [504, 'timeout'])
  const left = leftIn(mute.received())
  assert.ok(left !== null && left > 0 && left <= 150, `${left}`)
  client.close()
})

test('it takes the place of the proxy’s own bound, also when it is longer', async () => {
  await using app = await startApp((_request, response) => setTimeout(() => response.end('late'), 250))
  await using rig = await startRig({ services: { web: [app.port] }, targets: { web: { timeoutMs: 60_000 } } }, { limits: { responseMs: 50, sweepMs: 10 } })
  const client = new RawClient(rig.port)
  client.send(get)
  assert.match((await client.response()).body, /late/)
  client.close()
})

test('a stream that has begun may go on after it', async () => {
  await using app = await startApp((_request, response) => {
    response.write('begun')
    setTimeout(() => response.end('ended'), 2_200)
  })
  await using rig = await startRig({ services: { web: [app.port] }, targets: { web: { timeoutMs: 2_000 } } })
  const client = new RawClient(rig.port)
  client.send(get)
  assert.match((await client.response()).body, /begun[^]*ended/)
  client.close()
})

test('waiting for an instance counts, and uploading does not', async () => {
  await using app = await startRawApp((socket) => socket.on('data', (chunk) => String(chunk).includes('last') && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')))
  await using rig = await startRig({ services: { web: [app.port] }, targets: { web: { timeoutMs: 250 } } })
  const upload = new RawClient(rig.port)
  upload.send('PUT / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 9\r\n\r\nfirst')
  await until(() => app.received().includes('first'), 'the begin of the upload')
  assert.equal(leftIn(app.received()), 250)
  rig.agent.say({ t: 'endpoint', endpoint: { instance: instanceOf('web', 0), service: keyOf('web'), release: 1, host: '127.0.0.1', port: app.port, state: 'unready' } })
  const waiting = new RawClient(rig.port)
  waiting.send(get)
  const answer = await waiting.response()
  assert.deepEqual([answer.status, answer.header('nightshift-error')], [503, 'no-instance'])
  upload.send('last')
  assert.equal((await upload.response()).status, 200, 'though more than the bound has passed')
  upload.close()
  waiting.close()
})

test('on an edge what the caller has left shortens the bound; what the world says of it is dropped', async () => {
  await using mute = await startRawApp(() => {})
  const port = await freePort()
  const edges = [{ id: 'e', app: 'shop', environment: 'production', from: 'api', to: keyOf('web'), protocol: 'http' as const, listen: [{ host: '127.0.0.1', port }] }]
  await using rig = await startRig({ services: { web: [mute.port] }, edges })
  const caller = new RawClient(port)
  caller.send('GET /edge HTTP/1.1\r\nHost: web\r\nX-Request-Timeout-Ms: 120\r\n\r\n')
  assert.equal((await caller.response()).header('nightshift-error'), 'timeout')
  const left = leftIn(mute.received())
  assert.ok(left !== null && left <= 120, `${left}`)
  assert.equal(mute.received().match(/timeout-ms/gi)?.length, 1, 'ours takes the place of the caller’s')
  const world = new RawClient(rig.port)
  world.send('GET /world HTTP/1.1\r\nHost: web.localhost\r\nX-Request-Timeout-Ms: 1\r\nX_Request_Timeout_Ms: 1\r\n\r\n')
  await until(() => mute.received().includes('/world') && mute.received().endsWith('\r\n\r\n'), 'the request')
  assert.equal(mute.received().match(/timeout.ms/gi)?.length, 1)
  for (const client of [caller, world]) client.close()
})
