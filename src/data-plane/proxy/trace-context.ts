import { randomFillSync } from 'node:crypto'

/**
 * W3C Trace Context (Recommendation of 2021, and the random flag of its Level 2 draft): what comes is read strictly and
 * taken or left whole, what leaves is always version 00 with an id of ours as parent, so that spans of the app hang under ours.
 */
export type TraceContext = {
  /** 32 and 16 digits of lower-case hex. */
  traceId: string
  spanId: string
  /** The caller's span; null where the trace begins here. */
  parentId: string | null
  /** Bits `sampledFlag` and `randomFlag`. */
  flags: number
  /** `tracestate` as it is passed on; empty: none. */
  state: string
}

export const sampledFlag = 1
const randomFlag = 2
/** The bits that are passed on; of all others the recommendation says to clear them (§3.2.2.5.2). */
const knownFlags = sampledFlag | randomFlag

export type TraceParent = { traceId: string; parentId: string; flags: number }

const zeroSpan = '0'.repeat(16)
const zeroTrace = '0'.repeat(32)

/** §3.2: `version-traceid-parentid-flags`. Null: the value is not one, and the trace begins anew. */
export function parseTraceparent(text: string): TraceParent | null {
  if (text.length < 55 || text.length > 512) return null
  if (text.charCodeAt(2) !== 0x2d || text.charCodeAt(35) !== 0x2d || text.charCodeAt(52) !== 0x2d) return null
  if (!isHex(text, 0, 2) || !isHex(text, 3, 35) || !isHex(text, 36, 52) || !isHex(text, 53, 55)) return null
  const version = text.slice(0, 2)
  // a version to come may have more behind a dash; of this one nothing may follow (§3.2.2.4, §4)
  if (version === 'ff' || (text.length > 55 && (version === '00' || text.charCodeAt(55) !== 0x2d))) return null
  const traceId = text.slice(3, 35)
  const parentId = text.slice(36, 52)
  if (traceId === zeroTrace || parentId === zeroSpan) return null
  return { traceId, parentId, flags: Number.parseInt(text.slice(53, 55), 16) & knownFlags }
}

function isHex(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}

const maxMembers = 32
/** What must be passed on at least is 512; more than this is left (§3.3.1.5). */
const maxStateLength = 2_048
const simpleKey = /^[a-z][a-z0-9_\-*/]{0,255}$/
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/
const memberValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** §3.3: the list as it is passed on, or '' when any of it is not as it should be: a state is taken whole or not at all. */
export function parseTracestate(text: string): string {
  if (text === '' || text.length > maxStateLength) return ''
  const members = text.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, '')).filter((member) => member !== '')
  const keys = new Set<string>()
  for (const member of members) {
    const equals = member.indexOf('=')
    const key = member.slice(0, equals)
    if (equals < 1 || !(simpleKey.test(key) || tenantKey.test(key)) || !memberValue.test(member.slice(equals + 1))) return ''
    keys.add(key)
  }
  return members.length > maxMembers || keys.size < members.length ? '' : members.join(',')
}

const idsPerFill = 256
const idDigits = 48

/** Random ids, made many at a time: a call into the random generator costs more than all else that a trace does to a request. */
export class TraceIds {
  readonly #bytes = Buffer.allocUnsafe((idsPerFill * idDigits) / 2)
  #digits = ''
  #at = 0

  /** A span of ours in the caller's trace. */
  follow(parent: TraceParent, state: string): TraceContext {
    return { traceId: parent.traceId, spanId: this.#take(16), parentId: parent.parentId, flags: parent.flags, state }
  }

  begin(sampled: boolean): TraceContext {
    const digits = this.#take(idDigits)
    return { traceId: digits.slice(0, 32), spanId: digits.slice(32), parentId: null, flags: sampled ? sampledFlag | randomFlag : randomFlag, state: '' }
  }

  #take(digits: number): string {
    if (this.#at + digits > this.#digits.length) this.#fill()
    this.#at += digits
    return this.#digits.slice(this.#at - digits, this.#at)
  }

  #fill(): void {
    // an id of zeros alone is none
    do this.#digits = randomFillSync(this.#bytes).toString('hex')
    while (this.#digits.includes(zeroSpan))
    this.#at = 0
  }
}

/** For the app, each with its CRLF. */
export function traceLines({ traceId, spanId, flags, state }: TraceContext): string {
  const parent = `traceparent: 00-${traceId}-${spanId}-0${flags}\r\n`
  return state === '' ? parent : `${parent}tracestate: ${state}\r\n`
}
