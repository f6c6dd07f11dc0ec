import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RawClient, startApp, startRig, until } from './test-harness.ts'

/**
 * The property that request smuggling breaks: an app that parses for itself (here llhttp, in node:http) sees exactly the
 * requests that the proxy thinks it has sent, whatever bytes a client sends, and never one that it has to refuse.
 */
const templates = [
  'POST /a HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 5\r\nX: y\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: web.localhost\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\nGET /b HTTP/1.1\r\nHost: web.localhost\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: web.localhost\r\nConnection: keep-alive, X\r\nX: y\r\nUpgrade: websocket\r\n\r\nGET /b HTTP/1.1\r\nHost: web.localhost\r\n\r\n',
  'PUT /a HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 40\r\nExpect: 100-continue\r\n\r\nGET /inner HTTP/1.1\r\nHost: web.localhost\r\n',
]
const fragments = ['\r', '\n', '\r\n', ' ', '\t', '\0', '\x0b', ':', ';', ',', '0', '5', 'a', '\xff', '"', 'chunked', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', ' HTTP/1.1', '\r\n\r\n', '0\r\n\r\n', '_', '-']
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), text: fc.constantFrom(...fragments) }),
  fc.record({ kind: fc.constant('replace' as const), at: fc.nat(), text: fc.constantFrom(...fragments) }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(), text: fc.constant('') }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutate(template: string, mutations: readonly Mutation[]): string {
  let text = template
  for (const { kind, at, text: fragment } of mutations) {
    const where = at % text.length
    text = text.slice(0, where) + fragment + text.slice(kind === 'insert' ? where : where + 1)
  }
  return text
}

test('whatever a client sends, app and proxy agree on the requests', async () => {
  const seen: string[] = []
  const refusedByApp: string[] = []
  await using app = await startApp(
    (request, response) => {
      seen.push(`${request.method} ${request.url}`)
      request.on('error', () => {})
      request.resume()
      request.on('end', () => response.end('ok'))
    },
    (server) =>
      server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
        socket.destroy()
        // A request that the proxy broke off half-way is an end of file to the app, and no disagreement.
        if (!error.code?.startsWith('HPE_') || error.code === 'HPE_INVALID_EOF_STATE') return
        // llhttp knows a list of methods; any token is one to us. The packet must still begin with a head that we wrote.
        const packet = error.rawPacket?.toString('latin1') ?? ''
        if (error.code === 'HPE_INVALID_METHOD' && /^[^\s]+ \S+ HTTP\/1\.1\r\nHost: \S+\r\n[^]*X-Request-ID: /.test(packet)) return
        refusedByApp.push(`${error.code} ${packet}`)
      }),
  )
  await using rig = await startRig({ services: { web: [app.port] } })
  let sent: string[] = []
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...templates), fc.array(mutation, { minLength: 1, maxLength: 3 })), { minLength: 20, maxLength: 20 }), async (batch) => {
      sent = batch.map(([template, mutations]) => mutate(template, mutations))
      await Promise.all(
        sent.map(async (bytes) => {
          const client = new RawClient(rig.port)
          // A last request that is well-formed and asks for the end: answered, or swallowed by a body; then the FIN ends it.
          client.send(`${bytes}\r\n\r\nGET /last HTTP/1.1\r\nHost: web.localhost\r\nConnection: close\r\n\r\n`)
          const quiet = setTimeout(() => client.socket.end(), 60)
          await client.end()
          clearTimeout(quiet)
          client.close()
        }),
      )
    }),
    { numRuns: 25 },
  )
  let lines: Record<string, unknown>[] = []
  await until(() => seen.length > 0)
  lines = (await rig.accessLog()).filter((line) => line['instance'] !== null)
  const forwarded = lines.map((line) => String(line['path']))
  const arrived = seen.map((line) => line.slice(line.indexOf(' ') + 1).replace(/\?.*$/, ''))
  assert.deepEqual(refusedByApp, [])
  // A request that was broken off before the app had its head is in the log and not at the app; never the other way round.
  const left = [...forwarded]
  for (const path of arrived) {
    const index = left.indexOf(path)
    assert.notEqual(index, -1, `the app saw ${path}, which was never sent`)
    left.splice(index, 1)
  }
})
