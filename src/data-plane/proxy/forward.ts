import type { Socket } from 'node:net'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { type TraceContext, traceLines } from './trace-context.ts'

/**
 * The heads we write. Framing fields are always written by us, in one canonical form; hop-by-hop fields are gone
 * (the parsers dropped them); the rest is passed on byte by byte.
 */

/** What is known of a caller for the life of its connection, as ready-made lines. */
export type Caller = {
  address: string
  /** `X-Forwarded-For/-Proto/-Port` and `X-Real-IP`, each with its CRLF; empty on edges, where the caller's own stand. */
  forwardedLines: string
  scheme: string
  edge: boolean
}

/** IPv4 as such, also where it came in over an IPv6 socket. */
export function clientAddress(socket: Socket): string {
  const address = socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

export function ingressCaller(address: string, scheme: string, port: number): Caller {
  return {
    address,
    scheme,
    edge: false,
    forwardedLines: `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Port: ${port}\r\nX-Real-IP: ${address}\r\n`,
  }
}

export function edgeCaller(address: string): Caller {
  return { address, scheme: 'http', edge: true, forwardedLines: '' }
}

/** The head for the app, without the empty line that ends it. We always speak HTTP/1.1 to it and keep the connection, so no Connection field is needed. */
export function requestLines(head: RequestHead, caller: Caller, requestId: string, trace: TraceContext, nowMs: number): string {
  let lines = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${head.host}\r\n${head.kept}${caller.forwardedLines}X-Request-ID: ${requestId}\r\n${traceLines(trace)}`
  if (!caller.edge) lines += `X-Forwarded-Host: ${head.host}\r\nX-Request-Start: t=${nowMs}\r\n`
  if (head.chunked) lines += 'Transfer-Encoding: chunked\r\n'
  else if (head.contentLength !== -1) lines += `Content-Length: ${head.contentLength}\r\n`
  if (head.expectContinue) lines += 'Expect: 100-continue\r\n'
  if (head.upgrade !== null) lines += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`
  return lines
}

/** How the response is framed for an HTTP/1 client, and what becomes of its connection. */
export type ClientFraming = { chunked: boolean; contentLength: number; connection: 'keep-alive' | 'close' | '' }

export function responseLines(head: ResponseHead, framing: ClientFraming, requestId: string): string {
  let lines = `HTTP/1.1 ${head.status}${head.reason === '' ? ' ' : head.reason}\r\n${head.kept}`
  if (framing.chunked) lines += 'Transfer-Encoding: chunked\r\n'
  else if (framing.contentLength !== -1) lines += `Content-Length: ${framing.contentLength}\r\n`
  if (!head.hasRequestId) lines += `X-Request-ID: ${requestId}\r\n`
  if (framing.connection !== '') lines += `Connection: ${framing.connection}\r\n`
  return `${lines}\r\n`
}

export function informationalLines(head: ResponseHead): string {
  return `HTTP/1.1 ${head.status}${head.reason === '' ? ' ' : head.reason}\r\n${head.kept}\r\n`
}

export function upgradeLines(head: ResponseHead, requestId: string): string {
  const id = head.hasRequestId ? '' : `X-Request-ID: ${requestId}\r\n`
  return `HTTP/1.1 101${head.reason === '' ? ' ' : head.reason}\r\n${head.kept}Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n${id}\r\n`
}
