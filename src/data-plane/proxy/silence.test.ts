import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Instance } from './instance.ts'
import { Latency } from './latency.ts'
import { instanceOf, RawClient, startRawApp, startRig, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'

test('patience follows what answers take: a second at first, never less than 250 ms', () => {
  const latency = new Latency()
  assert.equal(latency.patienceMs, 1_000)
  for (let n = 0; n < 100; n++) latency.add(3)
  assert.equal(latency.patienceMs, 250)
  for (let n = 0; n < 100; n++) latency.add(2_000)
  assert.ok(latency.patienceMs >= 1_999 && latency.patienceMs < 2_100, `${latency.patienceMs}`)
  for (let n = 0; n < 100; n++) latency.add(n % 2 === 0 ? 10 : 1_000)
  assert.ok(latency.patienceMs > 1_000, 'what differs much is given more')
})

test('silence counts from the last byte or from the first request owed, and only while one is owed', () => {
  const instance = new Instance({ instance: 'ins_1', service: 's', release: 1, host: '127.0.0.1', port: 1, state: 'ready' })
  assert.equal(instance.silentMs(5_000), 0)
  instance.asked(10_000)
  assert.equal(instance.silentMs(10_300), 300)
  instance.asked(10_350)
  assert.equal(instance.silentMs(10_400), 400)
  instance.reads++
  assert.equal(instance.silentMs(10_500), 0)
  assert.equal(instance.silentMs(10_600), 100)
  instance.settled()
  instance.settled()
  assert.equal(instance.silentMs(20_000), 0)
  instance.asked(20_050)
  assert.equal(instance.silentMs(20_100), 50)
})

test('the agent hears of an instance that owes an answer and says nothing', async () => {
  await using mute = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [mute.port] } })
  const client = new RawClient(rig.port)
  client.send(get)
  await until(() => rig.agent.heard.some((message) => message.t === 'suspect' && message.instance === instanceOf('web', 0) && message.because.startsWith('silent for')), 'the hint')
  mute.connections[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await client.response()).status, 200, 'a hint and no more')
  client.close()
})
