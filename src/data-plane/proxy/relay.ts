import { randomBytes } from 'node:crypto'
import { type AccessLog, isoTime, quote } from './access-log.ts'
import type { Outcome } from './counter.ts'
import type { Failure } from './failure.ts'
import type { Fleet } from './fleet.ts'
import type { Limits } from './limits.ts'
import type { RequestHead } from './request-head.ts'
import type { Routes } from './routes.ts'
import type { SpanShipper } from './span-shipper.ts'
import type { Target } from './target.ts'
import { keepBecause, TraceBudget } from './trace-choice.ts'
import { sampledFlag, type TraceContext, TraceIds } from './trace-context.ts'
import type { Tunnels } from './tunnel.ts'

/** What every exchange shares: the fleet, the routes of the moment, the bounds, and where its end is written down. */
export class Relay {
  readonly fleet: Fleet
  readonly limits: Limits
  routes: Routes
  /** Shutting down: every response ends its connection. */
  closing = false
  readonly tunnels: Tunnels = new Set()
  readonly traceIds = new TraceIds()
  readonly #spans: SpanShipper | null
  readonly #oddSpans: TraceBudget
  readonly #log: AccessLog
  readonly #idPrefix = randomBytes(8).toString('hex')
  #ids = 0

  constructor(fleet: Fleet, limits: Limits, routes: Routes, log: AccessLog, spans: SpanShipper | null) {
    this.fleet = fleet
    this.limits = limits
    this.routes = routes
    this.#log = log
    this.#spans = spans
    this.#oddSpans = new TraceBudget(limits.oddSpansPerSecond, 2 * limits.oddSpansPerSecond)
  }

  /** Unique for all time: 64 random bits for this process, then a count. */
  newRequestId(): string {
    return `${this.#idPrefix}-${(++this.#ids).toString(36)}`
  }

  traceOf(head: RequestHead, target: Target, nowMs: number): TraceContext {
    return head.trace === null ? this.traceIds.begin(target.service.traces.take(nowMs)) : this.traceIds.follow(head.trace, head.traceState)
  }

  /** The one place where a request that ended is counted and logged. */
  record(entry: RequestEntry): void {
    entry.target?.counter.request(entry.outcome, entry.status, entry.firstByteMs, entry.bytesIn, entry.bytesOut, entry.release, entry.parkedMs, entry.warming)
    this.#keep(entry)
    const label = entry.target?.logLabel ?? unrouted
    const error = entry.error === null ? '' : `,"${entry.outcome === 'stale' ? 'stale' : 'error'}":${quote(entry.error)}`
    this.#log.add(
      `{"at":"${isoTime(entry.at)}",${label},"instance":${entry.instance === null ? 'null' : `"${entry.instance}"`},"method":${quote(entry.method)},"host":${quote(entry.host)},"path":${quote(entry.path)},"status":${entry.status},"ms":${Math.round(entry.ms * 10) / 10},"bytesIn":${entry.bytesIn},"bytesOut":${entry.bytesOut},"requestId":"${entry.requestId}"${entry.trace === null ? '' : `,"traceId":"${entry.trace.traceId}"`},"client":"${entry.client}","protocol":"${entry.protocol}"${error}}\n`,
    )
  }

  /** The span of a request whose trace is sampled, or that went wrong or slowly whether it is or not. */
  #keep(entry: RequestEntry): void {
    const { target, trace, outcome, status } = entry
    if (target === null || trace === null) return
    const slow = outcome !== 'aborted' && target.service.slow.add(entry.firstByteMs)
    const sampled = (trace.flags & sampledFlag) !== 0
    const because = keepBecause(outcome, status, slow, sampled)
    if (this.#spans === null || because === null || (!sampled && !this.#oddSpans.take(performance.now()))) return
    const { key: route, app, environment, service, from } = target.counter.names
    this.#spans.add({
      traceId: trace.traceId, spanId: trace.spanId, parentId: trace.parentId, atMs: entry.at, durationMs: entry.ms, firstByteMs: entry.firstByteMs,
      app, environment, service, from, route, instance: entry.instance, release: entry.release, method: entry.method, host: entry.host, path: entry.path,
      status, outcome, error: entry.error, retries: entry.retries, parkedMs: entry.parkedMs, protocol: entry.protocol, because,
    })
  }

  /** An answer of ours to a request that reached no target; `head` is null where it could not be read. */
  recordOwn(failure: Failure, head: RequestHead | null, about: Pick<RequestEntry, 'requestId' | 'bytesOut' | 'client' | 'protocol'>): void {
    this.record({
      at: Date.now(),
      target: null,
      instance: null,
      release: null,
      warming: false,
      method: head?.method ?? '-',
      host: head?.hostname ?? '-',
      path: head === null ? '-' : withoutQuery(head.target),
      status: failure.status,
      outcome: 'answered',
      firstByteMs: 0,
      ms: 0,
      bytesIn: 0,
      error: failure.kind,
      trace: null,
      retries: 0,
      parkedMs: 0,
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
  /** The instance had just become ready. */
  warming: boolean
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
  /** Null: it reached no target. */
  trace: TraceContext | null
  /** How often it was sent again, and how long it waited for an instance. */
  retries: number
  parkedMs: number
}

export function withoutQuery(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
