import { constants, type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ChunkWalker } from './chunked.ts'
import { type Entrance, isTarget, resolve, type Visitable } from './entrance.ts'
import { errorBody } from './error-page.ts'
import { Exchange } from './exchange.ts'
import { badRequest, type Failure } from './failure.ts'
import { fieldValue } from './fields.ts'
import { type Caller, clientAddress, ingressCaller } from './forward.ts'
import type { Front } from './front.ts'
import { fieldsOf, requestHeadOf, responseFields } from './h2-head.ts'
import { isRefusal, refusals } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/**
 * HTTP/2 on the client's side: node:http2 speaks it, every stream is one exchange with an app over HTTP/1.1.
 * Frames, flow control, header compression and their limits are nghttp2's work; heads and bodies are checked like all others.
 */
export class Http2Connection implements Visitable {
  readonly #entrance: Entrance
  readonly #session: ServerHttp2Session
  readonly #caller: Caller
  readonly #streams = new Set<Http2Front>()
  #idleSince = performance.now()

  constructor(socket: TLSSocket, entrance: Entrance) {
    this.#entrance = entrance
    this.#caller = ingressCaller(clientAddress(socket), entrance.scheme, entrance.port)
    this.#session = performServerHandshake(socket, {
      settings: { maxConcurrentStreams: 128, initialWindowSize: 256 * 1024, maxHeaderListSize: 32 * 1024, enablePush: false },
      maxSessionMemory: 32,
      maxHeaderListPairs: 110,
    })
    entrance.connections.add(this)
    this.#session.on('stream', (stream, headers, flags) => this.#serve(stream, headers, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0))
    this.#session.on('error', () => {})
    this.#session.on('close', () => entrance.connections.delete(this))
    socket.on('error', () => {})
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, whole: boolean): void {
    const front = new Http2Front(stream, this.#entrance, this.#caller)
    this.#streams.add(front)
    stream.on('close', () => {
      this.#streams.delete(front)
      this.#idleSince = performance.now()
    })
    front.serve(headers, whole)
  }

  sweep(nowMs: number): void {
    for (const stream of this.#streams) stream.sweep(nowMs)
    if (this.#streams.size === 0 && nowMs - this.#idleSince >= this.#entrance.relay.limits.idleMs) this.closeGently()
  }

  busy(): boolean {
    return this.#streams.size > 0
  }

  closeGently(): void {
    if (this.#session.closed) this.#session.destroy()
    else this.#session.close()
  }

  destroy(): void {
    this.#session.destroy()
  }
}

/** Beyond `stallMs`, an answer that is whole may take a client of a bad line this long: 1 KB in a second. */
const slowestBytesPerMs = 1

const emptyBody = Buffer.alloc(0)
const crlf = Buffer.from('\r\n')

class Http2Front implements Front {
  /** Responses come as content: chunk coding does not exist in HTTP/2. */
  readonly raw = false
  readonly #stream: ServerHttp2Stream
  readonly #entrance: Entrance
  readonly #caller: Caller
  #exchange: Exchange | null = null
  #trailers: IncomingHttpHeaders | null = null
  /** Monotonic ms by which the client must have taken the answer, once it is whole: nobody else watches the stream then. */
  #due = Number.POSITIVE_INFINITY

  constructor(stream: ServerHttp2Stream, entrance: Entrance, caller: Caller) {
    this.#stream = stream
    this.#entrance = entrance
    this.#caller = caller
    stream.on('error', () => {})
  }

  serve(headers: IncomingHttpHeaders, whole: boolean): void {
    const { relay } = this.#entrance
    const head = requestHeadOf(headers, !whole, this.#entrance.rules)
    if (isRefusal(head)) return this.#answerOurselves(null, badRequest(head))
    const resolution = resolve(this.#entrance, head)
    if (!isTarget(resolution)) return this.#answerOurselves(head, resolution.failure)
    const exchange = new Exchange(relay, this, this.#caller, head, resolution, 'HTTP/2', head.requestId ?? relay.newRequestId())
    this.#exchange = exchange
    const stream = this.#stream
    stream.on('drain', () => exchange.drain())
    stream.on('close', () => exchange.abort())
    if (!whole) {
      stream.on('data', (chunk: Buffer) => exchange.body(head.chunked ? asChunk(chunk) : chunk, false))
      stream.on('trailers', (trailers) => {
        this.#trailers = trailers
      })
      stream.on('end', () => this.#bodyEnded(exchange, head))
    }
    exchange.begin(null, whole)
  }

  #bodyEnded(exchange: Exchange, head: RequestHead): void {
    if (exchange.finished || exchange.complete) return
    if (!head.chunked) return exchange.body(emptyBody, true)
    const lines = this.#trailers === null ? '' : trailerLines(this.#trailers)
    if (lines === null) return exchange.refuse(badRequest(refusals.trailer))
    exchange.body(Buffer.from(`0\r\n${lines}\r\n`, 'latin1'), true)
  }

  sweep(nowMs: number): void {
    this.#exchange?.sweep(nowMs)
    if (nowMs >= this.#due) this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  congested(): boolean {
    return this.#stream.writableNeedDrain
  }

  /** Frames are made later, so always. */
  holds(): boolean {
    return true
  }

  informational(head: ResponseHead): void {
    if (this.#alive()) this.#stream.additionalHeaders({ ...fieldsOf(head.kept), ':status': head.status })
  }

  respond(head: ResponseHead, body: Buffer | null, last: boolean): number {
    if (!this.#alive()) return 0
    const fields = responseFields(head, (this.#exchange as Exchange).requestId)
    const ends = last && body === null
    try {
      this.#stream.respond(fields, { endStream: ends, waitForTrailers: head.chunked && !ends })
    } catch {
      // Fields that HTTP/1.1 lets pass and HTTP/2 does not.
      this.cut()
      return 0
    }
    if (body !== null) this.#stream.write(body)
    if (last) this.end('')
    return head.kept.length
  }

  write(body: Buffer): void {
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(body)
  }

  end(trailers: string): void {
    const stream = this.#stream
    if (stream.destroyed) return
    stream.once('wantTrailers', () => {
      if (!stream.destroyed) stream.sendTrailers(fieldsOf(trailers))
    })
    if (!stream.writableEnded) stream.end()
    this.#whole()
  }

  fail(failure: Failure): void {
    const exchange = this.#exchange as Exchange
    this.#writeFailure(failure, exchange.requestId, exchange.head)
  }

  cut(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  /** Never asked for: HTTP/2 requests carry no upgrade. */
  upgraded(_head: ResponseHead, upstream: Socket): void {
    upstream.destroy()
    this.cut()
  }

  #alive(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed && !this.#stream.headersSent
  }

  #whole(): void {
    this.#due = performance.now() + this.#entrance.relay.limits.stallMs + this.#stream.writableLength / slowestBytesPerMs
    this.#stopBody()
  }

  /** The answer is out and the request still comes: tell the client to stop (RFC 9113 §8.1). */
  #stopBody(): void {
    if (this.#stream.readableEnded) return
    if (this.#exchange?.complete !== true) this.#stream.once('finish', () => this.#stream.close(constants.NGHTTP2_NO_ERROR))
    this.#stream.resume()
  }

  #answerOurselves(head: RequestHead | null, failure: Failure): void {
    const requestId = head?.requestId ?? this.#entrance.relay.newRequestId()
    this.#writeFailure(failure, requestId, head)
    this.#entrance.relay.recordOwn(failure, head, { requestId, bytesOut: 0, client: this.#caller.address, protocol: 'HTTP/2' })
  }

  #writeFailure(failure: Failure, requestId: string, head: RequestHead | null): void {
    if (!this.#alive()) return
    const { contentType, body } = errorBody(failure, requestId, head === null ? undefined : fieldValue(head.kept, 'accept'))
    this.#stream.respond({
      ':status': failure.status,
      'content-type': contentType,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'nightshift-error': failure.kind,
      'x-request-id': requestId,
      ...(failure.retryAfterSeconds === undefined ? {} : { 'retry-after': String(failure.retryAfterSeconds) }),
    })
    this.#stream.end(head?.method === 'HEAD' ? undefined : body)
    this.#whole()
  }
}

function asChunk(data: Buffer): Buffer {
  return data.length === 0 ? data : Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`, 'latin1'), data, crlf])
}

/** As lines, if they pass the rules for trailers of a chunked body; else null. */
function trailerLines(trailers: IncomingHttpHeaders): string | null {
  let lines = ''
  for (const name of Object.keys(trailers)) {
    const value = trailers[name]
    for (const one of Array.isArray(value) ? value : [value ?? '']) {
      if (/[\r\n\0]/.test(one)) return null
      lines += `${name}: ${one}\r\n`
    }
  }
  const walker = new ChunkWalker()
  walker.walk(Buffer.from(`0\r\n${lines}\r\n`, 'latin1'), 0)
  return walker.done ? lines : null
}
