/**
 * How much a body is when it is read: its objects, lists and numbers, counted before any of them is made. A body of some kilobytes can say
 * `{},` five million times, which takes gigabytes to hold and the process with it. Pure; a pass over the bytes.
 */
import protobuf from 'protobufjs'
import type { OtlpSignal } from './model.ts'
import { requestTypes } from './wire.ts'

/** Throws what protobufjs says of a body that is none. */
export function weightOf(signal: OtlpSignal, format: 'json' | 'protobuf', body: Uint8Array): number {
  return format === 'json' ? jsonWeight(body) : protobufWeight(requestTypes[signal], protobuf.Reader.create(body), body.length)
}

const [quote, colon, brace, bracket] = [0x22, 0x3a, 0x7b, 0x5b]
/** Names of members are shared between objects of one shape, and lists of numbers are flat. */
const membersPerObject = 4

/** What stands in strings counts too: that is some more, never less. */
function jsonWeight(body: Uint8Array): number {
  let [objects, members, before] = [0, 0, 0]
  for (const byte of body) {
    if (byte === brace || byte === bracket) objects++
    else if (byte === colon && before === quote) members++
    before = byte
  }
  return objects + Math.ceil(members / membersPerObject)
}

function protobufWeight(type: protobuf.Type, reader: protobuf.Reader, end: number): number {
  let weight = 0
  while (reader.pos < end) {
    const tag = reader.uint32()
    if ((tag & 7) !== 2) {
      reader.skipType(tag & 7)
      continue
    }
    const length = reader.uint32()
    const stop = reader.pos + length
    if (stop > end) throw new RangeError(`a field of ${length} bytes is longer than what is left`)
    const field = type.fieldsById[tag >>> 3]
    if (field?.resolvedType instanceof protobuf.Type) weight += 1 + protobufWeight(field.resolvedType, reader, stop)
    else if (field?.repeated) weight += field.type === 'string' || field.type === 'bytes' ? 1 : length // packed numbers: one a byte at most
    reader.pos = stop
  }
  return weight
}
