/** Protobuf of OTLP, in the shape that OTLP/JSON has: camelCase names, 64-bit numbers as strings, ids as hex. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import protobuf from 'protobufjs'
import type { OtlpSignal } from './model.ts'

const { root } = protobuf.parse(readFileSync(path.join(import.meta.dirname, 'otlp.proto'), 'utf8'), { keepCase: false })
export const requestTypes: Record<OtlpSignal, protobuf.Type> = { logs: root.lookupType('otlp.LogsRequest'), metrics: root.lookupType('otlp.MetricsRequest'), traces: root.lookupType('otlp.TracesRequest') }
const response = root.lookupType('otlp.Response')
const status = root.lookupType('otlp.Status')

/** Throws what protobufjs says of a body that is none. */
export function fromProtobuf(signal: OtlpSignal, body: Uint8Array): unknown {
  const type = requestTypes[signal]
  return type.toObject(type.decode(body), { longs: String, bytes: Buffer })
}

export function toProtobuf(signal: OtlpSignal, request: object): Uint8Array {
  const type = requestTypes[signal]
  return type.encode(type.fromObject(request)).finish()
}

export function responseBytes(partial: { rejected: number; because: string } | null): Uint8Array {
  return response.encode(response.fromObject(partial === null ? {} : { partialSuccess: { rejected: partial.rejected, errorMessage: partial.because } })).finish()
}

export function statusBytes(message: string): Uint8Array {
  return status.encode(status.fromObject({ message })).finish()
}
