import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { instanceOf, RawClient, type RawResponse, type Rig, type Shape, startApp, startRawApp, startRig, until } from './test-harness.ts'
import type { ProxyOptions } from './run.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An app whose answer a test changes, behind a service that keeps copies for a minute. */
async function startNet(first: Answer, more: Partial<ProxyOptions> & { staleIfErrorMs?: number | null } = {}) {
  const app = { answer: first, asked: 0 }
  const backend = await startApp((request, response) => {
    app.asked++
    app.answer(request, response)
  })
  const { staleIfErrorMs = 60_000, ...options } = more
  const shape: Shape = { services: { web: [backend.port] }, targets: { web: { staleIfErrorMs } } }
  const rig = await startRig(shape, { ...options, limits: { parkMs: 100, ...options.limits } })
  return {
    rig,
    shape,
    says: (answer: Answer) => void (app.answer = answer),
    asked: () => app.asked,
    backend,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]()
      await backend.close()
    },
  }
}

async function ask(rig: Rig, fields = '', { method = 'GET', target = '/', host = 'web.localhost' } = {}): Promise<RawResponse> {
  const client = new RawClient(rig.port)
  client.send(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)
  const response = await client.response(method)
  client.close()
  return response
}

const page = (fields: Record<string, string | string[]> = {}, body = 'the page'): Answer => (_request, response) => void response.writeHead(200, { 'content-length': body.length, ...fields }).end(body)
const fault = (status: number): Answer => (_request, response) => void response.writeHead(status).end('broken')
const cut: Answer = (request) => void request.socket.destroy()
const isStale = (response: RawResponse) => /detail=stale-if-error/.test(response.header('cache-status') ?? '')

test('a copy stands in for faults of the app, a connection that it loses, and an app that is gone', async () => {
  await using net = await startNet(page({ 'x-request-id': 'of-the-app', 'content-type': 'text/plain', etag: '"1"' }), { trafficPeriodMs: 50 })
  const { rig } = net
  assert.equal((await ask(rig)).body, 'the page')
  for (const answer of [fault(500), fault(502), fault(503), fault(504), cut]) {
    net.says(answer)
    const response = await ask(rig, 'X-Request-ID: mine\r\n')
    assert.deepEqual([response.status, response.body, response.header('content-type'), response.header('x-request-id')], [200, 'the page', 'text/plain', 'mine'])
    assert.match(response.header('cache-status') ?? '', /^Nightshift; hit; ttl=-?\d+; detail=stale-if-error$/)
    assert.match(response.header('age') ?? '', /^\d+$/)
    assert.equal(response.header('warning'), undefined)
  }
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 0) })
  await rig.agent.settled()
  assert.ok(isStale(await ask(rig)), 'no instance')

  await until(() => rig.control.traffic.flatMap((batch) => batch.counts).reduce((sum, count) => sum + (count.stale ?? 0), 0) === 6, 'the counts')
  const counts = rig.control.traffic.flatMap((batch) => batch.counts)
  assert.deepEqual(counts.reduce((sum, { status }) => [(sum[0] as number) + status['2xx'], (sum[1] as number) + status['5xx'], (sum[2] as number) + status.failed], [0, 0, 0]), [7, 0, 0])
  assert.equal(counts.flatMap((count) => count.releases).reduce((sum, release) => sum + release.errors, 0), 5, 'the release did not give those answers')
  const lines = await rig.accessLog()
  // the lost one is tried again, and how far that comes before the wait is over is not told beforehand
  assert.match(lines.map((line) => line['stale']).join(' '), /^ status-500 status-502 status-503 status-504 (lost|no-instance) no-instance$/)
  assert.ok(lines.every((line) => line['status'] === 200 && line['error'] === undefined))
})

test('an app that answers well is always asked, and what it says last is what is kept', async () => {
  await using net = await startNet(page({ 'cache-control': 'max-age=3600' }, 'one'))
  await ask(net.rig)
  net.says(page({ 'cache-control': 'max-age=3600' }, 'two'))
  assert.deepEqual([(await ask(net.rig)).body, net.asked()], ['two', 2])
  net.says((_request, response) => void response.writeHead(404).end('no'))
  assert.equal((await ask(net.rig)).status, 404)
  net.says(fault(503))
  const response = await ask(net.rig)
  assert.deepEqual([response.status, isStale(response)], [404, true])
})

