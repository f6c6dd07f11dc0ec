import { connect, type Socket } from 'node:net'
import { BodyWalker } from './framing.ts'
import type { Instance } from './instance.ts'
import { type Refusal, isRefusal } from './refusal.ts'
import { maxResponseHeadBytes, parseResponseHead, type ResponseHead, responseFraming } from './response-head.ts'

/**
 * One HTTP/1.1 connection to an instance: idle in its pool, or carrying the one exchange that holds it.
 *
 * It reads responses and says where they end. What an instance sends unasked (bytes on an idle connection, bytes after
 * a response) is never given to anybody: the connection is destroyed.
 */
export interface UpstreamUser {
  connected(connection: UpstreamConnection): void
  connectFailed(because: string): void
  informational(head: ResponseHead): void
  /** `body`: what came with the head. `last`: the response is complete, and the user calls `giveBack` or `destroy`. */
  responseHead(head: ResponseHead, body: Buffer | null, last: boolean): void
  responseBody(body: Buffer, last: boolean, trailers: string): void
  /** 101 to an upgrade that was asked for. The socket is the user's from now on. */
  upgraded(head: ResponseHead, rest: Buffer): void
  /** It ended before the response did. `because` says how. */
  lost(because: string): void
  malformed(refusal: Refusal): void
  /** The agent says that the instance cannot serve: take the request back, or wait on. */
  recalled(): void
  /** What was written has been taken. */
  drained(): void
  /** Bytes that were handed over are still in use, so that their memory must not be read into again. */
  holds(): boolean
}

/**
 * Bytes that may wait in a socket before its peer is made to wait. Above one read (64 KB), or every full read would
 * stop and start the other side, which costs more than the read.
 */
export const socketBufferBytes = 256 * 1024

const readBytes = 64 * 1024

const headEnd = Buffer.from('\r\n\r\n')
const maxInformational = 16
const empty = Buffer.alloc(0)

export class UpstreamConnection {
  readonly instance: Instance
  readonly socket: Socket
  /** The address it was opened to; stale once the instance has another. */
  readonly epoch: number
  uses = 0
  idleSince = 0
  /** How long it may idle, as the app said in Keep-Alive; Infinity: it did not. */
  idleLimitMs = Number.POSITIVE_INFINITY
  #user: UpstreamUser | null
  #open = false
  #method = ''
  #raw = true
  #upgrade = false
  #pending: Buffer | null = null
  #head: ResponseHead | null = null
  #walker: BodyWalker | null = null
  #informational = 0
  #broken = false
  #memory: Buffer | null = null
  /** The user holds bytes of `#memory`. */
  #held = false

