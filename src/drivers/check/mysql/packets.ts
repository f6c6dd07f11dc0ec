/** Packets of the MySQL protocol over a socket: three bytes of length, one that counts, and what they hold. */
import type { Socket } from 'node:net'

/** A check looks at a value, not at a file: what is longer ends it. */
const maxPacketBytes = 1024 * 1024
const maxBytes = 16 * 1024 * 1024

export class Packets {
  #socket: Socket
  #data: Buffer = Buffer.alloc(0)
  #count = 0
  #bytes = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** What the next packet holds. Throws when the connection ends before it has come. */
  async next(): Promise<Buffer> {
    const head = await this.#take(4)
    const length = head.readUIntLE(0, 3)
    if (length > maxPacketBytes) throw new Error(`the server sends ${length} bytes at once, more than ${maxPacketBytes} (ask for less, such as a count)`)
    this.#count = (head[3] as number) + 1
    this.#bytes += length
    if (this.#bytes > maxBytes) throw new Error(`the server sends more than ${maxBytes} bytes (ask for less, such as a count)`)
    return this.#take(length)
  }

  /** `fresh`: it begins a command. */
  send(payload: Buffer, fresh = false): void {
    const head = Buffer.alloc(4)
    head.writeUIntLE(payload.length, 0, 3)
    head[3] = fresh ? 0 : this.#count & 0xff
    this.#count = (head[3] as number) + 1
    this.#socket.write(Buffer.concat([head, payload]))
  }

  /** Goes on over another socket, which encrypts what goes over the first one. */
  async secure(over: (socket: Socket) => Promise<Socket>): Promise<void> {
    if (this.#data.length > 0) this.#socket.unshift(this.#data)
    this.#data = Buffer.alloc(0)
    this.#socket = await over(this.#socket)
  }

  get socket(): Socket {
    return this.#socket
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#data.length < bytes) {
      // all of it: a stream that keeps some back says again and again that it has some
      const chunk = this.#socket.read() as Buffer | null
      if (chunk === null) await moreOf(this.#socket)
      else this.#data = Buffer.concat([this.#data, chunk])
    }
    const taken = this.#data.subarray(0, bytes)
    this.#data = this.#data.subarray(bytes)
    return taken
  }
}

const ended = () => new Error('the server ended the connection')

function moreOf(socket: Socket): Promise<void> {
  if (socket.errored) throw socket.errored
  if (socket.readableEnded || socket.destroyed) throw ended()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onEnd = () => reject(socket.errored ?? ended())
  socket.once('readable', resolve).once('end', onEnd).once('close', onEnd).once('error', reject)
  return promise.finally(() => socket.off('readable', resolve).off('end', onEnd).off('close', onEnd).off('error', reject))
}

/** Reads through what a packet holds; throws where it ends too early. */
export class Fields {
  readonly #data: Buffer
  #at: number
  constructor(data: Buffer, at = 0) {
    this.#data = data
    this.#at = at
  }

  get left(): number {
    return this.#data.length - this.#at
  }

  take(bytes: number): Buffer {
    if (bytes > this.left) throw new Error('it does not speak as a MySQL server does: a packet ends too early')
    this.#at += bytes
    return this.#data.subarray(this.#at - bytes, this.#at)
  }

  number(bytes: 1 | 2 | 3 | 4): number {
    return this.take(bytes).readUIntLE(0, bytes)
  }

  /** Up to a zero byte, or the end of the packet. */
  word(): Buffer {
    const end = this.#data.indexOf(0, this.#at)
    const word = this.take((end < 0 ? this.#data.length : end) - this.#at)
    if (end >= 0) this.#at++
    return word
  }

  /** A length-encoded integer; null where it says NULL. */
  count(): number | null {
    const first = this.number(1)
    if (first < 0xfb) return first
    if (first === 0xfb) return null
    if (first === 0xfc) return this.number(2)
    if (first === 0xfd) return this.number(3)
    return Number(this.take(8).readBigUInt64LE(0))
  }

  /** A length-encoded text; null where it says NULL. */
  text(): string | null {
    const length = this.count()
    return length === null ? null : this.take(length).toString('utf8')
  }
}

/** What the server says against it, with its number. */
export function refusalOf(packet: Buffer): string {
  const text = packet.toString('utf8', 3).replace(/^#\w{5}/, '')
  return `${text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim().slice(0, 300)} (${packet.length < 3 ? 'no code' : packet.readUInt16LE(1)})`
}
