import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { openLink } from './link.ts'

async function control(port = 0) {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const tokens: (string | undefined)[] = []
  sockets.on('connection', (_socket, request) => tokens.push(request.headers.authorization))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    tokens,
    next: () => once(sockets, 'connection').then(([socket]) => socket as WebSocket),
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a link says hello with its token, delivers messages and survives one that is not JSON', async () => {
  const peer = await control()
  const got: unknown[] = []
  const complaints: string[] = []
  const { promise: second, resolve } = Promise.withResolvers<void>()
  const link = openLink<{ n: number }, { t: string }>({
    url: `http://127.0.0.1:${peer.port}/internal/proxy`,
    token: 'secret',
    onOpen: () => link.send({ t: 'hello' }),
    onMessage: (message) => {
      got.push(message)
      if (message.n === 2) resolve()
    },
    log: (_level, message) => complaints.push(message),
  })
  const socket = await peer.next()
  const [hello] = await once(socket, 'message')
  assert.deepEqual(JSON.parse(String(hello)), { t: 'hello' })
  assert.deepEqual(peer.tokens, ['Bearer secret'])
  socket.send('{"n":1}')
  socket.send('{nonsense')
  socket.send('{"n":2}')
  await second
  assert.deepEqual(got, [{ n: 1 }, { n: 2 }])
  assert.equal(complaints.length, 1)
  link.close()
  await peer.close()
})

test('a link reconnects after control went away, and complains once for the whole outage', async () => {
  const first = await control()
  const lines: string[] = []
  let opens = 0
  const link = openLink<unknown, unknown>({
    url: `ws://127.0.0.1:${first.port}/`,
    token: 't',
    onOpen: () => opens++,
    onMessage: () => {},
    log: (level, message) => lines.push(`${level} ${message}`),
    backoffMinMs: 5,
    backoffMaxMs: 20,
  })
  await first.next()
  await first.close()
  while (link.connected()) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(link.send({}), false)
  const again = await control(first.port)
  await again.next()
  while (opens < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(lines.filter((line) => line.startsWith('warn')).length, 1)
  link.close()
  await again.close()
})
