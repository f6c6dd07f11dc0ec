import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { answering, type Backend, keyOf, RawClient, type Rig, startApp, startRawApp, startRig } from './test-harness.ts'

let rig: Rig
let echo: Backend
let other: Backend

before(async () => {
  echo = await startApp((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      response.setHeader('X-App', 'echo')
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, trailers: request.trailers, body }))
    })
  })
  other = await startApp((_request, response) => response.end('other'))
  rig = await startRig({
    services: { web: [echo.port], api: [other.port], stopped: [] },
    stopped: ['stopped'],
    routes: [
      { host: 'web.localhost', path: '/', service: keyOf('web') },
      { host: 'web.localhost', path: '/api', service: keyOf('api') },
      { host: '*.example.com', path: '/', service: keyOf('web') },
      { host: '*.deep.example.com', path: '/only', service: keyOf('api') },
      { host: 'exact.example.com', path: '/', service: keyOf('api') },
      { host: 'secure.localhost', path: '/', service: keyOf('web'), httpsOnly: true },
      { host: 'stopped.localhost', path: '/', service: keyOf('stopped') },
      { host: 'nobody.localhost', path: '/', service: 'shop/production/unheard-of' },
    ],
  })
})
after(async () => {
  await rig[Symbol.asyncDispose]()
  await echo.close()
  await other.close()
})

async function ask(bytes: string, port = rig.port) {
  const client = new RawClient(port)
  client.send(bytes)
  const response = await client.response(bytes.slice(0, bytes.indexOf(' ')))
  return { response, client }
}

async function seen(fields: string, line = 'GET / HTTP/1.1', body = '', host = 'web.localhost') {
  const { response, client } = await ask(`${line}\r\nHost: ${host}\r\n${fields}\r\n${body}`)
  client.close()
  assert.equal(response.status, 200, response.head)
  const text = response.body.startsWith('{') ? response.body : response.body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')
  return JSON.parse(Buffer.from(text, 'latin1').toString()) as { method: string; url: string; headers: Record<string, string>; raw: string[]; trailers: Record<string, string>; body: string }
}

