import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { RawClient, type Rig, startApp, startRig, type Backend } from './test-harness.ts'

let rig: Rig
let app: Backend

before(async () => {
  app = await startApp((request, response) => {
    const body: Buffer[] = []
    request.on('data', (chunk: Buffer) => body.push(chunk))
    request.on('end', () => {
      const text = `${request.method} ${request.url} ${Buffer.concat(body).toString('latin1')}`
      if (request.url?.includes('chunked')) {
        response.write(text.slice(0, 3))
        response.end(text.slice(3))
      } else response.setHeader('Content-Length', text.length).end(text)
    })
  })
  rig = await startRig({ services: { web: [app.port] } })
})
after(async () => {
  await rig[Symbol.asyncDispose]()
  await app.close()
})

const body = fc.stringMatching(/^[ -~]{0,30}$/)
const request = fc.oneof(
  fc.constant({ bytes: 'GET /plain HTTP/1.1\r\nHost: web.localhost\r\n\r\n', answer: 'GET /plain ' }),
  fc.constant({ bytes: 'GET /chunked HTTP/1.1\r\nHost: web.localhost\r\n\r\n', answer: 'GET /chunked ' }),
  body.map((text) => ({ bytes: `POST /length HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`, answer: `POST /length ${text}` })),
  fc.array(body.filter((text) => text !== ''), { maxLength: 3 }).map((parts) => ({
    bytes: `PUT /chunked HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n${parts.map((part) => `${part.length.toString(16)};x=1\r\n${part}\r\n`).join('')}0\r\nX-T: 1\r\n\r\n`,
    answer: `PUT /chunked ${parts.join('')}`,
  })),
)

function contentOf(body: string, coding: string | undefined): string {
  if (coding !== 'chunked') return body
  let content = ''
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    if (size === 0) return content
    content += body.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + size + 4
  }
}

test('a pipeline of any requests, cut anywhere into packets, is answered in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }), async (requests, cuts) => {
      const client = new RawClient(rig.port)
      const bytes = requests.map((one) => one.bytes).join('')
      for (let at = 0, index = 0; at < bytes.length; index++) {
        const size = cuts[index % cuts.length] as number
        client.send(bytes.slice(at, at + size))
        at += size
        await new Promise((resolve) => setImmediate(resolve))
      }
      for (const { answer } of requests) {
        const response = await client.response()
        assert.equal(response.status, 200)
        assert.equal(contentOf(response.body, response.header('transfer-encoding')), answer)
      }
      assert.equal(client.received, '')
      client.close()
    }),
    { numRuns: 60 },
  )
})
