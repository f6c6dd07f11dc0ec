/** Drains against receivers that assert what they get. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { openSecretBox } from '#base/secretbox.ts'
import type { LogLine } from '#contract/model.ts'
import { openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { localCertificate } from '#test/harness/certificate.ts'
import { freePort } from '#test/harness/port.ts'
import { startRsyslog, whyNoRsyslog } from '#test/harness/rsyslog.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { type BatchLimits } from './collector.ts'
import { startDrains } from './loop.ts'
import { DeliveryError } from './port.ts'
import { openPost } from './post.ts'
import { openDrainService } from './service.ts'

const admin: Caller = { actor: { kind: 'token', name: 'ada' }, access: 'admin', apps: null }
const shopOnly: Caller = { actor: { kind: 'token', name: 'ci' }, access: 'deploy', apps: ['shop'] }
const never = new AbortController().signal

async function world(t: TestContext) {
  const database = await testDatabase()
  const db = openDatabase(database.url)
  await db.query("INSERT INTO apps (name, created_at) VALUES ('shop', now()), ('blog', now())")
  const box = openSecretBox(Buffer.alloc(32, 7).toString('base64'))
  const log = createLogger({ process: 'test', level: 'silent' })
  const writer = createLogWriter(db)
  const reader = createLogReader(db)
  const open = (limits: BatchLimits = { lines: 100, chars: 100_000, lingerMs: 20 }) => startDrains({ db, box, log, limits, periodMs: 20, clock: { now: () => new Date() }, lines: (app, after, signal) => reader.stream({ app }, { after, signal }) })
  let loop = open()
  const positions = new Map<string, number>()
  t.after(async () => {
    await loop.close()
    reader.close()
    await writer.close()
    await db.close()
    await database[Symbol.asyncDispose]()
  })
  return {
    db,
    drains: openDrainService({ db, box, changed: () => loop.wake() }),
    async write(app: string, texts: string[], atMs?: number) {
      const from = positions.get(app) ?? 0
      positions.set(app, from + texts.length)
      await writer.ingest([batchOf(app, from, texts.map((text) => entry(text, atMs)), { app })])
    },
    /** As after a kill: what was under way is gone. */
    async restart(limits?: BatchLimits) {
      await loop.close()
      loop = open(limits)
    },
    events: async () => (await db.query<{ kind: string; summary: string }>("SELECT kind, summary FROM events WHERE kind LIKE 'drain.%' ORDER BY id")).map(({ kind, summary }) => `${kind}: ${summary}`),
  }
}

type Got = { path: string; headers: Record<string, unknown>; body: string }

