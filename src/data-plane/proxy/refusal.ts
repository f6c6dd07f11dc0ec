/**
 * Why a message is not forwarded. One constant per rule, so that tests, logs and error pages name the same thing.
 * A refused request is answered with `status` and the connection closes: after a framing fault nobody knows
 * where the next message starts.
 */
export type Refusal = { readonly status: number; readonly rule: string; readonly detail: string }

function refuse(status: number, rule: string, detail: string): Refusal {
  return { status, rule, detail }
}

export const refusals = {
  requestLine: refuse(400, 'request-line', 'the request line is not "METHOD target HTTP/1.1" (RFC 9112 §3)'),
  preface: refuse(400, 'h2-preface', 'an HTTP/2 preface on an HTTP/1.1 connection (RFC 9113 §3.4)'),
  version: refuse(505, 'version', 'only HTTP/1.0, HTTP/1.1 and, over TLS, HTTP/2 are spoken here (RFC 9110 §15.6.6)'),
  method: refuse(405, 'method', 'CONNECT and TRACE are not served here (RFC 9110 §9.3.6, §9.3.8)'),
  target: refuse(400, 'target', 'the request target is not one this server may take (RFC 9112 §3.2)'),
  targetHost: refuse(400, 'target-host', 'the target names another host than the Host field (RFC 9112 §3.2.2)'),
  targetLength: refuse(414, 'target-length', 'the request target is too long (RFC 9110 §15.5.15)'),
  headSize: refuse(431, 'head-size', 'the header section is too large (RFC 6585 §5)'),
  bareLf: refuse(400, 'bare-lf', 'a line ends with LF alone (RFC 9112 §2.2)'),
  bareCr: refuse(400, 'bare-cr', 'a CR without LF in the header section (RFC 9112 §2.2)'),
  control: refuse(400, 'control', 'a control character in the header section (RFC 9110 §5.5)'),
  fieldName: refuse(400, 'field-name', 'a field name is empty, holds a character that is not allowed, or is followed by a space (RFC 9112 §5.1)'),
  fold: refuse(400, 'obs-fold', 'a header line is folded (RFC 9112 §5.2)'),
  hostMissing: refuse(400, 'host-missing', 'the Host field is missing (RFC 9112 §3.2)'),
  hostTwice: refuse(400, 'host-twice', 'there is more than one Host field (RFC 9112 §3.2)'),
  host: refuse(400, 'host', 'the Host field is not a host name (RFC 9110 §7.2)'),
  lengthTwice: refuse(400, 'length-twice', 'there is more than one Content-Length (RFC 9112 §6.3)'),
  length: refuse(400, 'length', 'Content-Length is not a plain decimal number (RFC 9110 §8.6)'),
  lengthAndCoding: refuse(400, 'length-and-coding', 'both Content-Length and Transfer-Encoding (RFC 9112 §6.1)'),
  coding: refuse(400, 'coding', 'Transfer-Encoding is something else than one "chunked" (RFC 9112 §6.1)'),
  codingVersion: refuse(400, 'coding-version', 'Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1)'),
  connection: refuse(400, 'connection', 'the Connection field names a field that frames or routes the message (RFC 9110 §7.6.1)'),
  expectation: refuse(417, 'expectation', 'only "Expect: 100-continue" can be met (RFC 9110 §10.1.1)'),
  chunk: refuse(400, 'chunk', 'the chunked body is malformed (RFC 9112 §7.1)'),
  trailer: refuse(400, 'trailer', 'the trailer section is malformed, too large, or holds a field that frames or routes (RFC 9112 §7.1.2)'),
  statusLine: refuse(502, 'status-line', 'the status line is malformed (RFC 9112 §4)'),
  headTimeout: refuse(408, 'head-timeout', 'the request head took too long to arrive (RFC 9110 §15.5.9)'),
} as const

export function isRefusal(value: object): value is Refusal {
  return 'rule' in value
}
