import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { answering, keyOf, RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'
import { forWeb, forWebRenewed, forWildcard } from './test-certificates.ts'

async function tls(port: number, servername?: string, alpn: string[] = []): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: alpn, ...(servername === undefined ? {} : { servername }) })
  await once(socket, 'secureConnect')
  return socket
}
const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject?.CN

function http2(port: number): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: 'web.localhost' })
  session.on('error', () => {})
  return session
}

type Answer = { headers: IncomingHttpHeaders; body: string; trailers: IncomingHttpHeaders; informational: number[] }
async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer, trailers?: OutgoingHttpHeaders): Promise<Answer> {
  const stream = session.request({ ':authority': 'web.localhost', ':path': '/', ...headers }, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
  if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  if (body !== undefined) stream.end(body)
  const informational: number[] = []
  let got: IncomingHttpHeaders = {}
  let text = ''
  stream.on('headers', (fields) => informational.push(Number(fields[':status'])))
  const answer = { trailers: {} as IncomingHttpHeaders }
  stream.on('trailers', (fields) => {
    answer.trailers = fields
  })
  stream.setEncoding('latin1')
  stream.on('data', (chunk) => {
    text += chunk
  })
  stream.on('response', (fields) => {
    got = fields
  })
  await once(stream, 'end')
  return { headers: got, body: text, informational, ...answer }
}

test('a certificate is chosen by server name: exact, then wildcard of one label, else the first', async () => {
  await using rig = await startRig({ services: { web: [] }, certificates: [forWeb, forWildcard] }, { httpsPort: 0 })
  const port = rig.proxy.httpsPort as number
  for (const [name, expected] of [['web.localhost', 'web.localhost'], ['WEB.localhost', 'web.localhost'], ['a.example.com', 'wild.example.com'], ['a.b.example.com', 'web.localhost'], ['other.test', 'web.localhost'], [undefined, 'web.localhost']] as const) {
    const socket = await tls(port, name)
    assert.equal(nameOf(socket), expected, String(name))
    socket.destroy()
  }
})

test('a new certificate serves new handshakes and drops no connection', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  const shape = { services: { web: [app.port] }, certificates: [forWeb] }
  await using rig = await startRig(shape, { httpsPort: 0 })
  const port = rig.proxy.httpsPort as number
  const socket = await tls(port, 'web.localhost')
  const old = new RawClient(port, socket)
  old.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.equal((await old.response()).status, 200)
  await rig.table({ ...shape, certificates: [{ ...forWeb, certPem: 'rubbish' }, forWebRenewed] })
  assert.ok(rig.warnings.some((line) => line.includes('web.localhost')), 'the bad one is said')
  const next = await tls(port, 'web.localhost')
  assert.equal(nameOf(next), 'web.localhost.2')
  old.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.equal((await old.response()).status, 200)
  next.destroy()
  old.close()
})

test('HTTP/1.1 over TLS goes through the same relay, and https-only routes are served', async () => {
  await using app = await startApp((request, response) => response.end(JSON.stringify(request.headers)))
  const routes = [{ host: 'web.localhost', service: keyOf('web'), httpsOnly: true }]
  await using rig = await startRig({ services: { web: [app.port] }, routes, certificates: [forWeb] }, { httpsPort: 0 })
  const port = rig.proxy.httpsPort as number
  for (const alpn of [[], ['http/1.1']]) {
    const client = new RawClient(port, await tls(port, 'web.localhost', alpn))
    client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\nGET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
    assert.match((await client.response()).body, /"x-forwarded-proto":"https"/)
    assert.match((await client.response()).body, new RegExp(`"x-forwarded-port":"${port}"`))
    client.send('GET /\nx')
    assert.equal((await client.response()).status, 400)
    client.close()
  }
  const plain = new RawClient(rig.port)
  plain.send('GET /a HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.equal((await plain.response()).header('location'), `https://web.localhost:${port}/a`)
  plain.close()
})

test('HTTP/2 requests reach the app as HTTP/1.1 and come back, with trailers both ways and early hints', async () => {
  await using app = await startApp((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => {
        response.writeHead(201, { trailer: 'x-sum', 'set-cookie': ['a=1', 'b=2'], connection: 'close', 'x-app': 'yes' })
        response.write(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, trailers: request.trailers, body }))
        response.addTrailers({ 'x-sum': '7' })
        response.end()
      })
    })
  })
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  const answer = await ask(session, { ':method': 'POST', ':path': '/a?b', cookie: ['x=1', 'y=2'], 'x-forwarded-for': '6.6.6.6', 'user-agent': 'h2' }, 'hello', { 'x-check': '9' })
  assert.equal(answer.headers[':status'], 201)
  assert.equal(answer.headers['x-app'], 'yes')
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(answer.headers['connection'], undefined)
  assert.equal(answer.headers['transfer-encoding'], undefined)
  assert.deepEqual(answer.informational, [103])
  assert.equal(answer.trailers['x-sum'], '7')
  const seen = JSON.parse(answer.body)
  assert.equal(seen.method, 'POST')
  assert.equal(seen.url, '/a?b')
  assert.equal(seen.body, 'hello')
  assert.deepEqual(seen.trailers, { 'x-check': '9' })
  assert.equal(seen.headers.host, 'web.localhost')
  assert.equal(seen.headers.cookie, 'x=1; y=2')
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(seen.headers['x-forwarded-proto'], 'https')
  session.destroy()
})