test('the app sees the request as it was sent, with what the proxy knows of the caller', async () => {
  const got = await seen('User-Agent: someone\r\nX-Custom: \xfcml\xe4ut\r\n', 'GET /path?q=1&r=%20 HTTP/1.1')
  assert.equal(got.method, 'GET')
  assert.equal(got.url, '/path?q=1&r=%20')
  assert.equal(got.headers['host'], 'web.localhost')
  assert.equal(got.headers['user-agent'], 'someone')
  assert.equal(got.headers['x-custom'], '\xfcml\xe4ut')
  assert.equal(got.headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(got.headers['x-forwarded-proto'], 'http')
  assert.equal(got.headers['x-forwarded-host'], 'web.localhost')
  assert.equal(got.headers['x-forwarded-port'], String(rig.port))
  assert.match(got.headers['x-request-id'] ?? '', /^[0-9a-f]{16}-[0-9a-z]+$/)
  assert.ok(Math.abs(Number(/^t=(\d{13})$/.exec(got.headers['x-request-start'] ?? '')?.[1]) - Date.now()) < 60_000)
})

test('what a client says of itself in forwarding fields is overwritten, in every spelling', async () => {
  const got = await seen('X-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Server: evil\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Start: t=1\r\nProxy: http://evil\r\n')
  assert.ok(!JSON.stringify(got.raw).match(/6\.6\.6\.6|evil/), JSON.stringify(got.raw))
  assert.equal(got.headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(got.headers['x-forwarded-proto'], 'http')
})

test('a sane X-Request-ID is kept and answered; another is replaced', async () => {
  const { response, client } = await ask('GET / HTTP/1.1\r\nHost: web.localhost\r\nX-Request-ID: abc-123\r\n\r\n')
  assert.equal(response.header('x-request-id'), 'abc-123')
  client.close()
  const got = await seen('X-Request-ID: "><script>\r\n')
  assert.match(got.headers['x-request-id'] ?? '', /^[0-9a-f]{16}-/)
})

test('fields of this hop, and those that Connection names, are not passed on', async () => {
  const got = await seen('Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Stays: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: Basic x\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n')
  for (const name of ['x-hop', 'keep-alive', 'te', 'proxy-authorization', 'proxy-connection', 'upgrade', 'http2-settings']) assert.equal(got.headers[name], undefined, name)
  assert.equal(got.headers['x-stays'], '1')
})

test('naming our own fields in Connection does not make the app lose them', async () => {
  const got = await seen('Connection: close, X-Forwarded-For, X-Request-ID\r\n')
  assert.equal(got.headers['x-forwarded-for'], '127.0.0.1')
  assert.ok(got.headers['x-request-id'])
})

test('a route is found by exact host, then wildcard, then the longest prefix that ends at a segment', async () => {
  const cases: [string, string, string | number][] = [
    ['web.localhost', '/', 'echo'],
    ['WEB.localhost:1234', '/', 'echo'],
    ['web.localhost.', '/', 'echo'],
    ['web.localhost', '/api', 'other'],
    ['web.localhost', '/api/', 'other'],
    ['web.localhost', '/api/x?y', 'other'],
    ['web.localhost', '/api?x', 'other'],
    ['web.localhost', '/apiary', 'echo'],
    ['web.localhost', '/%61pi/x', 'other'],
    ['web.localhost', '/x/../api/x', 'other'],
    ['web.localhost', '//api', 'other'],
    ['a.example.com', '/', 'echo'],
    ['a.b.example.com', '/', 'echo'],
    ['exact.example.com', '/', 'other'],
    ['x.deep.example.com', '/only', 'other'],
    ['x.deep.example.com', '/else', 404],
    ['example.com', '/', 404],
    ['unknown.localhost', '/', 404],
    ['[::1]:80', '/', 404],
  ]
  for (const [host, path, expected] of cases) {
    const { response, client } = await ask(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const got = response.status === 404 ? 404 : response.header('x-app') === 'echo' ? 'echo' : 'other'
    assert.equal(got, expected, `${host}${path}`)
    client.close()
  }
})

test('absolute form is taken when it agrees with Host, and reaches the app in origin form', async () => {
  assert.equal((await seen('', 'GET http://web.localhost/x?y HTTP/1.1')).url, '/x?y')
  assert.equal((await seen('', 'GET http://WEB.localhost HTTP/1.1')).url, '/')
  assert.equal((await seen('', 'OPTIONS * HTTP/1.1')).url, '*')
})

test('one connection carries many requests, pipelined ones in their order', async () => {
  const client = new RawClient(rig.port)
  const count = 200
  client.send(Array.from({ length: count }, (_, n) => `POST /${n} HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 1\r\n\r\n${n % 10}`).join(''))
  for (let n = 0; n < count; n++) {
    const response = await client.response()
    assert.equal(JSON.parse(response.body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')).url, `/${n}`)
  }
  client.close()
})

test('a pipeline of thousands of requests that we answer ourselves does not grow the stack', async () => {
  const client = new RawClient(rig.port)
  const count = 3_000
  client.send('GET / HTTP/1.1\r\nHost: unknown.localhost\r\n\r\n'.repeat(count))
  for (let n = 0; n < count; n++) assert.equal((await client.response()).status, 404)
  client.close()
})

test('whoever does not take the answers of a pipeline is not answered further, and gets them all once they are taken', async (t) => {
  let asked = 0
  const app = await startApp((_request, response) => {
    asked++
    response.end(Buffer.alloc(8 * 1024))
  })
  await using own = await startRig({ services: { web: [app.port] }, routes: [{ host: 'web.localhost', path: '/', service: keyOf('web') }] })
  t.after(() => app.close())
  const count = 6_000
  const client = connect({ port: own.port, host: '127.0.0.1' }).pause()
  t.after(() => client.destroy())
  client.write(`GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n`.repeat(count - 1) + `GET / HTTP/1.1\r\nHost: web.localhost\r\nConnection: close\r\n\r\n`)
  // stands still while others are answered
  for (let before = -1, still = 0; still < 50; before = asked) {
    await fetch(`http://127.0.0.1:${own.port}/`, { headers: { host: 'nobody.localhost' } })
    still = asked === before ? still + 1 : 0
  }
  assert.ok(asked > 0 && asked < count, `${asked} of ${count} requests were passed on`)
  let bytes = 0
  for await (const chunk of client) bytes += chunk.length
  assert.equal(asked, count)
  assert.ok(bytes > count * 8 * 1024)
})

test('Connection: close is honoured, and HTTP/1.0 closes unless it asks to stay', async () => {
  for (const [bytes, stays] of [
    ['GET / HTTP/1.1\r\nHost: web.localhost\r\nConnection: close\r\n\r\n', false],
    ['GET /api HTTP/1.0\r\nHost: web.localhost\r\n\r\n', false],
    ['GET /api HTTP/1.0\r\nHost: web.localhost\r\nConnection: keep-alive\r\n\r\n', true],
    ['GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n', true],
  ] as const) {
    const { response, client } = await ask(bytes)
    assert.equal(response.status, 200)
    if (stays) {
      client.send(bytes)
      assert.equal((await client.response()).status, 200)
    } else await client.end()
    client.close()
  }
})

test('an empty line before a request is forgiven', async () => {
  const { response, client } = await ask('\r\nGET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.equal(response.status, 200)
  client.send('\r\n')
  client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.equal((await client.response()).status, 200)
  client.close()
})

test('chunked bodies with trailers pass both ways', async () => {
  const got = await seen('Transfer-Encoding:\tChunked\r\nTrailer: X-Sum\r\n', 'POST / HTTP/1.1', '3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 42\r\n\r\n')
  assert.equal(got.body, 'abcde')
  assert.deepEqual(got.trailers, { 'x-sum': '42' })
  assert.equal(got.raw[got.raw.indexOf('Transfer-Encoding') + 1], 'chunked')
})

test('HEAD, 204 and 304 have no body, whatever their fields say', async () => {
  await using app = await startRawApp((socket) => {
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      if (text.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      else if (text.includes('/204')) socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n')
      else socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\n')
    })
  })
  await using own = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(own.port)
  for (const [method, path, length] of [['HEAD', '/', '1000'], ['GET', '/204', undefined], ['GET', '/304', '1000'], ['HEAD', '/', '1000']] as const) {
    client.send(`${method} ${path} HTTP/1.1\r\nHost: web.localhost\r\n\r\n`)
    const response = await client.response(method)
    assert.equal(response.header('content-length'), length, path)
  }
  assert.equal(app.connections.length, 1, 'the connection to the app was kept')
  client.close()
})

test('a response that ends with the connection is passed on and ends ours', async () => {
  await using app = await startRawApp((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nfirst ')
      setTimeout(() => socket.end('second'), 20)
    })
  })
  await using own = await startRig({ services: { web: [app.port] } })
  const { response, client } = await ask('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n', own.port)
  assert.equal(response.body, 'first second')
  assert.equal(response.header('connection'), 'close')
  client.close()
})

test('an HTTP/1.0 client gets a chunked response without the chunks', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n'))
  await using own = await startRig({ services: { web: [app.port] } })
  const { response, client } = await ask('GET / HTTP/1.0\r\nHost: web.localhost\r\nConnection: keep-alive\r\n\r\n', own.port)
  assert.equal(response.header('transfer-encoding'), undefined)
  assert.equal(response.body, 'abcde')
  client.close()
})

const broken: [string, string][] = [
  ['both Content-Length and Transfer-Encoding', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc'],
  ['two Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
  ['a bad Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc'],
  ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
  ['bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a control character', 'HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 0\r\n\r\n'],
  ['a bad status line', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['a malformed chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
]
for (const [name, bytes] of broken) {
  test(`an app that answers with ${name} becomes a 502`, async () => {
    await using app = await startRawApp(answering(bytes))
    await using own = await startRig({ services: { web: [app.port] } })
    const { response, client } = await ask('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n', own.port)
    assert.equal(response.status, 502)
    assert.equal(response.header('nightshift-error'), 'malformed')
    client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
    assert.equal((await client.response()).status, 502, 'our own connection is whole')
    client.close()
  })
}

test('bytes behind a response never become the next response', async () => {
  await using app = await startRawApp(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'))
  await using own = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(own.port)
  for (let n = 0; n < 5; n++) {
    client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
    assert.equal((await client.response()).body, 'hi')
  }
  client.close()
})

test('error pages speak the language that was asked for and carry the request id', async () => {
  const page = async (accept: string) => (await ask(`GET /x HTTP/1.1\r\nHost: unknown.localhost\r\nAccept: ${accept}\r\nX-Request-ID: seven\r\n\r\n`)).response
  const html = await page('text/html,*/*')
  assert.equal(html.header('content-type'), 'text/html; charset=utf-8')
  assert.match(Buffer.from(html.body, 'latin1').toString(), /Nothing lives here[\s\S]*unknown\.localhost[\s\S]*seven/)
  assert.ok(!/https?:\/\//.test(html.body), 'no external assets')
  const json = await page('application/json')
  assert.equal(json.header('content-type'), 'application/problem+json')
  assert.deepEqual({ ...JSON.parse(json.body), detail: undefined, title: undefined }, { type: 'about:blank', status: 404, kind: 'unknown-host', requestId: 'seven', detail: undefined, title: undefined })
  assert.equal((await page('*/*')).header('content-type'), 'text/plain; charset=utf-8')
})

test('a stopped service says so at once; a route to nowhere too', async () => {
  for (const host of ['stopped.localhost', 'nobody.localhost']) {
    const { response, client } = await ask(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    assert.equal(response.status, 503)
    assert.equal(response.header('nightshift-error'), 'stopped')
    client.close()
  }
})

test('plain HTTP to an https-only route is redirected', async () => {
  const { response, client } = await ask('GET /x?y HTTP/1.1\r\nHost: secure.localhost:8080\r\n\r\n')
  assert.equal(response.status, 308)
  assert.equal(response.header('location'), 'https://secure.localhost/x?y')
  client.close()
})

test('node:http as client meets nothing strange', async () => {
  const text = await new Promise<string>((resolve, reject) => {
    const request = httpRequest({ port: rig.port, host: '127.0.0.1', method: 'POST', headers: { host: 'web.localhost', 'transfer-encoding': 'chunked' } }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve(body))
    })
    request.on('error', reject)
    request.write('a')
    request.end('b')
  })
  assert.equal(JSON.parse(text).body, 'ab')
})

test('every request is one line of the access log, without its query', async () => {
  const { client } = await ask('GET /logged?token=secret HTTP/1.1\r\nHost: web.localhost\r\nX-Request-ID: log-me\r\n\r\n')
  client.close()
  const { client: stranger } = await ask('GET /"quote HTTP/1.1\r\nHost: unknown.localhost\r\nX-Request-ID: not-found\r\n\r\n')
  stranger.close()
  const lines = await rig.accessLog()
  const line = lines.find((entry) => entry['requestId'] === 'log-me')
  assert.deepEqual(
    { ...line, at: 0, traceId: String(line?.['traceId']).length, ms: 0, bytesIn: 0, bytesOut: 0 },
    { at: 0, app: 'shop', environment: 'production', service: 'web', route: 'route:r0', instance: 'ins_web0', method: 'GET', host: 'web.localhost', path: '/logged', status: 200, ms: 0, bytesIn: 0, bytesOut: 0, requestId: 'log-me', traceId: 32, client: '127.0.0.1', protocol: 'HTTP/1.1' },
  )
  assert.match(String(line?.['at']), /^\d{4}-\d\d-\d\dT/)
  const missing = lines.find((entry) => entry['requestId'] === 'not-found')
  assert.equal(missing?.['path'], '/"quote')
  assert.equal(missing?.['error'], 'unknown-host')
})