test('a service that does not ask for it gets no copies, nor does one that is stopped', async () => {
  await using plain = await startNet(page({}), { staleIfErrorMs: null })
  await ask(plain.rig)
  plain.says(fault(500))
  assert.deepEqual([(await ask(plain.rig)).status], [500])

  await using net = await startNet(page({}))
  await ask(net.rig)
  await net.rig.table({ services: { web: [] }, stopped: ['web'], targets: { web: { staleIfErrorMs: 60_000 } } })
  assert.equal((await ask(net.rig)).header('nightshift-error'), 'stopped')
})

test('what may not be shared is not kept', async () => {
  await using net = await startNet(page())
  const { rig } = net
  const cases: [string, Record<string, string | string[]>, string?][] = [
    ['private', { 'cache-control': 'private' }],
    ['Private', { 'cache-control': 'max-age=60, Private' }],
    ['no-store', { 'cache-control': 'No-Store' }],
    ['no-cache', { 'cache-control': 'no-cache' }],
    ['pragma', { pragma: 'no-cache' }],
    ['must-revalidate', { 'cache-control': 'public, must-revalidate' }],
    ['proxy-revalidate', { 'cache-control': 'public, proxy-revalidate' }],
    ['a cookie is set', { 'set-cookie': 'a=b', 'cache-control': 'public' }],
    ['vary by everything', { vary: 'accept, *' }],
    ['stale-if-error=0', { 'cache-control': 'stale-if-error=0' }],
    ['a past s-maxage', { 'cache-control': 's-maxage=1', age: '5' }],
    ['older than both allow', { 'cache-control': 'max-age=10, stale-if-error=20', age: '40' }],
    ['older than the manifest allows', { 'cache-control': 'max-age=10, stale-if-error=900', age: '90' }],
    ['a session', {}, 'Cookie: session=1\r\n'],
    ['credentials', {}, 'Authorization: Bearer x\r\n'],
    ['credentials with max-age', { 'cache-control': 'max-age=60' }, 'Authorization: Bearer x\r\n'],
    ['an API key', {}, 'X-Api-Key: x\r\n'],
    ['a request that says so', {}, 'Cache-Control: no-store\r\n'],
  ]
  for (const [index, [name, fields, asked]] of cases.entries()) {
    net.says(page(fields))
    assert.equal((await ask(rig, asked, { target: `/${index}` })).status, 200)
    net.says(fault(503))
    assert.equal((await ask(rig, asked?.startsWith('Cache') ? '' : asked, { target: `/${index}` })).status, 503, name)
    assert.equal((await ask(rig, '', { target: `/${index}` })).status, 503, `${name}, asked by anybody`)
  }
  const kept: typeof cases = [
    ['nothing is said', {}],
    ['fresh by s-maxage', { 'cache-control': 's-maxage=60' }],
    ['stale within both', { 'cache-control': 'max-age=10, stale-if-error=60', age: '40' }],
    ['s-maxage with its own word', { 'cache-control': 's-maxage=1, stale-if-error=60', age: '5' }],
    ['public, for a session', { 'cache-control': 'public' }, 'Cookie: session=1\r\n'],
    ['public, with credentials', { 'cache-control': 'public' }, 'Authorization: Bearer x\r\n'],
    ['varies by session', { vary: 'Cookie' }, 'Cookie: session=1\r\n'],
  ]
  for (const [index, [name, fields, asked]] of kept.entries()) {
    net.says(page(fields))
    await ask(rig, asked, { target: `/kept${index}` })
    net.says(fault(503))
    assert.equal((await ask(rig, asked, { target: `/kept${index}` })).status, 200, name)
  }
})

test('the time of the manifest ends it', async () => {
  await using net = await startNet(page(), { staleIfErrorMs: 400 })
  await ask(net.rig)
  net.says(fault(503))
  assert.equal((await ask(net.rig)).status, 200)
  const end = performance.now() + 5_000
  while ((await ask(net.rig)).status === 200) assert.ok(performance.now() < end, 'the copy is never too old')
})

test('copies differ by what Vary names, and by the caller’s address where the app says so', async () => {
  await using net = await startNet((request, response) => void response.writeHead(200, { vary: 'Accept-Language' }).end(request.headers['accept-language'] ?? 'none'))
  for (const language of ['de', 'fr']) await ask(net.rig, `Accept-Language: ${language}\r\n`)
  net.says(fault(500))
  assert.match((await ask(net.rig, 'Accept-Language: de\r\n')).body, /de/)
  assert.match((await ask(net.rig, 'Accept-Language: fr\r\n')).body, /fr/)
  assert.equal((await ask(net.rig, 'Accept-Language: en\r\n')).status, 500)
  assert.equal((await ask(net.rig)).status, 500)
  net.says(page({ vary: 'X-Request-Start' }))
  await ask(net.rig, '', { target: '/always-new' })
  await new Promise((resolve) => setTimeout(resolve, 2)) // X-Request-Start counts milliseconds
  net.says(fault(500))
  assert.equal((await ask(net.rig, '', { target: '/always-new' })).status, 500)
})

