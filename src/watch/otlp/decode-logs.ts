import { type Raw, attributesOf, hexOf, number, text, timeMs, valueOf } from './values.ts'
import type { OtlpLogRecord } from './model.ts'

export function logRecord(raw: Raw): OtlpLogRecord {
  return {
    atMs: timeMs(raw.timeUnixNano), observedMs: timeMs(raw.observedTimeUnixNano), severity: number(raw.severityNumber), severityText: text(raw.severityText),
    body: valueOf(raw.body), attributes: attributesOf(raw.attributes), traceId: hexOf(raw.traceId), spanId: hexOf(raw.spanId),
  }
}
