/** Every kind against real servers of the machine: HTTP, TLS, DNS, WHOIS, MySQL's greeting, and what the system has. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import dnsPacket from 'dns-packet'
import { type CheckKind, checkKindSpecs } from '#contract/check-kinds.ts'
import type { CheckSpec, Outcome } from '#contract/checks.ts'
import { freePort } from '#test/harness/port.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { isPublicAddress } from '#base/public-address.ts'
import { readPing } from './ping/run.ts'
import type { CheckTools } from './port.ts'
import { startRunner } from './runner.ts'

async function run(kind: CheckKind, config: Record<string, unknown>, more: Partial<CheckSpec> = {}, tools: CheckTools = {}): Promise<Outcome> {
  const runner = startRunner({ vantage: 'test', tools, onResult() {} })
  try {
    return await runner.once({ id: 'chk_test', kind, config: checkKindSpecs[kind].config.parse(config), everyMs: 1000, timeoutMs: 5000, criteria: [], confined: false, known: {}, app: null, environment: null, service: null, plugin: null, ...more })
  } finally {
    await runner.close()
  }
}

async function serving(server: Server, work: (port: number) => Promise<void>) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await work((server.address() as AddressInfo).port)
  } finally {
    server.close()
    ;(server as { closeAllConnections?(): void }).closeAllConnections?.()
  }
}

const withHttp = (listener: RequestListener, work: (port: number) => Promise<void>) => serving(createHttp(listener), work)
const talking = (text: string | Buffer) => createServer((socket) => socket.on('error', () => {}).end(text))

const shop: RequestListener = (request, response) => {
  if (request.url === '/moved') return void response.writeHead(302, { location: '/up' }).end()
  if (request.url === '/loop') return void response.writeHead(302, { location: '/loop' }).end()
  if (request.url === '/broken') return void response.writeHead(503).end('out of order')
  if (request.url === '/hang') return
  if (request.url === '/echo') return void request.pipe(response.writeHead(200, { 'x-host': request.headers.host ?? '', 'x-auth': request.headers.authorization ?? '' }))
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok","items":[{"stock":3}]}')
}

test('http: status, body, headers, JSON and redirects are looked at', () =>
  withHttp(shop, async (port) => {
    const at = (path: string) => `http://127.0.0.1:${port}${path}`
    const said = async (config: Record<string, unknown>) => { const { status, message } = await run('http', config); return `${status}: ${message}` }
    assert.equal(await said({ url: at('/up'), json: ['status == "ok"', 'items[0].stock >= 3', 'items exists'], header: ['content-type: json'], body: '/"stock":\\d/' }), 'ok: 200 OK')
    assert.equal(await said({ url: at('/moved') }), 'ok: 200 OK')
    assert.equal(await said({ url: at('/moved'), redirects: 0, status: 302 }), 'ok: 302 Found')
    assert.match(await said({ url: at('/loop') }), /^err: more than 5 redirects/)
    assert.equal(await said({ url: at('/broken') }), 'err: answered 503 Service Unavailable, not 200-399: out of order')
    assert.equal(await said({ url: at('/up'), body: 'Pay' }), 'err: the body does not hold Pay')
    assert.equal(await said({ url: at('/up'), absent: 'stock' }), 'err: the body holds stock')
    assert.match(await said({ url: at('/up'), json: ['items[0].stock > 3'] }), /^err: .*it is 3$/)
    assert.match(await said({ url: at('/up'), header: ['x-none: a'] }), /has no header x-none/)
    assert.match(await said({ url: at('/up'), latency: '0ms' }), /^err: took .* more than 0ms/)
    assert.match(await said({ url: at('/up'), slow: '0ms' }), /^warn: took/)
    assert.match(await said({ url: at('/echo'), method: 'POST', send: `${'a'.repeat(60)}!`, body: '/^(a+)+$/' }), /^err: the body does not hold/)
    assert.equal(await said({ url: at('/echo'), method: 'POST', send: 'hello', authorization: 'Bearer x', body: 'hello', header: ['x-auth: Bearer x'] }), 'ok: 200 OK')
  }))

test('a run that gets no answer ends with its time limit, and criteria see its metrics', () =>
  withHttp(shop, async (port) => {
    assert.equal((await run('http', { url: `http://127.0.0.1:${port}/hang` }, { timeoutMs: 200 })).message, 'no answer within 200 ms')
    assert.equal((await run('http', { url: `http://127.0.0.1:${port}/up` }, { criteria: ['code EQ 200 warn'] })).message, 'code is 200 (code EQ 200 warn)')
    assert.equal((await run('http', { url: `http://127.0.0.1:${await freePort()}/` })).status, 'err')
  }))

test('a confined check reaches public addresses and the names it was given, not the network behind', () =>
  withHttp(shop, async (port) => {
    for (const url of [`http://127.0.0.1:${port}/up`, `http://localhost:${port}/up`, 'http://169.254.169.254/latest', 'http://[::1]/', 'http://10.0.0.1/', 'http://[::ffff:127.0.0.1]/'])
      assert.match((await run('http', { url }, { confined: true })).message, /not a public address/, url)
    assert.equal((await run('http', { url: 'http://web/up' }, { confined: true, known: { web: [{ host: '127.0.0.1', port }] } })).status, 'ok')
    assert.match((await run('http', { url: 'http://web/up' }, { confined: true, known: { web: [] } })).message, /no instance that is ready/)
    assert.match((await run('tcp', { address: `127.0.0.1:${port}` }, { confined: true })).message, /not a public address/)
    for (const address of ['8.8.8.8', '2606:4700::1111']) assert.equal(isPublicAddress(address), true, address)
    for (const address of ['100.64.1.1', '172.31.0.1', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '0.0.0.0']) assert.equal(isPublicAddress(address), false, address)
  }))

test('a redirect leads a confined check nowhere it may not go', () =>
  withHttp(shop, (inside) =>
    withHttp((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${inside}/up` }).end(), async (port) => {
      assert.match((await run('http', { url: 'http://web/' }, { confined: true, known: { web: [{ host: '127.0.0.1', port }] } })).message, /not a public address/)
    })))

test('a redirect to another origin does not take credentials along', () =>
  withHttp(shop, (there) =>
    withHttp((request, response) => (request.url === '/here' ? response.writeHead(302, { location: '/echo' }).end() : request.url === '/echo' ? shop(request, response) : response.writeHead(302, { location: `http://127.0.0.1:${there}/echo` }).end()), async (port) => {
      const auth = async (path: string) => (await run('http', { url: `http://127.0.0.1:${port}${path}`, authorization: 'Bearer geheim', header: ['x-auth: geheim'] })).status
      assert.deepEqual([await auth('/here'), await auth('/there')], ['ok', 'err'])
    })))

test('http-json: the state and metrics that the answer names are taken', () =>
  withHttp((_, response) => response.end('{"state":"warn","status":"queue is long","metrics":[{"name":"queue","type":"int","value":7}]}'), async (port) => {
    const { status, message, metrics } = await run('http-json', { url: `http://127.0.0.1:${port}/` })
    assert.deepEqual({ status, message, metrics }, { status: 'warn', message: 'queue is long', metrics: [{ name: 'queue', value: 7 }] })
  }))

test('tcp: the banner is looked at', () =>
  serving(talking('SSH-2.0-OpenSSH_9\r\n'), async (port) => {
    const address = `127.0.0.1:${port}`
    assert.deepEqual([(await run('tcp', { address })).status, (await run('tcp', { address, banner: '/^SSH-2/' })).message, (await run('tcp', { address, banner: 'FTP' })).status], ['ok', 'SSH-2.0-OpenSSH_9', 'err'])
  }))

test('mysql: a greeting, a refusal and a stranger are told apart', async () => {
  const packet = (body: Buffer) => Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
  await serving(talking(packet(Buffer.concat([Buffer.from([10]), Buffer.from('8.4.3\0'), Buffer.alloc(20)]))), async (port) => assert.deepEqual([(await run('mysql', { address: `127.0.0.1:${port}` })).message, (await run('mysql', { address: `127.0.0.1:${port}`, version: 'MariaDB' })).status], ['8.4.3', 'err']))
  await serving(talking(packet(Buffer.concat([Buffer.from([0xff, 0x10, 0x04]), Buffer.from('Too many connections')]))), async (port) => assert.equal((await run('mysql', { address: `127.0.0.1:${port}` })).message, 'the server refuses: Too many connections (1040)'))
  await serving(talking('220 ftp\r\n'), async (port) => assert.equal((await run('mysql', { address: `127.0.0.1:${port}` })).status, 'err'))
})

test('tls: the days that are left, and whether it is trusted', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-tls-'))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '15', '-subj', '/CN=shop.test', '-keyout', join(dir, 'key'), '-out', join(dir, 'crt')], { stdio: 'ignore' })
  const server = createHttps({ key: readFileSync(join(dir, 'key')), cert: readFileSync(join(dir, 'crt')) }, (_, response) => response.end('hello'))
  rmSync(dir, { recursive: true })
  await serving(server, async (port) => {
    const address = `127.0.0.1:${port}`
    const said = async (config: Record<string, unknown>) => (await run('tls', { address, name: 'shop.test', ...config }))
    assert.match((await said({ verify: false })).message, /ends in 1[45] days/)
    assert.deepEqual([(await said({ verify: false })).status, (await said({ verify: false, warn: 1, err: 0 })).status, (await said({ verify: false, err: 15 })).status], ['warn', 'ok', 'err'])
    assert.match((await said({ warn: 1, err: 0 })).message, /is not trusted/)
    assert.deepEqual([(await run('http', { url: `https://${address}/` })).status, (await run('http', { url: `https://${address}/`, verify: false })).status], ['err', 'ok'])
  })
})

test('dns: the answer is compared with what is expected', async () => {
  const server = createSocket('udp4')
  server.on('message', (data, from) => {
    const question = dnsPacket.decode(data)
    const name = question.questions?.[0]?.name ?? ''
    const answers = name === 'shop.test' ? [{ type: 'A' as const, name, ttl: 1, data: '192.0.2.1' }, { type: 'A' as const, name, ttl: 1, data: '192.0.2.2' }] : []
    server.send(dnsPacket.encode({ type: 'response', id: question.id ?? 0, flags: name === 'gone.test' ? 3 : 0, questions: question.questions ?? [], answers }), from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const said = async (config: Record<string, unknown>) => { const { status, message } = await run('dns', { name: 'shop.test', resolver: '127.0.0.1', port: server.address().port, ...config }); return `${status}: ${message}` }
    assert.equal(await said({ expect: ['192.0.2.1'] }), 'ok: 192.0.2.1, 192.0.2.2')
    assert.match(await said({ expect: ['192.0.2.1'], exact: true }), /^err: .* has 192.0.2.2 too$/)
    assert.match(await said({ expect: ['192.0.2.3'] }), /^err: .* without 192.0.2.3$/)
    assert.equal(await said({ name: 'none.test' }), 'err: none.test has no A record')
    assert.equal(await said({ name: 'gone.test' }), 'err: the server answered NXDOMAIN for gone.test')
  } finally {
    server.close()
  }
})

test('domain: RDAP and WHOIS say when a registration ends', async () => {
  const ends = (days: number) => new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString()
  const rdap: RequestListener = (request, response) => (request.url === '/domain/shop.test' ? response.end(JSON.stringify({ events: [{ eventAction: 'registration', eventDate: ends(-900) }, { eventAction: 'expiration', eventDate: ends(20) }] })) : response.writeHead(404).end())
  await withHttp(rdap, async (port) => {
    const server = `http://127.0.0.1:${port}`
    assert.match((await run('domain', { name: 'shop.test', server })).message, /^shop.test ends in 20 days/)
    assert.equal((await run('domain', { name: 'shop.test', server })).status, 'warn')
    assert.match((await run('domain', { name: 'other.test', server })).message, /is not registered/)
  })
  await serving(talking(`Domain Name: SHOP.TEST\r\nRegistry Expiry Date: ${ends(400)}\r\n`), async (port) => assert.equal((await run('domain', { name: 'shop.test', server: `whois://127.0.0.1:${port}` })).status, 'ok'))
})

test('postgres: a query is asked of a real server, and cannot write', async () => {
  await using database = await testDatabase()
  const url = new URL(database.url)
  const config = { host: url.hostname, port: Number(url.port), user: url.username, password: decodeURIComponent(url.password) || undefined, database: url.pathname.slice(1) }
  const said = async (more: Record<string, unknown>) => { const { status, message } = await run('postgres', { ...config, ...more }); return `${status}: ${message}` }
  assert.equal(await said({ query: 'SELECT count(*) FROM apps', expect: '0' }), 'ok: 1 row, the first value is 0')
  assert.match(await said({ query: 'SELECT 1', expect: '2' }), /^err: .* not 2$/)
  assert.match(await said({ query: 'CREATE TABLE x (y int)' }), /^err: .*read-only/)
  assert.match(await said({ query: 'COMMIT; CREATE TABLE x (y int)' }), /^err: cannot insert multiple commands/)
  assert.match(await said({ database: 'nowhere' }), /^err: .*nowhere/)
  assert.equal((await run('postgres', { ...config, query: 'SELECT pg_sleep(20)' }, { timeoutMs: 300 })).message, 'no answer within 300 ms')
  // what the client would keep is bounded, however long the time limit
  assert.equal(await said({ query: `SELECT repeat('x', 100000) FROM generate_series(1, 100000)` }), 'err: the server sends more than 16777216 bytes (ask for less, such as a count)')
})

test('redis: a real server answers, with its password', { skip: has('redis-server') ? false : 'redis-server is not installed' }, async () => {
  const port = await freePort()
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', 'night'], { stdio: 'ignore' })
  try {
    const config = { host: '127.0.0.1', port, password: 'night' }
    await until(async () => (await run('redis', config)).status === 'ok', { because: 'the server answers', everyMs: 50 })
    assert.equal((await run('redis', config)).message, 'PONG')
    assert.match((await run('redis', { ...config, password: 'day' })).message, /refuses/)
    assert.deepEqual((await run('redis', { ...config, command: 'DBSIZE', expect: '0' })).metrics, [{ name: 'value', value: 0 }])
    assert.ok((await run('redis', { ...config, command: 'INFO clients' })).metrics.some(({ name }) => name === 'connected_clients'))
  } finally {
    server.kill('SIGKILL')
  }
})

test('process, port and file look at this machine', () =>
  withHttp(shop, async (port) => {
    assert.equal((await run('port', { port })).status, 'ok')
    assert.equal((await run('port', { port: await freePort() })).status, 'err')
    const marker = `nightshift-check-${process.pid}`
    const sleeper = spawn('/bin/sh', ['-c', 'read -r line', marker])
    try {
      assert.equal((await run('process', { name: 'sh', arguments: marker })).status, 'ok')
      assert.equal((await run('process', { name: 'sh', arguments: marker, min: 2 })).status, 'err')
    } finally {
      sleeper.kill('SIGKILL')
    }
    const dir = mkdtempSync(join(tmpdir(), 'nightshift-file-'))
    const path = join(dir, 'backup')
    writeFileSync(path, 'x'.repeat(2048))
    utimesSync(path, new Date(), new Date(Date.now() - 7_200_000))
    const said = async (config: Record<string, unknown>) => (await run('file', { path, ...config })).status
    assert.deepEqual([await said({}), await said({ older: '1h' }), await said({ older: '3h', smaller: '1KB' }), await said({ smaller: '1MB' }), await said({ larger: '1KB' }), await said({ exists: false }), await said({ path: join(dir, 'none') })], ['ok', 'err', 'ok', 'err', 'err', 'err', 'err'])
    rmSync(dir, { recursive: true })
  }))

test('log: lines are counted where there is a log', async () => {
  const tools = { countLines: async () => 2 }
  const own = { app: 'shop', environment: 'production' }
  assert.deepEqual([(await run('log', { text: 'panic' }, own, tools)).status, (await run('log', { text: 'panic', max: 5 }, own, tools)).status, (await run('log', { text: 'tick', max: 5, min: 3 }, own, tools)).status], ['err', 'ok', 'err'])
  assert.match((await run('log', { text: 'panic' }, own)).message, /only control/)
})

test('ping: this machine answers itself', { skip: has('ping') ? false : 'ping is not installed' }, async () => {
  const { status, message } = await run('ping', { host: '127.0.0.1', count: 2 })
  if (/lets Nightshift send no pings/.test(message)) return
  assert.equal(status, 'ok', message)
  const lost = readPing('3 packets transmitted, 1 received, 66.6% packet loss, time 400ms\nrtt min/avg/max/mdev = 0.1/0.2/0.3/0.0 ms\n', 1, { host: 'a', count: 3, loss: 0 })
  assert.deepEqual([lost.status, lost.message], ['err', '1 of 3 packets came back'])
})

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
