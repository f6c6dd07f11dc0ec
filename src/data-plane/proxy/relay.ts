import { randomBytes } from 'node:crypto'
import { type AccessLog, isoTime, quote } from './access-log.ts'
import type { Outcome } from './counter.ts'
import type { Failure } from './failure.ts'
import type { Fleet } from './fleet.ts'
import type { Limits } from './limits.ts'
import type { RequestHead } from './request-head.ts'
import type { Routes } from './routes.ts'
import type { Target } from './target.ts'
import type { Tunnels } from './tunnel.ts'

/** What every exchange shares: the fleet, the routes of the moment, the bounds, and where its end is written down. */
export class Relay {
  readonly fleet: Fleet
  readonly limits: Limits
  routes: Routes
  /** Shutting down: every response ends its connection. */
  closing = false
  readonly tunnels: Tunnels = new Set()
  readonly #log: AccessLog
  readonly #idPrefix = randomBytes(8).toString('hex')
  #ids = 0

  constructor(fleet: Fleet, limits: Limits, routes: Routes, log: AccessLog) {
    this.fleet = fleet
    this.limits = limits
    this.routes = routes
    this.#log = log
  }

  /** Unique for all time: 64 random bits for this process, then a count. */
  newRequestId(): string {
    return `${this.#idPrefix}-${(++this.#ids).toString(36)}`
  }

  /** The one place where a request that ended is counted and logged. */
  record(entry: RequestEntry): void {
    entry.target?.counter.request(entry.outcome, entry.status, entry.firstByteMs, entry.bytesIn, entry.bytesOut, entry.release)
    const label = entry.target?.logLabel ?? unrouted
    const error = entry.error === null ? '' : `,"${entry.outcome === 'stale' ? 'stale' : 'error'}":${quote(entry.error)}`
    this.#log.add(
      `{"at":"${isoTime(entry.at)}",${label},"instance":${entry.instance === null ? 'null' : `"${entry.instance}"`},"method":${quote(entry.method)},"host":${quote(entry.host)},"path":${quote(entry.path)},"status":${entry.status},"ms":${Math.round(entry.ms * 10) / 10},"bytesIn":${entry.bytesIn},"bytesOut":${entry.bytesOut},"requestId":"${entry.requestId}","client":"${entry.client}","protocol":"${entry.protocol}"${error}}\n`,
    )
  }

  /** An answer of ours to a request that reached no target; `head` is null where it could not be read. */
  recordOwn(failure: Failure, head: RequestHead | null, about: Pick<RequestEntry, 'requestId' | 'bytesOut' | 'client' | 'protocol'>): void {
    this.record({
      at: Date.now(),
      target: null,
      instance: null,
      release: null,
      method: head?.method ?? '-',
      host: head?.hostname ?? '-',
      path: head === null ? '-' : withoutQuery(head.target),
      status: failure.status,
      outcome: 'answered',
      firstByteMs: 0,
      ms: 0,
      bytesIn: 0,
      error: failure.kind,
      ...about,
    })
  }
}

const unrouted = '"app":null,"environment":null,"service":null,"route":null'

export type RequestEntry = {
  /** Wall clock, when the head was complete. */
  at: number
  target: Target | null
  instance: string | null
  /** The release that was asked; null when it reached no instance. */
  release: number | null
  method: string
  host: string
  /** Without query: those carry secrets too often to be kept. */
  path: string
  /** As sent; 499 when the client left before that. */
  status: number
  outcome: Outcome
  firstByteMs: number
  ms: number
  bytesIn: number
  bytesOut: number
  requestId: string
  client: string
  protocol: string
  /** The kind of a failure of ours; with a copy in place of it, what the copy stands in for (also `status-500` and the like). */
  error: string | null
}

export function withoutQuery(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
