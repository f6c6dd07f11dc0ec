/** Spans of apps, as OpenTelemetry has them, into ours. Pure but for the sink. */
import { spanStatuses } from '#contract/traces.ts'
import type { OtlpSender, OtlpSink, OtlpSpan } from '#watch/otlp/model.ts'
import { type NewSpan, bounded, bounds, isWellFormed, kindAt, plain, shortened } from './model.ts'
import type { Traces } from './service.ts'

/** Null: it is not one that can be kept. Who sent it is what the ingest key says, whatever its resource claims. */
export function appSpan(span: OtlpSpan, from: OtlpSender, nowMs: number): NewSpan | null {
  if (!isWellFormed(span, nowMs)) return null
  const { traceId, spanId, parentId, atMs, durationMs, statusMessage } = span
  return shortened({
    traceId, spanId, parentId, atMs, durationMs, app: from.app, environment: from.environment, service: from.service, instance: from.instance === null ? null : plain(from.instance, bounds.name),
    name: plain(span.name === '' ? 'unnamed' : span.name, bounds.name), kind: kindAt(span.kind - 1), status: spanStatuses[span.status] ?? 'unset', byProxy: false,
    attributes: { ...bounded(span.attributes), ...(statusMessage === '' ? {} : { 'status.message': plain(statusMessage, bounds.value) }) },
    events: span.events.slice(0, bounds.events).map((event) => ({ atMs: event.atMs ?? atMs, name: plain(event.name, bounds.name), attributes: bounded(event.attributes) })),
    slow: false,
  })
}

export function traceSink(traces: Pick<Traces, 'add' | 'count'>): OtlpSink<'traces'> {
  return (group, from, now) => {
    const spans = group.items.map((span) => appSpan(span, from, now.getTime())).filter((span) => span !== null)
    const rejected = group.items.length - spans.length
    traces.add(spans, now)
    traces.count('malformed', rejected)
    if (rejected > 0) return { rejected, because: 'spans need ids that are not all zeros, and times of the last day' }
  }
}