test('HTTP/2 bodies with a length, without one, empty, and of megabytes', async () => {
  await using app = await startApp((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => {
      const text = `${bytes} ${request.headers['content-length'] ?? '-'} ${request.headers['transfer-encoding'] ?? '-'}`
      if (request.url === '/large') return response.end(Buffer.alloc(3_000_000, 'y'))
      response.setHeader('content-length', text.length)
      response.end(text)
    })
  })
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  assert.equal((await ask(session, {})).body, '0 - -')
  assert.equal((await ask(session, { ':method': 'POST', 'content-length': 5 }, 'hello')).body, '5 5 -')
  assert.equal((await ask(session, { ':method': 'POST' }, 'hello')).body, '5 - chunked')
  assert.equal((await ask(session, { ':method': 'POST' }, '')).body, '0 - chunked')
  assert.equal((await ask(session, { ':method': 'PUT' }, Buffer.alloc(5_000_000, 'x'))).body, '5000000 - chunked')
  assert.equal((await ask(session, { ':path': '/large' })).body.length, 3_000_000)
  const head = await ask(session, { ':method': 'HEAD' })
  assert.equal(head.headers['content-length'], '5')
  assert.equal(head.body, '')
  session.destroy()
})

test('hundreds of HTTP/2 streams at once are answered each with its own', async () => {
  await using app = await startApp((request, response) => setTimeout(() => response.end(request.url), Math.random() * 20))
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  await once(session, 'remoteSettings')
  const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => ask(session, { ':path': `/${n}` })))
  answers.forEach((answer, n) => assert.equal(answer.body, `/${n}`))
  session.destroy()
})

test('what could break out of an HTTP/2 head is refused and reaches no app', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const cases: [string, OutgoingHttpHeaders, string?][] = [
    ['a host that disagrees', { ':authority': 'web.localhost', host: 'other.localhost' }],
    ['userinfo in the authority', { ':authority': 'a@web.localhost' }],
    ['a space in the path', { ':path': '/a HTTP/1.1' }],
    ['a relative path', { ':path': 'admin' }],
    ['a path that leaves its root', { ':path': '/../x' }],
    ['a fragment', { ':path': '/#x' }],
    ['CONNECT in disguise', { ':method': 'TRACE' }],
    ['a method with a space', { ':method': 'GET /admin HTTP/1.1' }],
    ['a strange expectation', { expect: 'magic' }],
    ['Content_Length', { 'content_length': '5' }],
    ['a list of lengths', { ':method': 'POST', 'content-length': '5, 5' }, 'hello'],
    ['a field that is too large', { 'x-large': 'x'.repeat(20_000) }],
    ['plain http as scheme', { ':scheme': 'http' }],
  ]
  for (const [name, headers, body] of cases) {
    const session = http2(rig.proxy.httpsPort as number)
    const answer = await ask(session, headers, body).catch(() => null)
    const status = Number(answer?.headers[':status'] ?? 400)
    assert.ok(status >= 400 && status < 500, `${name}: ${status}`)
    session.destroy()
  }
  assert.equal(app.received(), '')
})

