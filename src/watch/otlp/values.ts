/** Single values of a body, in the shape of OTLP/JSON. */
import type { OtlpAttributes, OtlpValue } from './model.ts'

export type Raw = Record<string, unknown>

export function list(value: unknown): Raw[] {
  return Array.isArray(value) ? value.map(record) : []
}

export function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {}
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A number of any kind of JSON: 64-bit ones come as strings, and what is no number of JSON as its name. */
export function number(value: unknown): number {
  const read = typeof value === 'string' ? Number(value) : typeof value === 'number' ? value : 0
  return Number.isNaN(read) && value !== 'NaN' && typeof value === 'string' ? 0 : read
}

export function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(number) : []
}

/** The last moment that a `Date` can tell. */
const lastMs = 8.64e15

/** Nanoseconds since 1970 to milliseconds with fractions; null for none, and for what is no time. */
export function timeMs(value: unknown): number | null {
  const ms = number(value) / 1e6
  return ms > 0 && ms <= lastMs ? ms : null
}

/** Bytes of protobuf, or the hex that OTLP/JSON has in their place; null for an empty or malformed one. */
export function hexOf(value: unknown): string | null {
  const hex = Buffer.isBuffer(value) ? value.toString('hex') : text(value).toLowerCase()
  return /^[0-9a-f]+$/.test(hex) ? hex : null
}

export function attributesOf(value: unknown): OtlpAttributes {
  return Object.fromEntries(list(value).filter((pair) => typeof pair.key === 'string' && pair.key !== '').map((pair) => [pair.key as string, valueOf(pair.value)]))
}

/** Depth is bounded, so that a body cannot exhaust the stack. */
export function valueOf(value: unknown, depth = 0): OtlpValue {
  const any = record(value)
  if (typeof any.stringValue === 'string') return any.stringValue
  if (typeof any.boolValue === 'boolean') return any.boolValue
  if (any.intValue !== undefined) return number(any.intValue)
  if (any.doubleValue !== undefined) return number(any.doubleValue)
  if (any.bytesValue !== undefined) return Buffer.isBuffer(any.bytesValue) ? any.bytesValue.toString('base64') : text(any.bytesValue)
  if (depth >= 16) return null
  if (any.arrayValue !== undefined) return list(record(any.arrayValue).values).map((one) => valueOf(one, depth + 1))
  if (any.kvlistValue !== undefined) return Object.fromEntries(list(record(any.kvlistValue).values).map((pair) => [text(pair.key), valueOf(pair.value, depth + 1)]))
  return null
}
