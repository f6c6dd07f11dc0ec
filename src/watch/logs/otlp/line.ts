/** A log record of OTLP as the text of a line. Pure. */
import type { OtlpLogRecord, OtlpValue } from '#watch/otlp/model.ts'
import { levelOf } from '../text.ts'
import { levels } from '../model.ts'

/** SeverityNumber (logs data model, "Severity Fields"): four numbers each of trace, debug, info, warn, error and fatal. */
function levelNameOf(severity: number): string | null {
  if (severity < 1 || severity > 24) return null
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.floor((severity - 1) / 4)] ?? null
}

/**
 * Plain text stays plain when the record says no more than it: no attributes, no trace, and a severity that the text shows itself. Everything else is one JSON
 * object: level, msg (or the fields of a structured body), the attributes, trace_id and span_id.
 */
export function lineOf(record: OtlpLogRecord, scope: string): string {
  const { body, attributes, traceId, spanId, severity, severityText } = record
  const level = levelNameOf(severity) ?? (severityText === '' ? null : severityText.toLowerCase())
  if (typeof body === 'string' && traceId === null && Object.keys(attributes).length === 0 && saysLevel(body, level)) return body
  const fields = isObject(body) ? body : { msg: body ?? '' }
  return JSON.stringify({ ...(level === null ? {} : { level }), ...attributes, ...fields, ...(traceId === null ? {} : { trace_id: traceId }), ...(spanId === null ? {} : { span_id: spanId }), ...(scope === '' ? {} : { logger: scope }) })
}

function saysLevel(text: string, level: string | null): boolean {
  const own = levels[levelOf(text)]
  if (level === null) return true
  const kept = level === 'trace' ? 'debug' : level === 'fatal' ? 'error' : level
  return own === kept || (own === 'unknown' && kept === 'info')
}

function isObject(value: OtlpValue): value is { [key: string]: OtlpValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
