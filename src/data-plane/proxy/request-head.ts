import { timeoutField } from './deadline.ts'
import { badByte, type FieldVisitor, walkFields, withoutNamed } from './fields.ts'
import { hostnameOf, isTargetByte, isToken, isTokenByte, listOf, parseContentLength } from './grammar.ts'
import { type Refusal, refusals } from './refusal.ts'
import { routePath } from './route-path.ts'
import { parseTraceparent, parseTracestate, type TraceParent } from './trace-context.ts'

/**
 * The head of a request, parsed no further than framing and routing need: the request line, and of the fields
 * those that say where the message ends, where it goes and what must not be passed on. All others stay one string.
 *
 * Invariant: a head that parses here means the same to every RFC 9112 recipient behind us.
 */
export type RequestHead = {
  method: string
  /** Origin form or `*`, as it came. */
  target: string
  /** Decoded and without dot segments; for choosing the route, never forwarded. */
  path: string
  /** 1 for HTTP/1.1 and 0 for HTTP/1.0. */
  minor: number
  /** The Host field as it came, and in lower case without port. Empty: HTTP/1.0 without one. */
  host: string
  hostname: string
  /** Field lines that are passed on, each with its CRLF. */
  kept: string
  /** -1: none. */
  contentLength: number
  chunked: boolean
  keepAlive: boolean
  /** The Upgrade field, when it may be passed on. */
  upgrade: string | null
  expectContinue: boolean
  /** The X-Request-ID that came, if it is sane. */
  requestId: string | null
  /** What the caller of an edge has left for this (X-Request-Timeout-Ms), in milliseconds; -1: it did not say, or is not believed. */
  timeoutMs: number
  /** The trace it belongs to, where the caller's word is taken; and its `tracestate`, empty without one. */
  trace: TraceParent | null
  traceState: string
}

export const maxTargetBytes = 8 * 1024
/** Request line and fields together. */
export const maxHeadBytes = 16 * 1024

/** A way in: `https` or not, whether the caller's own forwarding fields are believed (on edges), and whether its trace goes on. */
export type HeadRules = { secure: boolean; trustForwarded: boolean; trustTrace: boolean }

