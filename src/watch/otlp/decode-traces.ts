import { type Raw, attributesOf, hexOf, list, number, record, text, timeMs } from './values.ts'
import type { OtlpSpan } from './model.ts'

export function span(raw: Raw): OtlpSpan {
  return {
    traceId: hexOf(raw.traceId) ?? '', spanId: hexOf(raw.spanId) ?? '', parentId: hexOf(raw.parentSpanId), name: text(raw.name), kind: number(raw.kind),
    atMs: timeMs(raw.startTimeUnixNano) ?? 0, durationMs: durationMs(raw.startTimeUnixNano, raw.endTimeUnixNano), attributes: attributesOf(raw.attributes),
    events: list(raw.events).map((event) => ({ atMs: timeMs(event.timeUnixNano), name: text(event.name), attributes: attributesOf(event.attributes) })),
    status: number(record(raw.status).code), statusMessage: text(record(raw.status).message),
  }
}

/** As whole nanoseconds: a double holds a time of today to a quarter of a microsecond only. */
function durationMs(start: unknown, end: unknown): number {
  const [from, to] = [nanos(start), nanos(end)]
  return from === null || to === null ? 0 : Number(to - from) / 1e6
}

function nanos(value: unknown): bigint | null {
  return (typeof value === 'string' && /^\d{1,20}$/.test(value)) || (typeof value === 'number' && Number.isInteger(value)) ? BigInt(value) : null
}
