import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { isToken } from './grammar.ts'
import { type Refusal, refusals } from './refusal.ts'
import { type HeadRules, maxHeadBytes, parseRequestHead, type RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/**
 * HTTP/2 heads as HTTP/1.1 ones and back. A request is written out as HTTP/1.1 text and goes through the same strict
 * parser as any other, after what could break out of a line there has been refused (RFC 9113 §8.2.1, §10.3).
 */
const connectionSpecific = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

export function requestHeadOf(headers: IncomingHttpHeaders, hasBody: boolean, rules: HeadRules): RequestHead | Refusal {
  const method = pseudo(headers, ':method')
  const path = pseudo(headers, ':path')
  const authority = pseudo(headers, ':authority')
  const { host } = headers
  if (method === null || path === null || pseudo(headers, ':scheme') !== 'https') return refusals.requestLine
  if (host !== undefined && authority !== null && host.toLowerCase() !== authority.toLowerCase()) return refusals.targetHost
  const name = authority ?? host
  if (name === undefined) return refusals.hostMissing
  if (!isToken(method) || /[^\x21-\x7e]/.test(path) || !(path.startsWith('/') || path === '*')) return refusals.target
  if (/[^\x21-\x7e]/.test(name)) return refusals.host
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${name}\r\n`
  for (const field of Object.keys(headers)) {
    if (field.startsWith(':') || field === 'host') continue
    if (!isToken(field) || connectionSpecific.has(field)) return refusals.fieldName
    const value = headers[field]
    for (const one of Array.isArray(value) ? value : [value ?? '']) {
      if (/[\r\n\0]/.test(one)) return refusals.control
      text += `${field}: ${one}\r\n`
    }
  }
  if (hasBody && headers['content-length'] === undefined) text += 'transfer-encoding: chunked\r\n'
  if (text.length > maxHeadBytes) return refusals.headSize
  return parseRequestHead(text, rules)
}

function pseudo(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The lines of a head or trailer section as an object; repeated fields are joined as RFC 9110 §5.3 allows, cookies kept apart. */
export function fieldsOf(lines: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null)
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).toLowerCase()
    if (connectionSpecific.has(name)) continue
    const value = line.slice(colon + 1).trim()
    const before = fields[name]
    if (before === undefined) fields[name] = name === 'set-cookie' ? [value] : value
    else if (Array.isArray(before)) before.push(value)
    else fields[name] = `${before}, ${value}`
  }
  return fields
}

export function responseFields(head: ResponseHead, requestId: string): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = fieldsOf(head.kept)
  fields[':status'] = head.status
  if (head.contentLength !== -1 && head.status !== 204) fields['content-length'] = String(head.contentLength)
  if (!head.hasRequestId) fields['x-request-id'] = requestId
  return fields
}
