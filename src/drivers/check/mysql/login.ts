/**
 * Signing in: over TLS where the server offers it, by caching_sha2_password or mysql_native_password
 * (dev.mysql.com/doc/dev/mysql-server, “Connection Phase”). No password leaves in clear but over TLS.
 */
import { constants, createHash, publicEncrypt } from 'node:crypto'
import { type Socket, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Greeting, scrambleBytes } from './greeting.ts'
import { Fields, type Packets, refusalOf } from './packets.ts'

export type Login = { user: string; password: string; database: string | undefined; /** of the server, for its certificate */ host: string; tls: boolean; verify: boolean }

const flags = { longPassword: 0x1, withDatabase: 0x8, protocol41: 0x200, tls: 0x800, transactions: 0x2000, secureConnection: 0x8000, pluginAuth: 0x80000 }
const utf8mb4 = 45

/** Throws with what the server says, or with what it wants and is not had here. */
export async function signIn(packets: Packets, greeting: Greeting, login: Login): Promise<void> {
  if ((greeting.capabilities & flags.protocol41) === 0 || (greeting.capabilities & flags.pluginAuth) === 0) throw new Error(`${greeting.version} is too old to be signed in to (leave user out to look at its greeting)`)
  const offered = (greeting.capabilities & flags.tls) !== 0
  if (login.tls && !offered) throw new Error('the server offers no TLS (set up TLS there, or leave tls out)')
  const method = methods[greeting.method] === undefined ? 'mysql_native_password' : greeting.method
  const head = Buffer.alloc(32)
  head.writeUInt32LE(flags.longPassword | flags.protocol41 | flags.transactions | flags.secureConnection | flags.pluginAuth | (login.database === undefined ? 0 : flags.withDatabase) | (offered ? flags.tls : 0), 0)
  head.writeUInt32LE(0x1000000, 4)
  head[8] = utf8mb4
  if (offered) {
    packets.send(head)
    await packets.secure((socket) => overTls(socket, login))
  }
  const token = tokenOf(method, login.password, greeting.scramble)
  packets.send(Buffer.concat([head, word(login.user), Buffer.from([token.length]), token, login.database === undefined ? Buffer.alloc(0) : word(login.database), word(method)]))
  await answer(packets, { method, scramble: greeting.scramble, password: login.password, secure: offered })
}

type Talk = { method: string; scramble: Buffer; password: string; secure: boolean }

/** Says what the server asks for until it lets us in. */
async function answer(packets: Packets, talk: Talk): Promise<void> {
  for (let turns = 0; turns < 6; turns++) {
    const packet = await packets.next()
    const kind = packet[0]
    if (kind === 0x00) return
    if (kind === 0xff) throw new Error(`the server refuses: ${refusalOf(packet)}`)
    if (kind === 0xfe) packets.send(switched(packet, talk))
    else if (kind === 0x01) furtherProof(packets, packet.subarray(1), talk)
    else break
  }
  throw new Error('it does not speak as a MySQL server does while it is signed in to')
}

/** The server wants another method, and gives what to mix into it. */
function switched(packet: Buffer, talk: Talk): Buffer {
  const fields = new Fields(packet, 1)
  talk.method = fields.word().toString('latin1')
  talk.scramble = Buffer.from(fields.take(Math.min(scrambleBytes, fields.left)))
  return tokenOf(talk.method, talk.password, talk.scramble)
}

/** caching_sha2_password: 3 = known already, 4 = the password itself is wanted, else the key to seal it with. */
function furtherProof(packets: Packets, said: Buffer, { method, scramble, password, secure }: Talk): void {
  if (method !== 'caching_sha2_password') throw new Error(`the server asks for more than ${method} knows`)
  if (said.length === 1 && said[0] === 3) return
  const plain = word(password)
  if (said.length > 1) packets.send(publicEncrypt({ key: said.toString('latin1'), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, mixed(plain, scramble)))
  else if (said[0] === 4) packets.send(secure ? plain : Buffer.from([2]))
  else throw new Error('it does not speak as a MySQL server does while it is signed in to')
}

const hash = (kind: 'sha1' | 'sha256', ...parts: readonly (Buffer | string)[]): Buffer => parts.reduce((sum, part) => sum.update(part), createHash(kind)).digest()
const mixed = (data: Buffer, by: Buffer): Buffer => data.map((byte, nth) => byte ^ (by[nth % by.length] ?? 0)) as Buffer

/** Both prove that the password is known without saying it. */
const methods: Readonly<Record<string, (password: string, scramble: Buffer) => Buffer>> = {
  caching_sha2_password(password, scramble) {
    const once = hash('sha256', password)
    return mixed(once, hash('sha256', hash('sha256', once), scramble))
  },
  mysql_native_password(password, scramble) {
    const once = hash('sha1', password)
    return mixed(once, hash('sha1', scramble, hash('sha1', once)))
  },
}

function tokenOf(method: string, password: string, scramble: Buffer): Buffer {
  const proof = methods[method]
  if (proof === undefined) throw new Error(`the server wants the method ${method || 'of MySQL 4.0'} (make a user for checks that signs in by ${Object.keys(methods).join(' or ')})`)
  return password === '' ? Buffer.alloc(0) : proof(password, scramble)
}

function overTls(socket: Socket, { host, tls, verify }: Login): Promise<Socket> {
  if (socket.readableLength > 0) throw new Error('the server spoke before the connection was secure')
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  // TLS that is not asked for keeps out who only listens, as the server's own clients do
  const secure = connectTls({ socket, rejectUnauthorized: tls && verify, ...(isIP(host) ? { host } : { servername: host, host }) })
  socket.once('close', () => secure.destroy(socket.errored ?? undefined))
  secure.once('secureConnect', () => resolve(secure))
  secure.on('error', reject)
  return promise
}

function word(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8')
}
