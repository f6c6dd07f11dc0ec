import { isTokenByte, isValueByte } from './grammar.ts'

/**
 * Walks a chunked body (RFC 9112 §7.1) without holding it: finds where it ends and refuses what is ambiguous.
 * The bytes may come in any pieces. Data is skipped over, so the cost is per chunk, not per byte.
 *
 * Strict where peers were lenient and got smuggled past: CRLF only, at least one hex digit and at most 13 (2^52),
 * extensions by their grammar, trailers by the field grammar and never one that frames or routes.
 */
const maxExtensionBytes = 4 * 1024
const maxTrailerBytes = 8 * 1024

const S = {
  size: 0,
  sizeMore: 1,
  extName: 2,
  extNameMore: 3,
  extValue: 4,
  extToken: 5,
  extQuoted: 6,
  extEscape: 7,
  extAfterValue: 8,
  sizeLf: 9,
  data: 10,
  dataCr: 11,
  dataLf: 12,
  line: 13,
  name: 14,
  value: 15,
  valueLf: 16,
  endLf: 17,
  done: 18,
} as const
type State = (typeof S)[keyof typeof S]

/** Fields that must not come after the body: they frame, route, authenticate or are set by this proxy (RFC 9110 §6.5.1). */
const forbiddenTrailer =
  /^(content-length|transfer-encoding|host|connection|keep-alive|te|trailer|upgrade|expect|proxy.*|authorization|cookie|set-cookie|forwarded|x[-_]forwarded[-_].*|x-real-ip|x-request-id|content-(encoding|type|range)|range|max-forwards|cache-control)$/

export type SpanSink = (start: number, end: number) => void

export class ChunkWalker {
  done = false
  fault: 'chunk' | 'trailer' | null = null
  /** The trailer lines, each with its CRLF. */
  trailers = ''
  #state: State = S.size
  #remaining = 0
  #digits = 0
  #extensionBytes = 0
  #line = ''

  /**
   * Walks on from `from`; `onData` gets the spans of chunk data. Returns where the message ends, the buffer's
   * length when it goes on, or -1 (see `fault`).
   */
  walk(buffer: Buffer, from: number, onData?: SpanSink): number {
    const { length } = buffer
    let at = from
    while (at < length && !this.done) {
      if (this.#state === S.data) {
        const end = Math.min(length, at + this.#remaining)
        onData?.(at, end)
        this.#remaining -= end - at
        at = end
        if (this.#remaining === 0) this.#state = S.dataCr
        continue
      }
      const next = this.#step(buffer[at] as number)
      if (next === -1) {
        this.fault ??= this.#state >= S.line ? 'trailer' : 'chunk'
        return -1
      }
      this.#state = next
      at++
      if (next === S.done) this.done = true
    }
    return at
  }

  #step(byte: number): State | -1 {
    switch (this.#state) {
      case S.size:
      case S.sizeMore:
        return this.#size(byte)
      case S.sizeLf:
        if (byte !== 0x0a) return -1
        this.#digits = 0
        return this.#remaining === 0 ? S.line : S.data
      case S.dataCr:
        return byte === 0x0d ? S.dataLf : -1
      case S.dataLf:
        return byte === 0x0a ? S.size : -1
      case S.line:
      case S.name:
      case S.value:
      case S.valueLf:
      case S.endLf:
        return this.#trailer(byte)
      default:
        return ++this.#extensionBytes > maxExtensionBytes ? -1 : this.#extension(byte)
    }
  }

  #size(byte: number): State | -1 {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      if (++this.#digits > 13) return -1
      this.#remaining = (this.#state === S.size ? 0 : this.#remaining * 16) + digit
      return S.sizeMore
    }
    return this.#state === S.size ? -1 : this.#extension(byte)
  }

  /**
   * chunk-ext = *( ";" chunk-ext-name [ "=" chunk-ext-val ] ). RFC 9112 §7.1.1 lets a recipient take blanks in it which a
   * sender must not make; we would pass them on, and parsers behind us disagree on them.
   */
  #extension(byte: number): State | -1 {
    const token = isTokenByte[byte] === 1
    switch (this.#state) {
      case S.extName:
        return token ? S.extNameMore : -1
      case S.extNameMore:
        if (token) return S.extNameMore
        return byte === 0x3d ? S.extValue : afterExtension(byte)
      case S.extValue:
        if (byte === 0x22) return S.extQuoted
        return token ? S.extToken : -1
      case S.extToken:
        return token ? S.extToken : afterExtension(byte)
      case S.extQuoted:
        if (byte === 0x22) return S.extAfterValue
        return byte === 0x5c ? S.extEscape : isValueByte[byte] === 1 ? S.extQuoted : -1
      case S.extEscape:
        return isValueByte[byte] === 1 ? S.extQuoted : -1
      default: // sizeMore, extAfterValue
        return afterExtension(byte)
    }
  }

  #trailer(byte: number): State | -1 {
    const state = this.#state
    if (state === S.endLf) return byte === 0x0a ? S.done : -1
    if (state === S.line && byte === 0x0d) return S.endLf
    if (state === S.valueLf) {
      if (byte !== 0x0a) return -1
      this.trailers += `${this.#line}\r\n`
      this.#line = ''
      return this.trailers.length > maxTrailerBytes ? -1 : S.line
    }
    if (state === S.value) {
      if (byte === 0x0d) return S.valueLf
      return isValueByte[byte] === 1 ? this.#keep(byte, S.value) : -1
    }
    if (isTokenByte[byte] === 1) return this.#keep(byte, S.name)
    if (byte !== 0x3a || state !== S.name || forbiddenTrailer.test(this.#line.toLowerCase())) return -1
    return this.#keep(byte, S.value)
  }

  #keep(byte: number, next: State): State | -1 {
    this.#line += String.fromCharCode(byte)
    return this.#line.length > maxTrailerBytes ? -1 : next
  }
}

function afterExtension(byte: number): State | -1 {
  if (byte === 0x0d) return S.sizeLf
  return byte === 0x3b ? S.extName : -1
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