/** An HTTP receiver; `status` answers the next requests. */
async function receiver(t: TestContext) {
  const got: Got[] = []
  const refused: Got[] = []
  const state = { status: (_body: string): number => 204 }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      assert.equal(request.headers['content-encoding'], 'gzip')
      const body = gunzipSync(Buffer.concat(parts)).toString()
      const status = state.status(body)
      ;(status < 300 ? got : refused).push({ path: request.url ?? '', headers: request.headers, body })
      response.writeHead(status, { 'retry-after': '0' }).end(status < 300 ? '' : 'not today\n')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => (server.closeAllConnections(), server.close()))
  const texts = () => got.flatMap(({ body }) => body.trim().split('\n').map((one) => (JSON.parse(one) as LogLine).text))
  return { got, refused, state, texts, url: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('lines of an app are sent on as NDJSON from the moment a drain is added, in order, over a restart', async (t) => {
  const { drains, write, restart } = await world(t)
  const { got, texts, url } = await receiver(t)
  await write('shop', ['before'])
  const drain = await drains.add(admin, { app: 'shop', url: `http://me:geheim@${url}/in?key=geheim`, headers: { 'x-team': 'night' } }, new Date())
  assert.equal(drain.url, `http://${url}/…?…`)
  await write('shop', ['one', 'two'])
  await write('blog', ['of another app'])
  await until(() => texts().length === 2, { because: 'two lines arrived' })
  await until(async () => (await drains.list(admin, 'shop'))[0]?.sent === 2, { because: 'and are known to have: what is not is sent again' })
  await restart()
  await write('shop', Array.from({ length: 250 }, (_, nth) => `line ${nth}`))
  await until(() => texts().length >= 252, { because: 'all arrived' })
  assert.deepEqual(texts(), ['one', 'two', ...Array.from({ length: 250 }, (_, nth) => `line ${nth}`)])
  assert.equal(got[0]?.path, '/in?key=geheim')
  assert.equal(got[0]?.headers['authorization'], `Basic ${Buffer.from('me:geheim').toString('base64')}`)
  assert.equal(got[0]?.headers['x-team'], 'night')
  assert.equal(got[0]?.headers['content-type'], 'application/x-ndjson')
  const listed = await until(async () => (await drains.list(admin, 'shop')).find(({ sent }) => sent === 252), { because: 'it is counted' })
  assert.equal(listed.state, 'sending')
  await drains.remove(admin, drain.id, new Date())
  await write('shop', ['after'])
  assert.deepEqual(await drains.list(admin, 'shop'), [])
})

test('a receiver that answers without end, or a byte now and then, does not hold a drain', async (t) => {
  const server = createServer((request, response) => {
    response.writeHead(500)
    if (request.url === '/much') return void response.end('x'.repeat(1_000_000))
    const drip = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(drip))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => (server.closeAllConnections(), server.close()))
  for (const [path, because] of [['much', /^it answered 500: x{200}$/], ['drip', /^no whole answer within 0.3 s$/]] as const) {
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`)
    const { post, close } = openPost({ url, headers: {}, ca: undefined, anyAddress: true }, url, { withinMs: 300 })
    await assert.rejects(post('{}', 'application/json', never), (error: unknown) => error instanceof DeliveryError && error.verdict === 'again' && because.test(error.message))
    close()
  }
})

test('what a receiver does not take waits, is tried again, and arrives once it takes it', async (t) => {
  const { drains, write, restart } = await world(t)
  const { refused, state, texts, url } = await receiver(t)
  state.status = () => 503
  const { id } = await drains.add(admin, { app: 'shop', url: `http://${url}` }, new Date())
  await write('shop', ['a', 'b'])
  await until(() => refused.length > 0, { because: 'it was tried' })
  const failing = await until(async () => (await drains.list(admin, undefined)).find(({ state: now }) => now === 'failing'), { because: 'it says that it fails' })
  assert.equal(failing.lastError, 'it answered 503: not today')
  assert.deepEqual(await drains.test(admin, id, new Date(), never).then(({ ok, because }) => ({ ok, because })), { ok: false, because: 'it answered 503: not today' })
  await write('shop', ['c'])
  await restart()
  state.status = () => 200
  await until(() => texts().length === 3, { because: 'all arrived' })
  assert.deepEqual(texts(), ['a', 'b', 'c'])
  assert.equal((await drains.test(admin, id, new Date(), never)).ok, true)
})

test('too much at once is halved, and what is refused for good is given up, counted and told of', async (t) => {
  const { drains, write, events } = await world(t)
  const { state, texts, url } = await receiver(t)
  state.status = (body) => (body.split('\n').length > 30 ? 413 : body.includes('poison') ? 400 : 200)
  await drains.add(admin, { app: 'shop', url: `http://${url}` }, new Date())
  const all = Array.from({ length: 100 }, (_, nth) => (nth === 50 ? 'poison' : `line ${nth}`))
  await write('shop', all)
  const seen = await until(async () => (await drains.list(admin, 'shop')).find(({ sent, dropped }) => sent + dropped === 100), { because: 'every line is accounted for' })
  // the part of the batch that the bad line was in
  const missing = all.filter((text) => !texts().includes(text))
  assert.ok(missing.includes('poison') && missing.length <= 30, `${missing}`)
  assert.deepEqual([seen.dropped, texts()], [missing.length, all.filter((text) => !missing.includes(text))])
  assert.match((await events()).join('\n'), new RegExp(`drain\\.dropped: drain to http://127\\.0\\.0\\.1:\\d+: ${missing.length} lines? w.* given up`))
})

test('what waited more than a day behind a failing receiver is given up, counted and told of', async (t) => {
  const { db, drains, write, restart, events } = await world(t)
  const { state, texts, url } = await receiver(t)
  state.status = () => 500
  await drains.add(admin, { app: 'shop', url: `http://${url}` }, new Date())
  await write('shop', ['old', 'older'], Date.now() - 25 * 3_600_000)
  await until(async () => (await drains.list(admin, 'shop'))[0]?.state === 'failing', { because: 'it fails' })
  await db.query("UPDATE drains SET failing_since = now() - interval '26 hours', failing_told = true, retry_at = NULL")
  await write('shop', ['new'])
  state.status = () => 200
  await restart()
  await until(() => texts().length > 0, { because: 'a line arrived' })
  assert.deepEqual(texts(), ['new'])
  await until(async () => (await events()).length === 3, { because: 'all is told' })
  assert.match((await events()).slice(1).join('\n'), /drain\.dropped: .* 2 lines were given up[^]*drain\.recovered: .* it takes lines again, after 26 h/)
})

test('syslog goes over TCP, and over TLS to a server whose authority is named', async (t) => {
  const { drains, write } = await world(t)
  const { certPem, keyPem } = await localCertificate()
  const received = { tcp: '', tls: '' }
  const tcp = createTcp((socket) => void socket.on('data', (data) => (received.tcp += String(data)))).listen(0, '127.0.0.1')
  const tls = createTls({ cert: certPem, key: keyPem }, (socket) => void socket.on('data', (data) => (received.tls += String(data)))).listen(0, '127.0.0.1')
  await Promise.all([once(tcp, 'listening'), once(tls, 'listening')])
  t.after(() => (tcp.close(), tls.close()))
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port
  await drains.add(admin, { app: null, url: `syslog://127.0.0.1:${port(tcp)}` }, new Date())
  await drains.add(admin, { app: 'blog', url: `syslog+tls://localhost:${port(tls)}`, caPem: certPem }, new Date())
  const stranger = await drains.add(admin, { app: 'blog', url: `syslog+tls://localhost:${port(tls)}` }, new Date())
  await write('shop', ['WARN of shop'])
  await write('blog', ['of blog ä'])
  await until(() => received.tcp.includes('of blog') && received.tls.includes('of blog'), { because: 'both arrived' })
  assert.match(received.tcp, /^\d+ <132>1 \S+Z shop web web\.1 stdout \[nightshift@32473 environment="production" release="v1"\] WARN of shop\d+ <134>1 \S+ blog web /)
  assert.match(received.tls, /^\d+ <134>1 \S+ blog web web\.1 stdout \[.*\] of blog ä$/)
  const [, length, message] = /^(\d+) (.*)$/.exec(received.tls) ?? []
  assert.equal(Buffer.byteLength(message as string), Number(length))
  assert.match((await drains.test(admin, stranger.id, new Date(), never)).because, /its certificate is not trusted here: it is self-signed/)
})

test('rsyslog takes what a drain sends, line by line and field by field', { skip: whyNoRsyslog ?? false }, async (t) => {
  const { drains, write } = await world(t)
  const port = await freePort()
  await using rsyslog = await startRsyslog(`module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="t" type="string" string="%syslogseverity-text%|%hostname%|%app-name%|%procid%|%msgid%|%structured-data%|%msg%\\n")
action(type="omfile" file="$FOLDER/got" template="t")`)
  await drains.add(admin, { app: 'shop', url: `syslog://127.0.0.1:${port}` }, new Date())
  const texts = Array.from({ length: 500 }, (_, nth) => (nth === 3 ? 'ERROR two\nlines ß' : `line ${nth}`))
  await write('shop', texts)
  const got = async () => (await rsyslog.file('got')).trimEnd().split('\n')
  await until(async () => (await got()).length === 500, { because: 'rsyslog has written 500 lines' })
  const lines = await got()
  assert.equal(lines[0], 'info|shop|web|web.1|stdout|[nightshift@32473 environment="production" release="v1"]|line 0')
  assert.match(lines[3] as string, /^err\|shop\|.*\|ERROR two#012lines ß$/)
  assert.deepEqual(lines.slice(4).map((line) => line.split('|').at(-1)), texts.slice(4))
})

test('a caller that is limited to apps sees and makes drains of its own alone, to public addresses alone', async (t) => {
  const { db, drains } = await world(t)
  const { url } = await receiver(t)
  const every = await drains.add(admin, { app: null, url: `http://${url}` }, new Date())
  const add = (caller: Caller, app: string | null, to: string) => drains.add(caller, { app, url: to }, new Date())
  await assert.rejects(add(shopOnly, 'blog', 'https://logs.example.com'), { code: 'not-found' })
  await assert.rejects(add(shopOnly, null, 'https://logs.example.com'), { code: 'forbidden' })
  for (const to of [`http://${url}`, 'syslog://169.254.169.254', 'loki+http://localhost:3100', 'https://[::1]/'])
    await assert.rejects(add(shopOnly, 'shop', to), { code: 'forbidden', message: /only an admin may send there/ }, to)
  const own = await add(shopOnly, 'shop', 'https://logs.example.com/geheim')
  assert.deepEqual((await drains.list(shopOnly, undefined)).map(({ id }) => id), [own.id])
  await assert.rejects(drains.remove(shopOnly, every.id, new Date()), { code: 'not-found' })
  await assert.rejects(drains.test(shopOnly, every.id, new Date(), never), { code: 'not-found' })
  assert.ok(!JSON.stringify([await drains.list(admin, undefined), await db.query('SELECT shown, last_error FROM drains'), await db.query('SELECT summary, data FROM events')]).includes('geheim'))
  for (let nth = 0; nth < 4; nth++) await add(shopOnly, 'shop', 'https://logs.example.com')
  await assert.rejects(add(shopOnly, 'shop', 'https://logs.example.com'), { code: 'limited' })
})
