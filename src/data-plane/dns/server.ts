import { createSocket } from 'node:dgram'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { decode, encode } from 'dns-packet'
import { answerOf, type Query, udpLimit } from './answer.ts'
import type { ZoneLookup } from './zone.ts'

/**
 * The DNS server of a machine: UDP and TCP on the same port, for `…internal` names only. Whatever arrives, it answers
 * or it is silent; it never throws.
 */
export type DnsServer = { port: number; close(): Promise<void> }

const maxTcpConnections = 256
const tcpIdleMs = 10_000

/** `port` 0: any that is free for both. Rejects when the address cannot be had. */
export async function startDns(options: { host: string; port: number; lookup: ZoneLookup }): Promise<DnsServer> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(options)
    } catch (error) {
      // A port that TCP got may be somebody else's on UDP: try another, if any will do.
      if (options.port !== 0 || tries === 10 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}

async function open({ host, port: wanted, lookup }: Parameters<typeof startDns>[0]): Promise<DnsServer> {
  const sockets = new Set<Socket>()
  const tcp = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveTcp(socket, lookup)
  })
  tcp.maxConnections = maxTcpConnections
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  udp.on('message', (message, from) => {
    const reply = answerUdp(message, lookup)
    if (reply !== null) udp.send(reply, from.port, from.address, () => {})
  })
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all([new Promise<void>((resolve) => tcp.close(() => resolve())), new Promise<void>((resolve) => udp.close(() => resolve()))])
  }
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject)
    tcp.listen(wanted, host, resolve)
  })
  const { port } = tcp.address() as AddressInfo
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject)
      udp.bind(port, host, resolve)
    })
  } catch (error) {
    await close()
    throw error
  }
  tcp.on('error', () => {})
  udp.on('error', () => {})
  return { port, close }
}

function answerUdp(message: Buffer, lookup: ZoneLookup): Buffer | null {
  const query = parse(message)
  if (query === null) return null
  if (query === 'format') return formatError(message)
  const reply = encode(answerOf(query, lookup))
  return reply.length > udpLimit(query) ? truncated(reply) : reply
}

/** RFC 1035 §4.2.2: each message behind its length in two bytes; several may follow each other. */
function serveTcp(socket: Socket, lookup: ZoneLookup): void {
  let pending: Buffer = Buffer.alloc(0)
  socket.setTimeout(tcpIdleMs, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0)
      const message = pending.subarray(2, end)
      pending = pending.subarray(end)
      const query = parse(message)
      if (query === null) return void socket.destroy()
      const reply = query === 'format' ? formatError(message) : encode(answerOf(query, lookup))
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      if (!socket.write(Buffer.concat([length, reply]))) return void socket.destroy()
    }
  })
}

/** Null: do not answer (too short to have an id, or itself an answer: two servers must not talk to each other for ever). */
function parse(message: Buffer): Query | 'format' | null {
  if (message.length < 12 || ((message[2] as number) & 0x80) !== 0) return null
  try {
    const query = decode(message)
    return { ...query, opcode: opcodes[((message[2] as number) >> 3) & 15] ?? 'OTHER' }
  } catch {
    return 'format'
  }
}
const opcodes: Record<number, string> = { 0: 'QUERY' }

function formatError(message: Buffer): Buffer {
  const reply = Buffer.alloc(12)
  message.copy(reply, 0, 0, 2)
  reply[2] = 0x80 | ((message[2] as number) & 0x79)
  reply[3] = 1
  return reply
}

/** Header and question with the TC bit: the asker comes again over TCP (RFC 2181 §9). */
function truncated(reply: Buffer): Buffer {
  const packet = decode(reply)
  const flags = ((reply[2] as number) << 8) | (reply[3] as number) | (1 << 9)
  return encode({ ...packet, flags: flags & 0x7fff, answers: [], authorities: [], additionals: [] })
}