test('a raw HTTP/2 client cannot carry CRLF, NUL or hop-by-hop fields to the app', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const literal = (name: string, value: string) => Buffer.concat([Buffer.of(0, name.length), Buffer.from(name, 'latin1'), Buffer.of(value.length), Buffer.from(value, 'latin1')])
  const base: [string, string][] = [[':method', 'GET'], [':scheme', 'https'], [':path', '/'], [':authority', 'web.localhost']]
  const attacks: [string, string][][] = [
    [...base, ['x', 'a\r\nTransfer-Encoding: chunked']],
    [...base, ['x', 'a\nb: c']],
    [...base, ['x', 'a\0b']],
    [...base, ['x\r\nb', 'c']],
    [...base, ['x: y', 'c']],
    [...base, ['X-Upper', 'c']],
    [...base, ['transfer-encoding', 'chunked']],
    [...base, ['connection', 'content-length']],
    [...base, ['upgrade', 'websocket']],
    [...base, ['content-length', '3'], ['content-length', '4']],
    [...base, [':path', '/twice']],
    [...base, ['x', 'y'], [':path', '/late']],
    [[':method', 'GET'], [':scheme', 'https'], [':path', '/ HTTP/1.1\r\nX: y'], [':authority', 'web.localhost']],
    [[':method', 'GET / HTTP/1.1\r\nX'], [':scheme', 'https'], [':path', '/'], [':authority', 'web.localhost']],
    [[':method', 'GET'], [':scheme', 'https'], [':path', '/'], [':authority', 'web.localhost\r\nX: y']],
    [[':method', 'GET'], [':scheme', 'https'], [':path', ''], [':authority', 'web.localhost']],
    [[':method', 'GET'], [':path', '/'], [':authority', 'web.localhost']],
  ]
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, payload])
  }
  for (const fields of attacks) {
    const socket = await tls(rig.proxy.httpsPort as number, 'web.localhost', ['h2'])
    let heard = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
    })
    socket.on('error', () => {})
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0)), frame(1, 5, 1, Buffer.concat(fields.map(([name, value]) => literal(name, value))))]))
    // An answer on stream 1 (HEADERS, RST_STREAM) or the end of the connection (GOAWAY).
    const ended = () => {
      for (let at = 0; at + 9 <= heard.length; at += 9 + heard.readUIntBE(at, 3)) if ([1, 3, 7].includes(heard[at + 3] as number)) return true
      return socket.destroyed
    }
    await until(ended, `an end for ${JSON.stringify(fields)}`)
    socket.destroy()
  }
  // nghttp2 drops an ordinary field that it finds invalid and resets the stream for others; either way nothing gets through.
  const names = app.received().split('\r\n').filter((line) => line !== '' && line !== 'GET / HTTP/1.1').map((line) => line.slice(0, line.indexOf(':')))
  assert.deepEqual([...new Set(names)].sort(), ['Host', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Proto', 'X-Real-IP', 'X-Request-ID', 'X-Request-Start', 'traceparent'])
})

test('an HTTP/2 client that resets its stream makes the app’s request end; an app that dies resets the stream', async () => {
  let left = false
  let arrived = false
  await using app = await startApp((request, response) => {
    arrived = true
    if (request.url === '/die') {
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    } else
      request.on('close', () => {
        left = true
      })
  })
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  const stream = session.request({ ':authority': 'web.localhost', ':path': '/wait' })
  stream.on('error', () => {})
  await until(() => arrived, 'the request at the app')
  stream.close(8)
  await until(() => left, 'the end at the app')
  const dying = session.request({ ':authority': 'web.localhost', ':path': '/die' })
  dying.resume()
  const [error] = await once(dying, 'error')
  assert.match(String(error), /INTERNAL_ERROR/)
  session.destroy()
})

test('HTTP/2 errors of ours are answered on their stream', async () => {
  await using rig = await startRig({ services: { web: [] }, stopped: ['web'], certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  const answer = await ask(session, { accept: 'application/json' })
  assert.equal(answer.headers[':status'], 503)
  assert.equal(JSON.parse(answer.body).kind, 'stopped')
  assert.equal((await ask(session, { ':authority': 'unknown.localhost' })).headers[':status'], 404)
  session.destroy()
})

test('an HTTP/2 client that takes nothing of what is ready for it does not hold its streams and its connection for ever', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { httpsPort: 0, limits: { stallMs: 100, idleMs: 100 } })
  const session = connectHttp2(`https://127.0.0.1:${rig.proxy.httpsPort}`, { rejectUnauthorized: false, servername: 'web.localhost', settings: { initialWindowSize: 0 } })
  session.on('error', () => {})
  const ended = (['web.localhost', 'nobody.localhost'] as const).map(async (host) => {
    const stream = session.request({ ':authority': host, ':path': '/' })
    stream.on('error', () => {})
    await once(stream, 'close')
    return stream.rstCode
  })
  const gone = once(session, 'close')
  assert.deepEqual(await Promise.all(ended), [8, 8], 'CANCEL')
  await gone
})

test('a copy stands in on HTTP/2 too, and on HTTPS none that was kept for HTTP', async () => {
  let broken = false
  await using app = await startApp((_request, response) => {
    if (broken) response.writeHead(500).end('broken')
    else response.writeHead(200, { etag: '"1"' }).end('the page')
  })
  await using rig = await startRig({ services: { web: [app.port] }, targets: { web: { staleIfErrorMs: 60_000 } }, certificates: [forWeb] }, { httpsPort: 0 })
  const session = http2(rig.proxy.httpsPort as number)
  const plain = new RawClient(rig.port)
  plain.send('GET /plain HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  await plain.response()
  plain.close()
  await ask(session, {})
  broken = true
  const answers = [await ask(session, {}), await ask(session, { 'if-none-match': '"1"' }), await ask(session, { ':method': 'HEAD' }), await ask(session, { ':path': '/plain' })]
  assert.deepEqual(answers.map(({ headers, body }) => [headers[':status'], body]), [[200, 'the page'], [304, ''], [200, ''], [500, 'broken']])
  assert.match(String(answers[0]?.headers['cache-status']), /detail=stale-if-error/)
  session.close()
})
