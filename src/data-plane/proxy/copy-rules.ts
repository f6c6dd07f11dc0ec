import CachePolicy from 'http-cache-semantics'
import type { RequestHead } from './request-head.ts'

/**
 * Which answers may be kept as copies, and for how long one stands in (RFC 9111 for a shared cache, RFC 5861 §4). Storing, Vary,
 * Age and freshness are http-cache-semantics' work. Here is what we are stricter about, since a copy is shown to people
 * other than the one it was made for, by somebody whom the app did not ask to be a cache.
 */
export type Fields = Record<string, string | string[]>
/** A request as the app got it. */
export type Asked = { method: string; url: string; headers: Fields }

export type Rule = {
  policy: CachePolicy
  /** How long after it went stale the response allows its use, milliseconds; Infinity: it does not say. */
  ownStaleMs: number
}

/** Null: not to be kept. */
export function ruleOf(asked: Asked, status: number, fields: Fields): Rule | null {
  const control = directivesOf(text(fields['cache-control']))
  if (status >= 500 || fields['set-cookie'] !== undefined) return null
  // Each of these has it asked for again before every use, which is just what cannot be done when a copy is needed.
  if (control.has('must-revalidate') || control.has('proxy-revalidate') || control.has('no-cache')) return null
  if (!fields['cache-control'] && /no-cache/i.test(text(fields['pragma']))) return null
  const vary = text(fields['vary']).toLowerCase().split(',').map((name) => name.trim())
  if (vary.includes('*') || !speaksForOthers(asked.headers, control, vary)) return null
  // No freshness is made up: what does not say how long it is fresh is stale at once, so that the manifest's time is all it has.
  const policy = new CachePolicy(withPlainControl(asked), withPlainControl({ status, headers: fields }), { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 })
  return policy.storable() ? { policy, ownStaleMs: ownStaleMs(control) } : null
}

/**
 * An answer to somebody who said who he is, is for him alone, unless the app says otherwise. RFC 9111 §3.5 has this for
 * Authorization only; sessions and API keys of apps that say nothing of caching are the same thing.
 */
function speaksForOthers(asked: Fields, control: ReadonlyMap<string, string>, vary: readonly string[]): boolean {
  if (control.has('public') || control.has('s-maxage')) return true
  return Object.keys(asked).every((name) => !namesSomebody.test(name) || vary.includes(name))
}

const namesSomebody = /auth|cookie|token|api-?key|secret|session|credential/

export function isAnonymous(asked: Asked): boolean {
  return !Object.keys(asked.headers).some((name) => namesSomebody.test(name))
}

/** s-maxage says proxy-revalidate as well (RFC 9111 §5.2.2.10), so past it only the response's own word counts. */
function ownStaleMs(control: ReadonlyMap<string, string>): number {
  const own = control.get('stale-if-error')
  if (own !== undefined) return /^\d{1,9}$/.test(own) ? Number(own) * 1000 : 0
  return control.has('s-maxage') ? 0 : Number.POSITIVE_INFINITY
}

/** `serviceMs`: what the manifest allows. The shorter of the two counts. */
export function isUsable({ policy, ownStaleMs }: Rule, serviceMs: number): boolean {
  return policy.age() * 1000 < policy.maxAge() * 1000 + Math.min(serviceMs, ownStaleMs)
}

/** Whether it is an answer to this too: same method and the same in what Vary names. How old it is does not matter. */
export function answers({ policy }: Rule, asked: Asked): boolean {
  const headers: Fields = { ...asked.headers, 'cache-control': 'max-stale' }
  delete headers['pragma']
  return policy.evaluateRequest({ ...asked, headers }).response !== undefined
}

/**
 * A caller who will have nothing but the app's own word (a monitor, a forced reload), and one whose conditions can be met
 * by the app alone.
 */
export function takesCopies({ headers }: Asked): boolean {
  const control = directivesOf(text(headers['cache-control']))
  if (control.has('no-cache') || control.has('no-store') || /no-cache/i.test(text(headers['pragma']))) return false
  return headers['if-match'] === undefined && headers['if-unmodified-since'] === undefined
}

/** RFC 9110 §13.2.2: the client has this already. */
export function isUnmodified(asked: Asked, fields: Fields): boolean {
  const known = asked.headers['if-none-match']
  if (known !== undefined) {
    const tag = opaque(text(fields['etag']))
    return text(known).trim() === '*' || (tag !== '' && text(known).split(/,(?=\s*(?:W\/)?")/).some((one) => opaque(one) === tag))
  }
  const since = Date.parse(text(asked.headers['if-modified-since']))
  return Date.parse(text(fields['last-modified'])) <= since
}

/** Without the mark of weakness: If-None-Match compares so (RFC 9110 §8.8.3.2). */
function opaque(tag: string): string {
  return tag.trim().replace(/^W\//, '')
}

export function askedOf(head: RequestHead, headers: Fields): Asked {
  return { method: head.method, url: head.target, headers }
}

/** Names of directives have no case; the library wants them in small letters. */
function withPlainControl<T extends { headers: Fields }>(message: T): T {
  const control = message.headers['cache-control']
  return control === undefined ? message : { ...message, headers: { ...message.headers, 'cache-control': text(control).toLowerCase() } }
}

function directivesOf(value: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of value.toLowerCase().split(',')) {
    const [name = '', argument = ''] = part.split('=')
    found.set(name.trim(), argument.trim().replaceAll('"', ''))
  }
  return found
}

function text(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(', ') : (value ?? '')
}
