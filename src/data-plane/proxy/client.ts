import type { Socket } from 'node:net'
import { type Entrance, isTarget, resolve, type Visitable } from './entrance.ts'
import { errorResponse } from './error-page.ts'
import { Exchange } from './exchange.ts'
import { badRequest, type Failure } from './failure.ts'
import { fieldValue } from './fields.ts'
import { type Caller, clientAddress, edgeCaller, informationalLines, ingressCaller, responseLines, upgradeLines } from './forward.ts'
import { BodyWalker } from './framing.ts'
import type { Front } from './front.ts'
import { type Refusal, isRefusal, refusals } from './refusal.ts'
import { maxHeadBytes, maxTargetBytes, parseRequestHead, lineFault, type RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { runTunnel } from './tunnel.ts'
import { hasLooseLf } from './upstream.ts'

/**
 * One HTTP/1 connection of a client, plain or TLS:
 *
 *   head → exchange → head → … → closing → gone        exchange → tunnel (101)
 *
 * One exchange at a time: the bytes of pipelined requests wait until the response before them is out. After a fault of
 * framing the answer ends the connection, since nobody knows where the next message would start.
 */
const headEnd = Buffer.from('\r\n\r\n')
/** Pipelined bytes that are held before the client is made to wait. */
const maxHeldBytes = 64 * 1024
/** Up to here head and body go out as one string: copying is cheaper than gathering two buffers. */
const joinBytes = 4 * 1024

export class ClientConnection implements Front, Visitable {
  readonly #entrance: Entrance
  readonly #socket: Socket
  readonly #caller: Caller
  #state: 'head' | 'exchange' | 'tunnel' | 'closing' = 'head'
  #exchange: Exchange | null = null
  #head: RequestHead | null = null
  #walker: BodyWalker | null = null
  /** Bytes of the next head, or of requests behind the one under way. */
  #pending: Buffer | null = null
  /** Bytes of `#pending` that are known to hold no end of a head. */
  #scanned = 0
  #keepAlive = true
  #paused = false
  #advancing = false
  #gentle = false
  /** Monotonic ms by which the present state must end; Infinity while an exchange watches its own time. */
  #deadline: number

  constructor(socket: Socket, entrance: Entrance) {
    this.#socket = socket
    this.#entrance = entrance
    const address = clientAddress(socket)
    this.#caller = entrance.edge === null ? ingressCaller(address, entrance.scheme, entrance.port) : edgeCaller(address)
    this.#deadline = performance.now() + entrance.relay.limits.headMs
    entrance.connections.add(this)
    socket.on('data', (chunk) => this.#data(chunk as Buffer))
    socket.on('drain', () => this.#drained())
    socket.on('end', () => this.#ended())
    socket.on('error', () => this.#gone())
    socket.on('close', () => this.#gone())
  }

  get raw(): boolean {
    return this.#head?.minor === 1
  }

  // ---- reading

  #data(chunk: Buffer): void {
    if (this.#state === 'exchange') {
      if (this.#walker?.done === false) this.#body(this.#walker, chunk)
      else this.#hold(chunk)
    } else if (this.#state === 'head') {
      this.#pending = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk])
      this.#advance()
    }
  }

  #hold(chunk: Buffer): void {
    this.#pending = this.#pending === null ? chunk : Buffer.concat([this.#pending, chunk])
    if (this.#pending.length > maxHeldBytes && !this.#paused) {
      this.#paused = true
      this.#socket.pause()
    }
  }

  /**
   * Takes requests from what has come, as long as each is answered on the spot. A loop, so that a long pipeline needs no deep stack.
   * Whoever does not take the answers is not answered further: they would pile up here.
   */
  #advance(): void {
    if (this.#advancing) return
    this.#advancing = true
    while (this.#state === 'head' && this.#pending !== null && !this.congested() && this.#readHead(this.#pending));
    this.#advancing = false
    if (this.#state !== 'head') return
    if (this.#pending !== null && this.congested()) {
      this.#paused = true
      this.#socket.pause()
    } else if (this.#paused) {
      this.#paused = false
      this.#socket.resume()
    }
  }

  #drained(): void {
    if (this.#exchange !== null) this.#exchange.drain()
    else this.#advance()
  }

  /** True: a head was taken. */
  #readHead(buffer: Buffer): boolean {
    const { limits } = this.#entrance.relay
    if (this.#scanned === 0 && buffer[0] === 0x0d && (buffer.length === 1 || buffer[1] === 0x0a)) return this.#skipEmptyLine(buffer)
    const end = buffer.indexOf(headEnd, Math.max(0, this.#scanned - 3))
    if (end === -1) {
      const fault = unfinishedFault(buffer)
      if (fault !== null) return this.#refuse(fault)
      if (this.#scanned === 0) this.#deadline = performance.now() + limits.headMs
      this.#scanned = buffer.length
      return false
    }
    this.#scanned = 0
    if (end > maxHeadBytes) return this.#refuse(buffer.indexOf(0x0d) > maxTargetBytes ? refusals.targetLength : refusals.headSize)
    const head = parseRequestHead(buffer.toString('latin1', 0, end + 2), this.#entrance.rules)
    if (isRefusal(head)) return this.#refuse(head)
    this.#begin(head, buffer, end + 4)
    return true
  }

  /** RFC 9112 §2.2: an empty line before the request line is forgiven; some clients send one after a body. */
  #skipEmptyLine(buffer: Buffer): boolean {
    if (buffer.length === 1) return false
    this.#pending = buffer.length === 2 ? null : buffer.subarray(2)
    return true
  }

  #begin(head: RequestHead, buffer: Buffer, bodyAt: number): void {
    const walker = new BodyWalker(head.chunked ? 'chunked' : head.contentLength > 0 ? 'length' : 'none', head.contentLength)
    const bodyEnd = walker.done ? bodyAt : walker.walk(buffer, bodyAt)
    this.#head = head
    this.#walker = walker
    this.#keepAlive = head.keepAlive && !this.#gentle && !this.#entrance.relay.closing
    if (bodyEnd === -1) return void this.#refuse(walker.fault === 'trailer' ? refusals.trailer : refusals.chunk)
    this.#pending = bodyEnd < buffer.length ? buffer.subarray(bodyEnd) : null
    this.#state = 'exchange'
    this.#deadline = Number.POSITIVE_INFINITY

    const resolution = resolve(this.#entrance, head)
    if (!isTarget(resolution)) return this.#answerOurselves(head, resolution.failure, resolution.location)
    const { relay } = this.#entrance
    this.#exchange = new Exchange(relay, this, this.#caller, head, resolution, this.#protocol(), head.requestId ?? relay.newRequestId())
    this.#exchange.begin(bodyEnd > bodyAt ? buffer.subarray(bodyAt, bodyEnd) : null, walker.done)
  }

  #body(walker: BodyWalker, chunk: Buffer): void {
    const end = walker.walk(chunk, 0)
    if (end === -1) return this.#exchange?.refuse(badRequest(walker.fault === 'trailer' ? refusals.trailer : refusals.chunk))
    if (end < chunk.length) this.#hold(chunk.subarray(end))
    this.#exchange?.body(end < chunk.length ? chunk.subarray(0, end) : chunk, walker.done)
  }

  #protocol(): string {
    return `HTTP/1.${this.#head?.minor ?? 1}`
  }

  // ---- Front: the exchange answers

  pause(): void {
    if (this.#walker?.done === false) this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#socket.resume()
  }

  congested(): boolean {
    return this.#socket.writableNeedDrain
  }

  holds(): boolean {
    return this.#socket.writableLength > 0
  }

  informational(head: ResponseHead): void {
    if (this.#head?.minor === 1) this.#socket.write(informationalLines(head), 'latin1')
  }

  respond(head: ResponseHead, body: Buffer | null, last: boolean): number {
    const request = this.#head as RequestHead
    const noLength = head.status === 204 || head.status < 200
    const chunked = head.chunked && request.minor === 1 && !noLength
    const contentLength = noLength ? -1 : head.contentLength
    const delimited = last || chunked || contentLength !== -1
    if (!delimited || this.#exchange?.complete === false || this.#entrance.relay.closing) this.#keepAlive = false
    const connection = !this.#keepAlive ? 'close' : request.minor === 0 ? 'keep-alive' : ''
    const lines = responseLines(head, { chunked, contentLength, connection }, (this.#exchange as Exchange).requestId)
    if (body === null) this.#socket.write(lines, 'latin1')
    else if (body.length <= joinBytes) this.#socket.write(lines + body.toString('latin1'), 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(lines, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    }
    if (last) this.#responded()
    return lines.length
  }

  write(body: Buffer): void {
    this.#socket.write(body)
  }

  /** Trailers were part of the raw bytes; HTTP/1.0 has none. */
  end(_trailers: string): void {
    this.#responded()
  }

  fail(failure: Failure): void {
    const exchange = this.#exchange as Exchange
    if (!exchange.complete) this.#keepAlive = false
    this.#writeFailure(failure, exchange.requestId, exchange.head)
    this.#responded()
  }

  /** A reset, so that a client cannot take half a body for a whole one. */
  cut(): void {
    this.#exchange = null
    if ('encrypted' in this.#socket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  upgraded(head: ResponseHead, upstream: Socket, rest: Buffer): void {
    const exchange = this.#exchange as Exchange
    this.#exchange = null
    this.#state = 'tunnel'
    this.#deadline = Number.POSITIVE_INFINITY
    const early = this.#pending
    this.#pending = null
    this.#socket.removeAllListeners()
    this.#socket.on('close', () => this.#entrance.connections.delete(this))
    this.#socket.write(upgradeLines(head, exchange.requestId), 'latin1')
    const { counter } = exchange.target
    runTunnel(this.#socket, upstream, { fromClient: early, fromUpstream: rest }, this.#entrance.relay.tunnels, (bytesIn, bytesOut) => counter.bytes(bytesIn, bytesOut))
  }

  // ---- our own answers

  #answerOurselves(head: RequestHead, failure: Failure, location?: string): void {
    const requestId = head.requestId ?? this.#entrance.relay.newRequestId()
    if (this.#walker?.done === false) this.#keepAlive = false
    const bytes = this.#writeFailure(failure, requestId, head, location)
    this.#record(failure, requestId, bytes, head)
    this.#responded()
  }

  #refuse(refusal: Refusal): false {
    const failure = badRequest(refusal)
    const requestId = this.#entrance.relay.newRequestId()
    this.#keepAlive = false
    this.#record(failure, requestId, this.#writeFailure(failure, requestId, null), null)
    this.#linger()
    return false
  }

  #writeFailure(failure: Failure, requestId: string, head: RequestHead | null, location?: string): number {
    const text = errorResponse(failure, {
      requestId,
      accept: head === null ? undefined : fieldValue(head.kept, 'accept'),
      head: head?.method === 'HEAD',
      connection: !this.#keepAlive ? 'close' : head?.minor === 0 ? 'keep-alive' : '',
      ...(location === undefined ? {} : { location }),
    })
    this.#socket.write(text, 'utf8')
    return text.length
  }

  #record(failure: Failure, requestId: string, bytesOut: number, head: RequestHead | null): void {
    this.#entrance.relay.recordOwn(failure, head, { requestId, bytesOut, client: this.#caller.address, protocol: head === null ? 'HTTP/1' : this.#protocol() })
  }

  // ---- ends

  /** A response is out: the next request, or the end. */
  #responded(): void {
    this.#exchange = null
    if (!this.#keepAlive) return this.#linger()
    this.#state = 'head'
    this.#walker = null
    this.#scanned = 0
    this.#deadline = performance.now() + this.#entrance.relay.limits.idleMs
    if (this.#gentle && this.#pending === null) return this.#linger()
    if (this.#pending !== null) this.#advance()
  }

  /** Sends FIN and reads on for a while: closing with unread bytes would reset the connection and destroy the answer on its way. */
  #linger(): void {
    this.#state = 'closing'
    this.#exchange = null
    this.#pending = null
    this.#deadline = performance.now() + this.#entrance.relay.limits.lingerMs
    this.#socket.end()
    this.#socket.resume()
  }

  /** The client ended its side. With a response owed, that is taken as leaving, as Node and Go do. */
  #ended(): void {
    if (this.#state === 'closing') return
    const exchange = this.#exchange
    this.#exchange = null
    this.#state = 'closing'
    if (exchange !== null) {
      exchange.abort()
      this.#socket.destroy()
    } else this.#linger()
  }

  #gone(): void {
    const exchange = this.#exchange
    this.#exchange = null
    this.#state = 'closing'
    this.#entrance.connections.delete(this)
    exchange?.abort()
  }

  sweep(nowMs: number): void {
    this.#exchange?.sweep(nowMs)
    if (nowMs < this.#deadline) return
    if (this.#state === 'head' && this.#pending !== null && !this.congested()) this.#refuse(refusals.headTimeout)
    else if (this.#socket.writableLength === 0 || nowMs >= this.#deadline + this.#entrance.relay.limits.stallMs) this.destroy()
  }

  busy(): boolean {
    return this.#state === 'exchange' || (this.#state === 'closing' && this.#socket.writableLength > 0)
  }

  closeGently(): void {
    this.#gentle = true
    this.#keepAlive = false
    if (this.#state === 'head' && this.#pending === null) this.#linger()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** What can already be said of a head that has not ended: waiting for the end of nonsense only costs time. */
function unfinishedFault(buffer: Buffer): Refusal | null {
  if (hasLooseLf(buffer, 0)) return refusals.bareLf
  const lineEnd = buffer.indexOf(0x0d)
  if (lineEnd === -1) return buffer.length > maxTargetBytes + 64 ? refusals.targetLength : badStart(buffer)
  if (buffer.length > maxHeadBytes) return refusals.headSize
  if (lineEnd + 1 >= buffer.length) return null
  const line = buffer.toString('latin1', 0, lineEnd + 2)
  const methodEnd = line.indexOf(' ')
  return lineFault(line, methodEnd, line.indexOf(' ', methodEnd + 1), lineEnd)
}

/** The first bytes cannot begin a request: TLS on the plain port, a binary protocol. */
function badStart(buffer: Buffer): Refusal | null {
  for (let i = 0; i < buffer.length; i++) {
    const byte = buffer[i] as number
    if (byte < 0x20 || byte >= 0x7f) return refusals.requestLine
  }
  return null
}
