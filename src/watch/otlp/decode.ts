/** From a body to what it says. Pure and lenient as protobuf is: what is missing has its default, what is of the wrong type counts as missing. */
import { AppError, messageOf } from '#base/errors.ts'
import type { OtlpGroup, OtlpItem, OtlpSignal } from './model.ts'
import { logRecord } from './decode-logs.ts'
import { metric } from './decode-metrics.ts'
import { span } from './decode-traces.ts'
import { type Raw, attributesOf, list, record, text } from './values.ts'
import { weightOf } from './weight.ts'
import { fromProtobuf } from './wire.ts'

const names = {
  logs: { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords', read: logRecord },
  metrics: { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics', read: metric },
  traces: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans', read: span },
} as const

/** Of a body, before it is read. Throws `invalid` for one that is not of `format`. */
export function otlpWeight(signal: OtlpSignal, format: 'json' | 'protobuf', body: Buffer): number {
  return reading(signal, format, () => weightOf(signal, format, body))
}

/** Throws `invalid` for a body that is not of `format`. */
export function decodeOtlp<Signal extends OtlpSignal>(signal: Signal, format: 'json' | 'protobuf', body: Buffer): OtlpGroup<OtlpItem[Signal]>[] {
  const { resources, scopes, items, read } = names[signal]
  const request = parsed(signal, format, body)
  return list(request[resources]).flatMap((resource) => {
    const attributes = attributesOf(record(resource.resource).attributes)
    return list(resource[scopes]).map((scope) => ({
      resource: attributes,
      scope: { name: text(record(scope.scope).name), version: text(record(scope.scope).version) },
      items: list(scope[items]).map(read as (raw: Raw) => OtlpItem[Signal]),
    }))
  })
}

function parsed(signal: OtlpSignal, format: 'json' | 'protobuf', body: Buffer): Raw {
  return reading(signal, format, () => record(format === 'json' ? JSON.parse(body.toString('utf8')) : fromProtobuf(signal, body)))
}

function reading<T>(signal: OtlpSignal, format: 'json' | 'protobuf', read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AppError('invalid', `the body is not an OTLP ${signal} request in ${format}: ${messageOf(cause)}`, { cause })
  }
}
