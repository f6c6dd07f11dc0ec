/** A real MariaDB, and a stand-in that verifies what a MySQL server of today asks for: Debian has no such server. */
import assert from 'node:assert/strict'
import { constants, createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { checkKindSpecs } from '#contract/check-kinds.ts'
import type { Outcome } from '#contract/checks.ts'
import { localCertificate } from '#test/harness/certificate.ts'
import { startMariadb, whyNoMariadb } from '#test/harness/mariadb.ts'
import { startRunner } from '../runner.ts'
import { Packets } from './packets.ts'

async function run(config: Record<string, unknown>, timeoutMs = 20_000): Promise<Outcome> {
  const runner = startRunner({ vantage: 'test', tools: {}, onResult() {} })
  try {
    return await runner.once({ id: 'chk_test', kind: 'mysql', config: checkKindSpecs.mysql.config.parse(config), everyMs: 1000, timeoutMs, criteria: [], confined: false, known: {}, app: null, environment: null, service: null, plugin: null })
  } finally {
    await runner.close()
  }
}
const said = async (config: Record<string, unknown>) => {
  const { status, message } = await run(config)
  return `${status}: ${message}`
}

test('a query is asked of a real MariaDB, over TLS, and cannot write', { skip: whyNoMariadb }, async () => {
  const setup = [`CREATE DATABASE shop CHARACTER SET utf8mb4`, `CREATE TABLE shop.jobs (id int, note text) ENGINE=InnoDB`, `INSERT INTO shop.jobs VALUES (1, 'ein Käse'), (2, NULL)`, `CREATE USER ro IDENTIFIED BY 'night'`, `GRANT ALL ON shop.* TO ro`, `CREATE USER sealed IDENTIFIED BY 'night' REQUIRE SSL`, `CREATE USER nobody`]
  await using server = await startMariadb({ setup, certificate: await localCertificate() })
  const config = { address: `localhost:${server.port}`, user: 'ro', password: 'night', database: 'shop' }
  assert.equal(await said({ ...config, query: 'SELECT count(*) FROM jobs', expect: '2' }), 'ok: 1 row, the first value is 2')
  assert.deepEqual((await run({ ...config, query: 'SELECT count(*) FROM jobs' })).metrics, [{ name: 'rows', value: 1 }, { name: 'value', value: 2 }])
  assert.equal(await said({ ...config, query: 'SELECT note FROM jobs ORDER BY id' }), 'ok: 2 rows, the first value is ein Käse')
  assert.equal(await said({ ...config, query: 'SELECT note FROM jobs ORDER BY id DESC', expect: '3' }), 'err: the query answered null, not 3')
  assert.equal(await said({ ...config, query: 'SELECT note FROM jobs WHERE id > 9', expect: '3' }), 'err: the query answered nothing, not 3')
  assert.match(await said({ ...config, query: 'INSERT INTO jobs VALUES (3, NULL)' }), /^err: .*READ ONLY/)
  assert.match(await said({ ...config, query: 'CREATE TABLE x (y int)' }), /^err: .*READ ONLY/)
  assert.match(await said({ ...config, query: 'COMMIT; DROP TABLE jobs' }), /^err: .*syntax/)
  assert.match(await said({ ...config, query: 'SELECT nothing' }), /^err: Unknown column .* \(1054\)$/)
  assert.match(await said({ ...config, password: 'day' }), /^err: the server refuses: Access denied for user 'ro'.* \(1045\)$/)
  assert.match(await said({ ...config, database: 'nowhere' }), /^err: the server refuses: .*nowhere/)
  assert.match(await said({ address: config.address, user: 'sealed', password: 'night' }), /^ok: signed in to .*MariaDB/)
  assert.match(await said({ ...config, query: `SHOW STATUS LIKE 'Ssl_version'` }), /^ok: 1 row, the first value is Ssl_version$/)
  assert.match(await said({ ...config, tls: true }), /^err: .*certificate is not trusted here/)
  assert.match(await said({ ...config, tls: true, verify: false }), /^ok: signed in/)
  assert.match(await said({ address: config.address, user: 'nobody' }), /^ok: signed in/)
  assert.match(await said({ address: config.address, version: 'MariaDB' }), /^ok: .*MariaDB/)
  assert.match(await said({ address: config.address, version: '/^8\\./' }), /^err: its version is/)
  assert.equal((await run({ ...config, query: 'SELECT sleep(20)' }, 300)).message, 'no answer within 300 ms')
  assert.match(await said({ ...config, query: 'SELECT seq FROM seq_1_to_200000' }), /^err: the query answers more than 100000 rows/)
})

test('without TLS a password is proved, not said', { skip: whyNoMariadb }, async () => {
  await using server = await startMariadb({ setup: [`CREATE USER ro IDENTIFIED BY 'night'`] })
  const config = { address: `127.0.0.1:${server.port}`, user: 'ro', password: 'night' }
  assert.match(await said(config), /^ok: signed in/)
  assert.match(await said({ ...config, tls: true }), /^err: the server offers no TLS/)
})

type Play = { /** What it does once the user's proof has come. */ after: 'known' | 'unknown' | 'switches' | 'wants a file' | 'other method' | 'columns' | 'long rows'; tls?: boolean }
const password = 'sehr geheim'
const sha256 = (...parts: (Buffer | string)[]) => parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest()
const keys = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const certificate = await localCertificate()

/** Knows the password only as the server does: hashed twice. */
function proves(token: Buffer, scramble: Buffer): boolean {
  const stored = sha256(sha256(password))
  const mask = sha256(stored, scramble)
  return sha256(Buffer.from(token.map((byte, nth) => byte ^ (mask[nth] as number)))).equals(stored)
}

async function serve(socket: Socket, { after, tls = false }: Play): Promise<void> {
  const scramble = randomBytes(20).map((byte) => (byte % 90) + 33) as Buffer
  const packets = new Packets(socket)
  const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0])
  const capabilities = 0x8_0000 | 0x8000 | 0x200 | (tls ? 0x800 : 0)
  const head = Buffer.from([1, 0, 0, 0, ...scramble.subarray(0, 8), 0, capabilities & 0xff, (capabilities >> 8) & 0xff, 45, 2, 0, (capabilities >> 16) & 0xff, 0, 21, ...Buffer.alloc(10), ...scramble.subarray(8), 0])
  packets.send(Buffer.concat([Buffer.from('\n8.4.3\0'), head, Buffer.from('caching_sha2_password\0')]), true)
  let answer = await packets.next()
  if (tls) {
    assert.equal(answer.length, 32)
    await packets.secure(async (raw) => new TLSSocket(raw, { isServer: true, cert: certificate.certPem, key: certificate.keyPem }))
    answer = await packets.next()
  }
  const end = answer.indexOf(0, 32)
  let token = answer.subarray(end + 2, end + 2 + (answer[end + 1] as number))
  if (after === 'switches') {
    packets.send(Buffer.concat([Buffer.from('\xfecaching_sha2_password\0', 'latin1'), scramble.toReversed(), Buffer.from([0])]))
    token = await packets.next()
  }
  if (!proves(token, after === 'switches' ? (Buffer.from(scramble.toReversed())) : scramble)) return packets.send(Buffer.from('\xff\x15\x04#28000Access denied', 'latin1'))
  if (after === 'other method') return packets.send(Buffer.from('\xfeauthentication_ldap\0data', 'latin1'))
  packets.send(Buffer.from([1, after === 'unknown' ? 4 : 3]))
  if (after === 'unknown' && !(await saysPassword(packets, scramble, tls))) return packets.send(Buffer.from('\xff\x15\x04#28000Access denied', 'latin1'))
  packets.send(ok)
  for (;;) {
    const command = await packets.next()
    if (command[0] === 1) return
    if (!command.toString().startsWith('\x03SELECT')) packets.send(ok)
    else if (after === 'wants a file') packets.send(Buffer.from('\xfb/etc/passwd', 'latin1'))
    else if (after === 'columns') packets.send(Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    else if (after === 'long rows') return sendLongRows(packets)
    else for (const row of [[1], [3, 100, 101, 102], [0xfe, 0, 0, 2, 0], [2, 0x34, 0x32], [0xfe, 0, 0, 2, 0]]) packets.send(Buffer.from(row))
  }
}

