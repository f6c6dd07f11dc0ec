import type { ServiceKey } from '#contract/names.ts'
import { type Asked, askedOf, type Fields, isUnmodified, type Rule, ruleOf } from './copy-rules.ts'
import { walkFields } from './fields.ts'
import { fieldsOf } from './h2-head.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/** A whole answer of an app, kept to stand in for one that does not come. */
export type Copy = {
  place: CopyPlace
  method: string
  rule: Rule
  status: number
  reason: string
  /** Its fields as they came, without those that each answer has its own of. */
  lines: string
  fields: Fields
  /** -1: none; of a HEAD, what a GET would have. */
  contentLength: number
  body: Buffer | null
  /** What it takes of memory, about. */
  bytes: number
}

/** What a request asks for: nobody else's copy is ever looked at. */
export type CopyPlace = {
  /** Service, scheme, host with port, path with query. */
  key: string
  service: ServiceKey
  /** For finding out whether it is still routed. */
  hostname: string
  path: string
}

/** A request as the rules see it; `lines` is the head that the app gets. */
export function readRequest(head: RequestHead, lines: string): Asked {
  return askedOf(head, fieldsOf(lines.slice(lines.indexOf('\r\n') + 2)))
}

const perAnswer = new Set(['age', 'x-request-id', 'trailer'])
/** Objects and strings beside what is counted. */
const overheadBytes = 1024

/** Null: it may not be kept. The body is put in later. */
export function copyOf(place: CopyPlace, asked: Asked, head: ResponseHead): Copy | null {
  const fields = fieldsOf(head.kept)
  const rule = ruleOf(asked, head.status, fields)
  if (rule === null) return null
  const lines = select(head.kept, (name) => !perAnswer.has(name))
  const bytes = overheadBytes + 2 * (lines.length + place.key.length) + (fields['vary'] === undefined ? 0 : sizeOf(asked.headers))
  return { place, method: asked.method, rule, status: head.status, reason: head.reason, lines, fields, contentLength: head.contentLength, body: null, bytes }
}

/** The app has said 304 to somebody who knows this copy: it is as good as new (RFC 9111 §4.3.4). Null: it must not be kept any more. */
export function refreshed(copy: Copy, asked: Asked, head: ResponseHead): Copy | null {
  const said = select(head.kept, (name) => !name.startsWith('content-') && name !== 'set-cookie')
  const names = fieldsOf(said)
  const kept = select(copy.lines, (name) => names[name] === undefined) + said
  const renewed = copyOf(copy.place, asked, { ...head, status: copy.status, reason: copy.reason, kept, contentLength: copy.contentLength })
  return renewed && { ...renewed, method: copy.method, body: copy.body, bytes: renewed.bytes + (copy.body?.length ?? 0) }
}

/** `{ policy }` must know the copy by a validator of its own, or the 304 may be about anything. */
export function isConfirmed({ rule, fields }: Copy, asked: Asked, head: ResponseHead): boolean {
  if (fields['etag'] === undefined && fields['last-modified'] === undefined) return false
  return rule.policy.revalidatedPolicy(asked, { status: 304, headers: fieldsOf(head.kept) }).matches
}

export type StaleAnswer = { head: ResponseHead; body: Buffer | null }

/**
 * What a client gets. `hit` although the app was asked in vain: of the two words that exclude each other, RFC 9211 §2.1 has it
 * for a stale response in place of a server that cannot be reached; `detail` says that this is such a one.
 */
export function answerFrom(copy: Copy, asked: Asked): StaleAnswer {
  const { policy } = copy.rule
  const ageSeconds = Math.max(0, Math.floor(policy.age()))
  const unmodified = copy.status === 200 && isUnmodified(asked, copy.fields)
  const lines = unmodified ? select(copy.lines, (name) => !name.startsWith('content-') || name === 'content-location') : copy.lines
  const kept = `${lines}Age: ${ageSeconds}\r\nCache-Status: Nightshift; hit; ttl=${Math.floor(policy.maxAge()) - ageSeconds}; detail=stale-if-error\r\n`
  const head = { chunked: false, persistent: true, keepAliveMs: -1, upgrade: null, hasRequestId: false, kept }
  if (unmodified) return { head: { ...head, status: 304, reason: ' Not Modified', contentLength: -1 }, body: null }
  const { status, reason, body } = copy
  return { head: { ...head, status, reason, contentLength: body?.length ?? copy.contentLength }, body: asked.method === 'HEAD' || body?.length === 0 ? null : body }
}

function select(lines: string, stays: (name: string) => boolean): string {
  return walkFields(lines, 0, { field: (text, start, colon) => stays(text.slice(start, colon).toLowerCase()) }).kept
}

function sizeOf(fields: Fields): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + 64 + name.length + value.length, 0)
}