test('path, query, host and service are each a place of their own', async () => {
  await using one = await startApp((_request, response) => response.end('one'))
  await using two = await startApp((_request, response) => response.writeHead(503).end())
  const targets = { one: { staleIfErrorMs: 60_000 }, two: { staleIfErrorMs: 60_000 } }
  const routed = (service: string) => ({ services: { one: [one.port], two: [two.port] }, targets, routes: [{ host: '*.localhost', service: `shop/production/${service}` }] })
  await using rig = await startRig(routed('one'))
  await ask(rig, '', { host: 'a.localhost', target: '/x?y=1' })
  one.close().catch(() => {})
  rig.agent.say({ t: 'gone', instance: instanceOf('one', 0) })
  await rig.agent.settled()
  const status = async (host: string, target: string) => (await ask(rig, 'Connection: close\r\n', { host, target })).status
  await rig.table({ ...routed('one'), services: { one: [], two: [two.port] }, targets: { ...targets, one: { staleIfErrorMs: 60_000, timeoutMs: 50 } } })
  assert.deepEqual(await Promise.all([status('a.localhost', '/x?y=1'), status('a.localhost', '/x?y=2'), status('a.localhost', '/x'), status('b.localhost', '/x?y=1')]), [200, 503, 503, 503])
  await rig.table(routed('two'))
  assert.equal(await status('a.localhost', '/x?y=1'), 503, 'the host is another’s')
  await rig.table({ ...routed('one'), services: { one: [], two: [two.port] }, targets: { ...targets, one: { staleIfErrorMs: 60_000, timeoutMs: 50 } } })
  assert.equal(await status('a.localhost', '/x?y=1'), 503, 'and what was there before is forgotten')
})

test('copies go with the wish for them, and stay over a new release', async () => {
  await using net = await startNet(page())
  const { rig, shape } = net
  await ask(rig)
  rig.agent.say({ t: 'endpoint', endpoint: { instance: 'ins_new', service: 'shop/production/web', release: 2, host: '127.0.0.1', port: net.backend.port, state: 'ready' } })
  await rig.agent.settled()
  await rig.table({ ...shape, targets: { web: { staleIfErrorMs: 60_000, instances: ['ins_new'] } } })
  net.says(fault(500))
  assert.ok(isStale(await ask(rig)))
  await rig.table({ ...shape, targets: { web: { staleIfErrorMs: null, instances: ['ins_new'] } } })
  await rig.table({ ...shape, targets: { web: { staleIfErrorMs: 60_000, instances: ['ins_new'] } } })
  assert.equal((await ask(rig)).status, 500)
})