/** Rows without an end, each of which is short enough. */
async function sendLongRows(packets: Packets): Promise<void> {
  for (const head of [[1], [3, 100, 101, 102], [0xfe, 0, 0, 2, 0]]) packets.send(Buffer.from(head))
  const row = Buffer.concat([Buffer.from([0xfd, 0, 0, 8]), Buffer.alloc(8 << 16, 'x')])
  while (!packets.socket.destroyed) {
    packets.send(row)
    if (packets.socket.writableNeedDrain) await Promise.race([once(packets.socket, 'drain'), once(packets.socket, 'close')])
  }
}

async function saysPassword(packets: Packets, scramble: Buffer, tls: boolean): Promise<boolean> {
  const wanted = `${password}\0`
  if (tls) return (await packets.next()).toString() === wanted
  assert.deepEqual([...(await packets.next())], [2])
  packets.send(Buffer.concat([Buffer.from([1]), Buffer.from(keys.publicKey)]))
  const sealed = privateDecrypt({ key: keys.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, await packets.next())
  return Buffer.from(sealed.map((byte, nth) => byte ^ (scramble[nth % 20] as number))).toString() === wanted
}

async function playing(play: Play, work: (config: { address: string; user: string; password: string; query: string }) => Promise<void>) {
  const faults: unknown[] = []
  const server: Server = createServer((socket) => void serve(socket.on('error', () => {}), play).catch((error: unknown) => faults.push(error)).finally(() => setImmediate(() => socket.destroySoon())))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await work({ address: `127.0.0.1:${(server.address() as AddressInfo).port}`, user: 'ro', password, query: 'SELECT answer' })
  } finally {
    server.close()
  }
  assert.deepEqual(faults.filter((fault) => fault instanceof assert.AssertionError), [])
}

