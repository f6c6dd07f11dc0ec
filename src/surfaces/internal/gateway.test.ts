import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { openSecretBox } from '#base/secretbox.ts'
import { wireVersion } from '#contract/wire.ts'
import { createBell } from '#kernel/bell.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { createLogger } from '#kernel/log.ts'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { type Gateway, openGateway } from './gateway.ts'

const log = createLogger({ process: 'test', level: 'silent' })
const server = createServer()
let database: TestDatabase
let db: Database
let gateway: Gateway
let url: string

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  const box = openSecretBox(Buffer.alloc(32).toString('base64'))
  const fleet = { db, box, log, edgeHost: () => '127.0.0.1', edgeHosts: () => ['127.0.0.1'] }
  gateway = openGateway({ db, fleet, isMachine: (token) => token === 'machine', changed: createBell(), log })
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/internal/agent`
})

after(async () => {
  gateway.close()
  server.close()
  await db.close()
  await database[Symbol.asyncDispose]()
})

const connect = (token: string) => new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
const hello = (version: string) => JSON.stringify({ t: 'hello', wireVersion, facts: { machine: 'node-1', driver: 'process', edgeHost: '127.0.0.1', ownAddresses: false, version, os: 'linux', cpus: 1, memoryBytes: 1, limits: [] }, desiredGeneration: 0 })

test('a frame that is no JSON ends its connection and nothing else: the agent comes again', async () => {
  const broken = connect('machine')
  await once(broken, 'open')
  broken.send('{"t":')
  assert.equal((await once(broken, 'close'))[0], 1011)

  const agent = connect('machine')
  await once(agent, 'open')
  agent.send(hello('0'))
  await until(() => gateway.placement()?.machine === 'node-1', { because: 'the agent is taken' })
  const answer = new Promise<{ asked: number; atMs: number }>((resolve) => agent.on('message', (data) => {
    const message = JSON.parse(String(data)) as { t: string; asked: number; atMs: number }
    if (message.t === 'clock') resolve(message)
  }))
  const before = Date.now()
  agent.send(JSON.stringify({ t: 'clock', asked: 12.5 }))
  const { asked, atMs } = await answer
  assert.ok(asked === 12.5 && atMs >= before && atMs <= Date.now(), 'control says what time it is')
  agent.close()
  await once(agent, 'close')
})

test('a newer connection of a machine takes the place of the older one, whose end is no absence', async () => {
  const [older, newer] = [connect('machine'), connect('machine')]
  await Promise.all([once(older, 'open'), once(newer, 'open')])
  older.send(hello('older'))
  await until(() => gateway.facts('node-1')?.version === 'older', { because: 'the older one is taken' })
  const ended = once(older, 'close')
  newer.send(hello('newer'))
  assert.match(String((await ended)[1]), /newer connection/)
  await until(() => gateway.facts('node-1')?.version === 'newer', { because: 'the newer one is taken' })
  assert.equal(gateway.send('node-1', { t: 'prune' }), true)
  assert.deepEqual(JSON.parse(String((await once(newer, 'message'))[0])), { t: 'prune' })
  newer.close()
  await until(() => gateway.facts('node-1') === undefined, { because: 'the machine is away' })
})

test('without the machine token nobody is let in', async () => {
  const [error] = (await once(connect('other'), 'error')) as [Error]
  assert.match(error.message, /401/)
})