test('only a whole answer is kept: not one that breaks off, ends with its connection, or is a part', async () => {
  let raw = ''
  let ends = false
  await using app = await startRawApp((socket) => {
    socket.on('data', () => {
      socket.write(raw, 'latin1')
      if (ends) socket.end()
    })
  })
  await using rig = await startRig({ services: { web: [app.port] }, targets: { web: { staleIfErrorMs: 60_000 } } })
  const cases: [string, string, boolean][] = [
    ['cut', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', true],
    ['chunked cut', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', true],
    ['malformed later', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n', false],
    ['close', 'HTTP/1.1 200 OK\r\n\r\nperhaps whole', true],
    ['part', 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\nhalf', false],
  ]
  for (const [name, answer, end] of cases) {
    raw = answer
    ends = end
    const client = new RawClient(rig.port)
    client.send(`GET /${name.replace(' ', '-')} HTTP/1.1\r\nHost: web.localhost\r\nConnection: close\r\n\r\n`)
    await client.end()
    raw = 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'
    ends = false
    assert.equal((await ask(rig, '', { target: `/${name.replace(' ', '-')}` })).status, 503, name)
  }
})

test('a chunked body is kept as content, whatever pieces it came in', async () => {
  await using net = await startNet((_request, response) => {
    response.write('one ')
    setImmediate(() => {
      response.write('two ')
      setImmediate(() => response.end('three'))
    })
  })
  await ask(net.rig)
  net.says(fault(500))
  const response = await ask(net.rig)
  assert.deepEqual([response.body, response.header('content-length'), response.header('transfer-encoding')], ['one two three', '13', undefined])
})

test('other methods are never answered from a copy, and what changes a page makes its copy old', async () => {
  await using net = await startNet(page())
  await ask(net.rig)
  net.says(fault(503))
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.equal((await ask(net.rig, 'Content-Length: 0\r\n', { method })).status, 503)
  assert.equal((await ask(net.rig)).status, 200, 'a change that failed changes nothing')
  net.says(page())
  await ask(net.rig, 'Content-Length: 0\r\n', { method: 'POST' })
  net.says(fault(503))
  assert.equal((await ask(net.rig)).status, 503)
})

test('a HEAD is answered from the copy of a GET, and its own copy answers no GET', async () => {
  await using net = await startNet(page())
  await ask(net.rig, '', { target: '/get' })
  await ask(net.rig, '', { target: '/head', method: 'HEAD' })
  net.says(fault(503))
  for (const target of ['/get', '/head']) {
    const response = await ask(net.rig, '', { target, method: 'HEAD' })
    assert.deepEqual([response.status, response.header('content-length'), isStale(response)], [200, '8', true])
  }
  assert.equal((await ask(net.rig, '', { target: '/head' })).status, 503)
})

test('conditions are met with 304 or the whole, a range with the whole, and who wants no copy gets none', async () => {
  const modified = 'Wed, 01 Jul 2026 10:00:00 GMT'
  await using net = await startNet(page({ etag: 'W/"v1"', 'last-modified': modified, 'content-type': 'text/plain', vary: 'Accept' }))
  await ask(net.rig)
  net.says(fault(503))
  const cases: [string, number][] = [
    ['If-None-Match: "v1"', 304],
    ['If-None-Match: "v0", W/"v1"', 304],
    ['If-None-Match: *', 304],
    ['If-None-Match: "v2"', 200],
    [`If-None-Match: "v2"\r\nIf-Modified-Since: ${modified}`, 200],
    [`If-Modified-Since: ${modified}`, 304],
    ['If-Modified-Since: Tue, 30 Jun 2026 10:00:00 GMT', 200],
    ['If-Modified-Since: whenever', 200],
    ['Range: bytes=0-1', 200],
    ['Cache-Control: max-age=0', 200],
    ['Cache-Control: no-cache', 503],
    ['Pragma: no-cache', 503],
    ['If-Match: "v1"', 503],
    [`If-Unmodified-Since: ${modified}`, 503],
  ]
  for (const [fields, status] of cases) {
    const response = await ask(net.rig, `${fields}\r\n`)
    assert.equal(response.status, status, fields)
    if (status === 200) assert.equal(response.body, 'the page', fields)
    if (status === 304) assert.deepEqual([response.header('etag'), response.header('vary'), response.header('content-type'), response.header('content-length')], ['W/"v1"', 'Accept', undefined, undefined])
  }
})

test('a 304 of the app makes a copy as good as new, or takes it back', async () => {
  await using net = await startNet(page({ etag: '"v1"', age: '50', 'cache-control': 'max-age=1' }))
  const unmodified = (fields: Record<string, string>): Answer => (_request, response) => void response.writeHead(304, fields).end()
  await ask(net.rig)
  net.says(unmodified({ etag: '"v1"', 'cache-control': 'max-age=2000' }))
  assert.equal((await ask(net.rig, 'If-None-Match: "v1"\r\n')).status, 304)
  net.says(fault(503))
  const response = await ask(net.rig)
  assert.deepEqual([response.status, response.body, response.header('cache-control'), Number(response.header('age')) < 50], [200, 'the page', 'max-age=2000', true])
  net.says(unmodified({ etag: '"v1"', 'cache-control': 'private' }))
  await ask(net.rig, 'If-None-Match: "v1"\r\n')
  net.says(fault(503))
  assert.equal((await ask(net.rig)).status, 503)
})

test('a page that everybody got and that is closed now is not shown any more; somebody’s own page closes nothing', async () => {
  await using net = await startNet(page())
  await ask(net.rig)
  net.says(page({ 'cache-control': 'private' }, 'mine'))
  await ask(net.rig, 'Cookie: session=1\r\n')
  net.says(fault(503))
  assert.equal((await ask(net.rig)).body, 'the page')
  net.says((_request, response) => void response.writeHead(401).end())
  await ask(net.rig)
  net.says(fault(503))
  assert.equal((await ask(net.rig)).status, 503)
})

test('requests behind one another on a connection are answered in their order', async () => {
  await using net = await startNet(page())
  await ask(net.rig)
  net.says(fault(503))
  const client = new RawClient(net.rig.port)
  client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'.repeat(2) + 'GET /other HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  assert.deepEqual([(await client.response()).body, (await client.response()).body, (await client.response()).status], ['the page', 'the page', 503])
  client.close()
})