test('caching_sha2_password: known, unknown with and without TLS, and after a switch', async () => {
  for (const play of [{ after: 'known' }, { after: 'unknown' }, { after: 'unknown', tls: true }, { after: 'switches' }] as const)
    await playing(play, async (config) => {
      assert.equal(await said(config), 'ok: 1 row, the first value is 42', JSON.stringify(play))
      assert.match(await said({ ...config, password: 'falsch' }), /^err: the server refuses: Access denied \(1045\)$/)
    })
})

test('what a server may not ask for is not given, and what it says wrongly is an error of the check', async () => {
  await playing({ after: 'wants a file' }, async (config) => assert.match(await said(config), /^err: the server asks for a file of this machine/))
  await playing({ after: 'other method' }, async (config) => assert.match(await said(config), /^err: the server wants the method authentication_ldap \(make a user for checks/))
  await playing({ after: 'columns' }, async (config) => assert.match(await said(config), /^err: it does not speak as a MySQL server does: its answer has 18446744073709552000 columns$/))
  await playing({ after: 'long rows' }, async (config) => assert.match(await said(config), /^err: the server sends more than 16777216 bytes \(ask for less/))
  const talking = createServer((socket) => void socket.on('error', () => {}).end(Buffer.from([0xff, 0xff, 0xff, 0, 10, 1])))
  talking.listen(0, '127.0.0.1')
  await once(talking, 'listening')
  assert.match(await said({ address: `127.0.0.1:${(talking.address() as AddressInfo).port}` }), /^err: the server sends 16777215 bytes at once/)
  talking.close()
})

test('to run a query a user must be named, and to expect an answer a query', () => {
  const refused = (more: Record<string, unknown>) => checkKindSpecs.mysql.config.safeParse({ address: 'db:3306', ...more }).error?.issues[0]?.message ?? ''
  assert.match(refused({ query: 'SELECT 1' }), /must be given to run a query/)
  assert.match(refused({ user: 'ro', expect: '1' }), /belongs to a query/)
})
