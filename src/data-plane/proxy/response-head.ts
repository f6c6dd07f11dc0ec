import { type FieldVisitor, walkFields, withoutNamed } from './fields.ts'
import { isToken, isValueByte, listOf, parseContentLength } from './grammar.ts'
import type { Framing } from './framing.ts'
import { type Refusal, refusals } from './refusal.ts'

/**
 * The head of an app's response, read as strictly as a request: what is ambiguous there splits responses here.
 * A refusal becomes a 502 of ours; its `status` is not used.
 */
export type ResponseHead = {
  status: number
  /** With its leading space; may be empty. */
  reason: string
  /** Field lines that are passed on, framing excluded. */
  kept: string
  /** -1: none. */
  contentLength: number
  chunked: boolean
  /** The app's connection may carry another request. */
  persistent: boolean
  /** How long the app says it keeps an idle connection, milliseconds; -1: it does not say. */
  keepAliveMs: number
  upgrade: string | null
  hasRequestId: boolean
}

export const maxResponseHeadBytes = 64 * 1024

export function parseResponseHead(text: string): ResponseHead | Refusal {
  // HTTP/1.1 200 OK; the space before an absent reason is demanded by RFC 9112 §4 and left out by many servers.
  const minor = text.charCodeAt(7) - 48
  if (!text.startsWith('HTTP/1.') || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== 0x20) return refusals.statusLine
  const a = text.charCodeAt(9) - 48
  const b = text.charCodeAt(10) - 48
  const c = text.charCodeAt(11) - 48
  if (!(a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) return refusals.statusLine
  let at = 12
  if (text.charCodeAt(at) === 0x20) while (isValueByte[text.charCodeAt(at)] === 1) at++
  if (text.charCodeAt(at) !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return refusals.statusLine

  const fields = new ResponseFields()
  const walk = walkFields(text, at + 2, fields)
  if (walk.refusal !== null) return walk.refusal
  if (fields.chunked && fields.contentLength !== -1) return refusals.lengthAndCoding
  if (fields.chunked && minor === 0) return refusals.codingVersion
  return {
    status: a * 100 + b * 10 + c,
    reason: text.slice(12, at),
    kept: fields.named === null ? walk.kept : withoutNamed(walk.kept, fields.named),
    contentLength: fields.contentLength,
    chunked: fields.chunked,
    persistent: minor === 1 ? !fields.close : fields.keepAlive && !fields.close,
    keepAliveMs: fields.keepAliveMs,
    upgrade: fields.upgrade,
    hasRequestId: fields.hasRequestId,
  }
}

/** RFC 9112 §6.3, in its order. */
export function responseFraming(head: ResponseHead, method: string): Framing {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return 'none'
  if (head.chunked) return 'chunked'
  return head.contentLength === -1 ? 'close' : 'length'
}

class ResponseFields implements FieldVisitor {
  contentLength = -1
  chunked = false
  close = false
  keepAlive = false
  keepAliveMs = -1
  upgrade: string | null = null
  hasRequestId = false
  named: string[] | null = null

  field(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    const first = text.charCodeAt(start) | 0x20
    switch (colon - start) {
      case 7:
        if (first !== 0x75 || text.slice(start, colon).toLowerCase() !== 'upgrade') return true
        this.upgrade = text.slice(from, to)
        return false
      case 10:
        return (first !== 0x63 && first !== 0x6b) || this.#connection(text, start, colon, from, to)
      case 12:
        if (first === 0x78 && text.slice(start, colon).toLowerCase() === 'x-request-id') this.hasRequestId = true
        return true
      case 14:
        return first !== 0x63 || this.#length(text, start, colon, from, to)
      case 16:
        return first !== 0x70 || text.slice(start, colon).toLowerCase() !== 'proxy-connection'
      case 17:
        return first !== 0x74 || this.#coding(text, start, colon, from, to)
      default:
        return true
    }
  }

  #connection(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    // what nearly every server says, without making strings of it
    if (to - from === 10 && text.startsWith('keep-alive', from) && text.startsWith('onnection', start + 1)) {
      this.keepAlive = true
      return false
    }
    const name = text.slice(start, colon).toLowerCase()
    if (name === 'keep-alive') {
      const timeout = /(?:^|[\s,;])timeout="?(\d{1,6})/i.exec(text.slice(from, to))
      if (timeout !== null) this.keepAliveMs = Number(timeout[1]) * 1000
      return false
    }
    if (name !== 'connection') return true
    for (const option of listOf(text.slice(from, to))) {
      if (option === 'close') this.close = true
      else if (option === 'keep-alive') this.keepAlive = true
      else if (!isToken(option)) return refusals.fieldName
      else if (option !== 'upgrade') this.named = [...(this.named ?? []), option]
    }
    return false
  }

  #length(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    if (text.slice(start, colon).toLowerCase() !== 'content-length') return true
    if (this.contentLength !== -1) return refusals.lengthTwice
    this.contentLength = parseContentLength(text.slice(from, to))
    return this.contentLength === -1 ? refusals.length : false
  }

  #coding(text: string, start: number, colon: number, from: number, to: number): boolean | Refusal {
    if (text.slice(start, colon).toLowerCase() !== 'transfer-encoding') return true
    if (this.chunked || text.slice(from, to).toLowerCase() !== 'chunked') return refusals.coding
    this.chunked = true
    return false
  }
}
