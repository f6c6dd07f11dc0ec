/** Every kind of drain. Another one is a folder and a line here. */
import { AppError } from '#base/errors.ts'
import type { DrainKindName } from '#contract/drains.ts'
import { httpDrain } from './http/http.ts'
import { lokiDrain } from './loki/loki.ts'
import { otlpDrain } from './otlp/otlp.ts'
import type { DrainKind } from './port.ts'
import { syslogDrain } from './syslog/syslog.ts'

const kinds: Record<DrainKindName, DrainKind> = { syslog: syslogDrain, http: httpDrain, otlp: otlpDrain, loki: lokiDrain }

export function kindOf(name: DrainKindName): DrainKind {
  return kinds[name]
}

/** The kind that an address means. Throws `invalid`, with what there is. */
export function parseAddress(text: string): { kind: DrainKind; url: URL } {
  const scheme = /^([a-z][a-z+]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  const kind = Object.values(kinds).find(({ schemes }) => scheme !== undefined && schemes.includes(scheme))
  const url = URL.parse(text)
  if (kind === undefined || url === null || url.hostname === '' || url.hash !== '')
    throw new AppError('invalid', `${kind === undefined ? (scheme === undefined ? 'that' : `${scheme}://`) : `an address that begins with ${scheme}://`} is no address of a drain; they are like ${Object.values(kinds).map(({ example }) => example).join(', ')}`)
  return { kind, url }
}

const wellKnownPaths: ReadonlySet<string> = new Set(['', '/', '/v1/logs', '/loki/api/v1/push', '/api/v1/write'])

/** What may be shown of an address: who it is, never what lets somebody in. A path may hold a key, and so may a query. */
export function shownAddress(url: URL): string {
  const path = wellKnownPaths.has(url.pathname) ? url.pathname.replace(/^\/$/, '') : '/…'
  return `${url.protocol}//${url.host}${path}${url.search === '' ? '' : '?…'}`
}