  /**
   * Reads go into one buffer of the connection, again and again, until somebody holds what is in it: no allocation and
   * no stream machinery per read. Such a socket emits no `data`, so one that may become a tunnel is `plain`.
   */
  constructor(instance: Instance, user: UpstreamUser, plain: boolean) {
    this.instance = instance
    this.epoch = instance.epoch
    this.#user = user
    const options = { host: instance.host, port: instance.port, noDelay: true, allowHalfOpen: true, highWaterMark: socketBufferBytes }
    const socket = plain ? connect(options) : connect({ ...options, onread: { buffer: () => this.#buffer(), callback: (bytes, buffer) => this.#read(buffer as Buffer, bytes) } })
    this.socket = socket
    if (plain) socket.on('data', (chunk) => this.#data(chunk as Buffer))
    socket.on('connect', () => {
      this.#open = true
      this.#user?.connected(this)
    })
    socket.on('drain', () => this.#user?.drained())
    socket.on('end', () => this.#ended('the instance closed the connection'))
    socket.on('error', (error) => this.#ended((error as NodeJS.ErrnoException).code ?? error.message))
    socket.on('close', () => {
      this.#ended('the connection closed')
      instance.forget(this)
    })
  }

  /** True: the socket takes more. */
  write(head: string, body: Buffer | null): boolean {
    if (body === null) return this.socket.write(head, 'latin1')
    this.socket.cork()
    this.socket.write(head, 'latin1')
    const more = this.socket.write(body)
    this.socket.uncork()
    return more
  }

  /** Begins an exchange; its head goes out with the next `write`. `raw`: chunk-coded bodies are wanted as they are. */
  use(user: UpstreamUser, method: string, raw: boolean, upgrade: boolean): void {
    this.uses++
    this.#user = user
    this.#method = method
    this.#raw = raw
    this.#upgrade = upgrade
    this.#informational = 0
  }

  /** The user wants no more of it: the exchange is over or given up. */
  destroy(): void {
    this.#user = null
    this.#broken = true
    this.socket.destroy()
  }

  recall(): void {
    this.#user?.recalled()
  }

  /** Gives up the socket to a tunnel. */
  detach(): Socket {
    this.#user = null
    this.instance.forget(this)
    this.socket.removeAllListeners()
    return this.socket
  }

  get usable(): boolean {
    return this.#open && !this.#broken && this.socket.writable && this.epoch === this.instance.epoch
  }

  #buffer(): Buffer {
    if (this.#memory === null || this.#held) this.#memory = Buffer.allocUnsafeSlow(readBytes)
    this.#held = false
    return this.#memory
  }

  #read(buffer: Buffer, bytes: number): boolean {
    const user = this.#user
    this.#data(buffer.subarray(0, bytes))
    this.#held = user?.holds() ?? false
    return true
  }

  #data(chunk: Buffer): void {
    this.instance.reads++
    if (this.#user === null) return this.destroy()
    if (this.#walker === null) this.#readHead(chunk)
    else this.#readBody(this.#walker, chunk)
  }

  #readHead(chunk: Buffer): void {
    let buffer = chunk
    let scanned = 0
    if (this.#pending !== null) {
      scanned = Math.max(0, this.#pending.length - 3)
      buffer = Buffer.concat([this.#pending, chunk])
      this.#pending = null
    }
    let at = 0
    while (this.#user !== null) {
      const end = buffer.indexOf(headEnd, Math.max(at, scanned))
      if (end === -1) {
        if (buffer.length - at > maxResponseHeadBytes) return this.#refuse(tooLarge)
        if (hasLooseLf(buffer, at)) return this.#refuse(looseLf)
        if (at < buffer.length) this.#pending = Buffer.from(buffer.subarray(at))
        return
      }
      const head = parseResponseHead(buffer.toString('latin1', at, end + 2))
      if (isRefusal(head)) return this.#refuse(head)
      at = end + 4
      if (head.status >= 200) return this.#response(head, buffer, at)
      if (head.status === 101) return this.#switched(head, buffer.subarray(at))
      if (++this.#informational > maxInformational) return this.#refuse(tooLarge)
      this.#user.informational(head)
    }
  }

  #response(head: ResponseHead, buffer: Buffer, at: number): void {
    const user = this.#user as UpstreamUser
    const walker = new BodyWalker(responseFraming(head, this.#method), head.contentLength)
    if (head.keepAliveMs >= 0) this.idleLimitMs = head.keepAliveMs
    this.#head = head
    if (walker.done) {
      this.#release(at < buffer.length)
      return user.responseHead(head, null, true)
    }
    if (at === buffer.length) {
      this.#walker = walker
      return user.responseHead(head, null, false)
    }
    if (!this.#raw && walker.framing === 'chunked') {
      this.#walker = walker
      user.responseHead(head, null, false)
      if (this.#walker === walker && this.#user === user) this.#readBody(walker, buffer.subarray(at))
      return
    }
    const end = walker.walk(buffer, at)
    if (end === -1) return this.#refuse(malformedBody)
    if (walker.done) this.#release(end < buffer.length)
    else this.#walker = walker
    user.responseHead(head, buffer.subarray(at, end), walker.done)
  }

  #readBody(walker: BodyWalker, chunk: Buffer): void {
    const user = this.#user as UpstreamUser
    if (!this.#raw && walker.framing === 'chunked') return this.#readDecoded(walker, chunk)
    const end = walker.walk(chunk, 0)
    if (end === -1) return this.#refuse(malformedBody)
    if (walker.done) this.#release(end < chunk.length)
    user.responseBody(end === chunk.length ? chunk : chunk.subarray(0, end), walker.done, walker.trailers)
  }

  #readDecoded(walker: BodyWalker, chunk: Buffer): void {
    const user = this.#user as UpstreamUser
    const spans: Buffer[] = []
    const end = walker.walk(chunk, 0, (from, to) => spans.push(chunk.subarray(from, to)))
    if (end === -1) return this.#refuse(malformedBody)
    if (walker.done) this.#release(end < chunk.length)
    const content = spans.length === 1 ? (spans[0] as Buffer) : spans.length === 0 ? empty : Buffer.concat(spans)
    if (content.length > 0 || walker.done) user.responseBody(content, walker.done, walker.trailers)
  }

  #switched(head: ResponseHead, rest: Buffer): void {
    if (!this.#upgrade || head.upgrade === null) return this.#refuse(unasked)
    this.#user?.upgraded(head, rest)
  }

  /** The response is complete: back to the pool, unless something says that the connection must not be used again. */
  #release(bytesLeft: boolean): void {
    const head = this.#head as ResponseHead
    this.#user = null
    this.#walker = null
    this.#head = null
    if (bytesLeft || !head.persistent || this.socket.readableEnded) this.#broken = true
  }

  /** Called by the exchange once it knows that the request went out whole. */
  giveBack(): void {
    if (!this.usable || this.#user !== null) return this.destroy()
    if (this.socket.isPaused()) this.socket.resume()
    this.instance.keep(this)
  }

  #refuse(refusal: Refusal): void {
    const user = this.#user
    this.destroy()
    user?.malformed(refusal)
  }

  #ended(because: string): void {
    const user = this.#user
    const walker = this.#walker
    const head = this.#head
    this.#user = null
    this.#broken = true
    this.instance.forget(this)
    this.socket.destroy()
    if (user === null) return
    if (!this.#open) user.connectFailed(because)
    else if (walker?.framing === 'close' && head !== null && because === 'the instance closed the connection') user.responseBody(empty, true, '')
    else user.lost(because)
  }
}

const tooLarge: Refusal = { status: 502, rule: 'head-size', detail: 'the response head is too large' }
const looseLf: Refusal = { status: 502, rule: 'bare-lf', detail: 'a line of the response head ends with LF alone (RFC 9112 §2.2)' }
const malformedBody: Refusal = { status: 502, rule: 'chunk', detail: 'the chunked response body is malformed (RFC 9112 §7.1)' }
const unasked: Refusal = { status: 502, rule: 'switching', detail: 'a 101 response that nobody asked for (RFC 9110 §15.2.2)' }

/** An LF without CR in what has come of a head: it will never be one, so do not wait for its end. */
export function hasLooseLf(buffer: Buffer, from: number): boolean {
  for (let at = buffer.indexOf(0x0a, from); at !== -1; at = buffer.indexOf(0x0a, at + 1)) {
    if (at === from || buffer[at - 1] !== 0x0d) return true
  }
  return false
}