/** `text` is the head in latin1, from the request line to the CRLF of the last field, without the empty line. */
export function parseRequestHead(text: string, rules: HeadRules): RequestHead | Refusal {
  const methodEnd = text.indexOf(' ')
  const targetEnd = text.indexOf(' ', methodEnd + 1)
  const lineEnd = text.indexOf('\r')
  const fault = lineFault(text, methodEnd, targetEnd, lineEnd)
  if (fault !== null) return fault
  const method = text.slice(0, methodEnd)
  const minor = text.charCodeAt(lineEnd - 1) - 48
  let target = text.slice(methodEnd + 1, targetEnd)

  const fields = new RequestFields(rules)
  const walk = walkFields(text, lineEnd + 2, fields)
  if (walk.refusal !== null) return walk.refusal
  const framing = fields.fault(minor)
  if (framing !== null) return framing
  let { kept } = walk
  if (fields.named !== null) kept = withoutNamed(kept, fields.named)

  let { host } = fields
  if (target.charCodeAt(0) !== 0x2f) {
    if (target === '*' ? method !== 'OPTIONS' : !target.includes('://')) return refusals.target
    if (target !== '*') {
      const absolute = /^(https?):\/\/([^/?#]*)([^#]*)$/i.exec(target)
      if (absolute === null || (absolute[1]?.toLowerCase() === 'https') !== rules.secure) return refusals.target
      if (absolute[2]?.toLowerCase() !== (host ?? absolute[2])?.toLowerCase()) return refusals.targetHost
      host ??= absolute[2] as string
      if (minor === 1 && fields.host === null) return refusals.hostMissing
      target = absolute[3]?.startsWith('/') ? absolute[3] : `/${absolute[3]}`
    }
  }
  if (host === null && minor === 1) return refusals.hostMissing
  const hostname = host === null ? '' : hostnameOf(host)
  if (hostname === null) return refusals.host
  const path = routePath(target)
  if (path === null) return refusals.target

  const trace = fields.traceparent === null ? null : parseTraceparent(fields.traceparent)
  const bodyless = !fields.chunked && fields.contentLength <= 0
  return {
    method,
    target,
    path,
    minor,
    host: host ?? '',
    hostname,
    kept,
    contentLength: fields.contentLength,
    chunked: fields.chunked,
    keepAlive: minor === 1 ? !fields.close : fields.keepAlive && !fields.close,
    upgrade: fields.upgradeNamed && bodyless && minor === 1 ? fields.upgrade || null : null,
    expectContinue: fields.expectContinue && minor === 1,
    requestId: fields.requestId,
    timeoutMs: fields.timeoutMs,
    trace,
    traceState: trace === null ? '' : parseTracestate(fields.tracestate),
  }
}

/** A fault of the request line alone; also asked while the rest of the head is still on its way. */
export function lineFault(text: string, methodEnd: number, targetEnd: number, lineEnd: number): Refusal | null {
  if (lineEnd === -1) return refusals.requestLine
  if (text.startsWith('PRI * HTTP/2')) return refusals.preface
  if (methodEnd < 1 || methodEnd > 24 || targetEnd <= methodEnd + 1 || targetEnd > lineEnd) return refusals.requestLine
  for (let i = 0; i < methodEnd; i++) if (isTokenByte[text.charCodeAt(i)] !== 1) return refusals.requestLine
  if (targetEnd - methodEnd > maxTargetBytes) return refusals.targetLength
  for (let i = methodEnd + 1; i < targetEnd; i++) if (isTargetByte[text.charCodeAt(i)] !== 1) return refusals.target
  if (text.charCodeAt(lineEnd + 1) !== 0x0a) return badByte(0x0d)
  if (lineEnd - targetEnd !== 9 || !text.startsWith('HTTP/', targetEnd + 1)) {
    return /^ HTTP\/\d(\.\d+)?$/.test(text.slice(targetEnd, lineEnd)) ? refusals.version : refusals.requestLine
  }
  const version = text.slice(targetEnd + 6, lineEnd)
  if (version !== '1.1' && version !== '1.0') return /^\d\.\d$/.test(version) ? refusals.version : refusals.requestLine
  const first = text.charCodeAt(0)
  if ((first === 0x43 && text.startsWith('CONNECT ')) || (first === 0x54 && text.startsWith('TRACE '))) return refusals.method
  return null
}

/** Collects what frames and routes, and drops what belongs to this hop alone (RFC 9110 §7.6.1) or is ours to set. */
class RequestFields implements FieldVisitor {
  host: string | null = null
  contentLength = -1
  chunked = false
  close = false
  keepAlive = false
  upgradeNamed = false
  upgrade: string | null = null
  expectContinue = false
  requestId: string | null = null
  timeoutMs = -1
  traceparent: string | null = null
  tracestate = ''
  /** Fields that Connection names, beyond the usual ones. */
  named: string[] | null = null
  readonly #rules: HeadRules

  constructor(rules: HeadRules) {
    this.#rules = rules
  }

  fault(minor: number): Refusal | null {
    if (this.chunked && this.contentLength >= 0) return refusals.lengthAndCoding
    if (this.chunked && minor === 0) return refusals.codingVersion
    return null
  }

  /** Length and first letter of a name rule out nearly every field before a string is made of it. */
  field(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    const first = text.charCodeAt(start) | 0x20
    switch (colon - start) {
      case 2:
        return first !== 0x74 || this.#named(text, start, colon, from, to) // te
      case 4:
        return first !== 0x68 || this.#named(text, start, colon, from, to) // host
      case 5:
        return first !== 0x70 || this.#named(text, start, colon, from, to) // proxy
      case 6:
        return first !== 0x65 || this.#named(text, start, colon, from, to) // expect
      case 7:
        return first !== 0x75 || this.#named(text, start, colon, from, to) // upgrade
      case 9: // forwarded, x-real-ip
        return (first !== 0x66 && first !== 0x78) || this.#named(text, start, colon, from, to)
      case 10: // connection, keep-alive, tracestate
        return (first !== 0x63 && first !== 0x6b && first !== 0x74) || this.#named(text, start, colon, from, to)
      case 11: // traceparent
        return first !== 0x74 || this.#named(text, start, colon, from, to)
      case 14: // content-length, http2-settings
        return (first !== 0x63 && first !== 0x68) || this.#named(text, start, colon, from, to)
      case 12: // x-request-id
      case 15: // x-forwarded-for, x-request-start
        return first !== 0x78 || this.#named(text, start, colon, from, to)
      case 16: // x-forwarded-host, x-forwarded-port, proxy-connection
        return (first !== 0x78 && first !== 0x70) || this.#named(text, start, colon, from, to)
      case 17: // transfer-encoding, x-forwarded-proto
        return (first !== 0x74 && first !== 0x78) || this.#named(text, start, colon, from, to)
      case 19: // proxy-authorization
        return first !== 0x70 || this.#named(text, start, colon, from, to)
      default:
        return first !== 0x78 || this.#named(text, start, colon, from, to) // x-forwarded-…, x-request-timeout-ms
    }
  }

  #named(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    const raw = text.slice(start, colon).toLowerCase()
    // CGI and WSGI read `_` as `-`, so X_Forwarded_For would pass for ours behind us (as nginx: underscores_in_headers off).
    const name = raw.includes('_') ? raw.replaceAll('_', '-') : raw
    if (name !== raw && (name === 'content-length' || name === 'transfer-encoding')) return refusals.fieldName
    switch (name) {
      case 'host':
        if (this.host !== null) return refusals.hostTwice
        this.host = text.slice(from, to)
        return this.host === '' ? refusals.host : false
      case 'content-length':
        if (this.contentLength !== -1) return refusals.lengthTwice
        this.contentLength = parseContentLength(text.slice(from, to))
        return this.contentLength === -1 ? refusals.length : false
      case 'transfer-encoding':
        if (this.chunked || text.slice(from, to).toLowerCase() !== 'chunked') return refusals.coding
        this.chunked = true
        return false
      case 'connection':
        return this.#connection(listOf(text.slice(from, to)))
      case 'upgrade':
        return this.#upgrade(text.slice(from, to))
      case 'expect':
        if (text.slice(from, to).toLowerCase() !== '100-continue') return refusals.expectation
        this.expectContinue = true
        return false
      case 'x-request-id':
        if (raw === name && this.requestId === null && /^[\w.~:/+=@-]{1,128}$/.test(text.slice(from, to))) this.requestId = text.slice(from, to)
        return false
      case timeoutField:
        if (raw === name && this.#rules.trustForwarded && /^\d{1,9}$/.test(text.slice(from, to))) this.timeoutMs = Number(text.slice(from, to))
        return false
      case 'traceparent': // sent twice it is none (§3.2.1), and what is no traceparent is passed on to nobody
        if (this.#rules.trustTrace) this.traceparent = this.traceparent === null ? text.slice(from, to) : ''
        return false
      case 'tracestate':
        if (this.#rules.trustTrace) this.tracestate += this.tracestate === '' ? text.slice(from, to) : `,${text.slice(from, to)}`
        return false
      case 'te':
      case 'keep-alive':
      case 'http2-settings':
      case 'proxy':
      case 'proxy-connection':
      case 'proxy-authorization':
        return false
      case 'forwarded':
      case 'x-real-ip':
      case 'x-request-start':
        return this.#rules.trustForwarded
      default:
        return !name.startsWith('x-forwarded-') || this.#rules.trustForwarded
    }
  }

  #connection(options: string[]): boolean | Refusal {
    for (const option of options) {
      if (option === 'close') this.close = true
      else if (option === 'keep-alive') this.keepAlive = true
      else if (option === 'upgrade') this.upgradeNamed = true
      else if (option === 'te' || option === 'http2-settings') continue
      else if (!isToken(option)) return refusals.fieldName
      else if (option === 'host' || option === 'content-length' || option === 'transfer-encoding') return refusals.connection
      else this.named = [...(this.named ?? []), option]
    }
    return false
  }

  /** An upgrade to h2c would open a tunnel past every rule of this proxy, so it is answered as if not asked. */
  #upgrade(value: string): boolean {
    const other = listOf(value).some((name) => name.startsWith('h2') || name.startsWith('http/'))
    this.upgrade = other || this.upgrade !== null ? '' : value
    return false
  }
}
