/** Traces of the preview's shop, or of many apps: the same for the same minute. */
import type { Span, Trace, TraceSummary } from '#contract/traces.ts'
import { pick } from './noise.ts'

const operations = ['GET /', 'GET /products', 'GET /products/12', 'POST /cart', 'POST /checkout', 'GET /search?q', 'GET /account'] as const
const stepMs = 17_000
const count = 160

const idOf = (n: number) => `5eed${n.toString(16).padStart(12, '0')}${'c0ffee00'.repeat(2)}`
const numberOf = (id: string) => Number.parseInt(id.slice(4, 16), 16)

/** `apps`: whose requests they are; each of them has a web, an api and a db. */
export function sampleTraces(now: number, apps: readonly string[] = ['shop']): TraceSummary[] {
  const newest = Math.floor(now / stepMs) - 1 // the current step may still be ahead
  return Array.from({ length: count }, (_, nth) => {
    const spans = spansOf(newest - nth, apps)
    const first = spans[0] as Span
    const errors = spans.filter((span) => span.status === 'error').length
    return {
      traceId: first.traceId, app: first.app, environment: 'production', service: 'web', operation: first.name, at: new Date(first.atMs).toISOString(), durationMs: first.durationMs, spans: spans.length, errors,
      services: [...new Set(spans.map((span) => span.service))].sort(), because: errors > 0 ? 'error' : first.durationMs > 400 ? 'slow' : 'sampled',
    }
  })
}

export function sampleTrace(id: string, now: number, apps: readonly string[] = ['shop']): Trace | null {
  const n = numberOf(id)
  if (idOf(n) !== id || Math.abs(n - now / stepMs) > count + 1) return null
  const spans = spansOf(n, apps)
  const line = (text: string, service: string, level: 'info' | 'error', offsetMs: number): Trace['lines'][number] => ({ cursor: `t${offsetMs}`, at: new Date((spans[0] as Span).atMs + offsetMs).toISOString(), app: (spans[0] as Span).app, environment: 'production', service, instance: `${service}.1`, release: 17, stream: 'stdout', level, text })
  return { traceId: id, spans, partial: false, lines: [line(`{"level":"info","msg":"cart opened","trace_id":"${id}"}`, 'web', 'info', 4), ...(spans.some((span) => span.status === 'error') ? [line(`{"level":"error","msg":"payment declined: card expired","trace_id":"${id}"}`, 'api', 'error', 30)] : [])] }
}

function spansOf(n: number, apps: readonly string[]): Span[] {
  const app = apps[Math.floor(pick('trace.app', n, 1) * apps.length)] as string
  const traceId = idOf(n)
  const atMs = n * stepMs + Math.floor(pick('trace.at', n, 1) * 9_000)
  const size = 8 + 900 * pick('trace.size', n, 1) ** 5
  const failed = pick('trace.bad', n, 1) > 0.93
  const name = operations[Math.floor(pick('trace.op', n, 1) * operations.length)] as string
  let serial = 0
  const span = (parent: Span | null, service: string, label: string, from: number, to: number, more: Partial<Span> = {}): Span => ({
    traceId, spanId: (++serial).toString(16).padStart(16, '0'), parentId: parent?.spanId ?? null, app, environment: 'production', service, instance: `${service}.1`, name: label, kind: 'internal', status: 'unset', byProxy: false,
    atMs: atMs + from * size, durationMs: (to - from) * size, attributes: {}, events: [], ...more,
  })
  const ingress = span(null, 'web', name, 0, 1, { byProxy: true, kind: 'server', attributes: { 'http.response.status_code': failed ? 502 : 200, 'server.address': `${app}.localhost`, 'nightshift.route': 'route:web', 'nightshift.release': 17, ...(failed ? { 'nightshift.retries': 1 } : {}) } })
  const web = span(ingress, 'web', name, 0.02, 0.98, { kind: 'server', attributes: { 'http.route': name.split(' ')[1], 'http.request.method': name.split(' ')[0] } })
  const render = span(web, 'web', 'render page', 0.8, 0.96)
  const edge = span(web, 'api', 'GET /price', 0.08, 0.7, { byProxy: true, kind: 'client', attributes: { 'nightshift.from': 'web', 'http.response.status_code': failed ? 503 : 200 }, status: failed ? 'error' : 'unset' })
  const api = span(edge, 'api', 'GET /price', 0.1, 0.68, { kind: 'server', status: failed ? 'error' : 'ok', events: failed ? [{ atMs: atMs + 0.6 * size, name: 'exception', attributes: { 'exception.type': 'PaymentError', 'exception.message': 'card expired' } }] : [] })
  const query = span(api, 'db', 'SELECT products', 0.14, 0.4, { kind: 'client', attributes: { 'db.system': 'postgresql', 'db.query.text': 'SELECT * FROM products WHERE id = $1' } })
  const cache = span(api, 'api', 'cache lookup', 0.12, 0.135)
  const second = span(api, 'db', 'SELECT stock', 0.42, 0.64, { kind: 'client', attributes: { 'db.system': 'postgresql' } })
  const log = span(web, 'worker', 'record visit', 0.1, 0.2)
  return [ingress, web, edge, api, cache, query, second, log, render]
}
