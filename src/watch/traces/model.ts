import type { ProxySpan } from '#contract/wire.ts'
import { type KeptReason, type Span, spanKinds } from '#contract/traces.ts'

/** A span on its way in: as the contract has it, with what its sender said of keeping it. */
export type NewSpan = Span & { /** The proxy's word: it was slower than the service usually is. */ slow: boolean }

const hex = (digits: number) => new RegExp(`^[0-9a-f]{${digits}}$`)
const traceIdForm = hex(32)
const spanIdForm = hex(16)

export const bounds = { name: 200, attributes: 64, key: 128, value: 1_000, events: 32, spanBytes: 96 * 1024, oldMs: 24 * 3_600_000, aheadMs: 10 * 60_000 } as const

/** Ids as the recommendation has them, not all zeros; times near now. */
export function isWellFormed(span: Pick<Span, 'traceId' | 'spanId' | 'parentId' | 'atMs' | 'durationMs'>, nowMs: number): boolean {
  const { traceId, spanId, parentId, atMs, durationMs } = span
  return (
    traceIdForm.test(traceId) && /[^0]/.test(traceId) && spanIdForm.test(spanId) && /[^0]/.test(spanId) && (parentId === null || spanIdForm.test(parentId)) &&
    Number.isFinite(durationMs) && durationMs >= 0 && durationMs <= bounds.oldMs && atMs >= nowMs - bounds.oldMs && atMs <= nowMs + bounds.aheadMs
  )
}

/** What is kept of attributes: so many, so long, and nothing that PostgreSQL cannot hold. */
export function bounded(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).slice(0, bounds.attributes).map(([key, value]) => [plain(key, bounds.key), typeof value === 'number' || typeof value === 'boolean' ? value : plain(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), bounds.value)]),
  )
}

/** What a span takes, roughly: in memory, and when it is stored. */
export function bytesOf({ name, attributes, events }: Pick<NewSpan, 'name' | 'attributes' | 'events'>): number {
  return 300 + name.length + attributeBytes(attributes) + events.reduce((sum, event) => sum + 100 + event.name.length + attributeBytes(event.attributes), 0)
}

const attributeBytes = (attributes: Readonly<Record<string, unknown>>) => Object.entries(attributes).reduce((sum, [key, value]) => sum + key.length + (typeof value === 'string' ? value.length : 8) + 8, 0)

/** Without the events of a span that says too much: those are most of it. */
export function shortened<Given extends NewSpan>(span: Given): Given {
  return bytesOf(span) <= bounds.spanBytes ? span : { ...span, events: [], attributes: { ...span.attributes, 'nightshift.events_left_out': span.events.length } }
}

/** Without NUL, and not cut within a pair of surrogates. */
export function plain(text: string, most: number): string {
  return text.slice(0, most).replaceAll('\0', '\ufffd').toWellFormed()
}

/** Null: it is not one. The proxy is ours, but a machine's token is all it takes to speak for it. */
export function proxySpan(from: ProxySpan, nowMs: number): NewSpan | null {
  if (typeof from !== 'object' || from === null) return null
  const named = [from.app, from.environment, from.service, from.method, from.path].every((name) => typeof name === 'string' && name !== '')
  if (!named || typeof from.host !== 'string' || !isWellFormed(from, nowMs)) return null
  const { status, retries, parkedMs, firstByteMs, route, release, protocol, host, outcome, error } = from
  return {
    traceId: from.traceId, spanId: from.spanId, parentId: from.parentId, atMs: from.atMs, durationMs: from.durationMs,
    app: plain(from.app, bounds.name), environment: plain(from.environment, bounds.name), service: plain(from.service, bounds.name), instance: from.instance === null ? null : plain(from.instance, bounds.name),
    name: plain(`${from.method} ${from.path}`, bounds.name), kind: from.from === null ? 'server' : 'client', byProxy: true,
    status: outcome === 'failed' || outcome === 'stale' || (outcome === 'answered' && status >= 500) ? 'error' : 'unset',
    attributes: bounded({
      'http.response.status_code': status, 'server.address': host, 'network.protocol.name': protocol, 'nightshift.route': route, 'nightshift.first_byte_ms': round(firstByteMs),
      ...(from.from === null ? {} : { 'nightshift.from': from.from }), ...(release === null ? {} : { 'nightshift.release': release }), ...(retries > 0 ? { 'nightshift.retries': retries } : {}),
      ...(parkedMs > 0 ? { 'nightshift.parked_ms': round(parkedMs) } : {}), ...(outcome === 'answered' ? {} : { 'nightshift.outcome': outcome }), ...(error === null ? {} : { 'error.type': error }),
    }),
    events: [],
    slow: from.because === 'slow',
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}

export const slowMs = 1_000

export function reasonOf(spans: readonly NewSpan[]): KeptReason {
  if (spans.some((span) => span.status === 'error')) return 'error'
  const first = Math.min(...spans.map((span) => span.atMs))
  const last = Math.max(...spans.map((span) => span.atMs + span.durationMs))
  return spans.some((span) => span.slow) || last - first >= slowMs ? 'slow' : 'sampled'
}

export function kindAt(place: number): Span['kind'] {
  return spanKinds[place] ?? 'internal'
}
