/**
 * How sealed points are written: columns of equal length, each as the difference to the value before it (XOR of the bits), the bytes of
 * equal weight side by side, then zstd. Neighbours are alike, so most of those bytes are 0. Times are whole milliseconds.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Bucket, Point } from './model.ts'

const valueBytes = 8

/** One column after the other. */
function encodeColumns(columns: readonly Float64Array[]): Buffer {
  const rows = columns[0]?.length ?? 0
  const plain = new Uint8Array(4 + columns.length * rows * valueBytes)
  new DataView(plain.buffer).setUint32(0, rows, true)
  columns.forEach((column, at) => {
    const bits = new BigUint64Array(column.buffer, column.byteOffset, rows)
    const base = 4 + at * rows * valueBytes
    let before = 0n
    for (let row = 0; row < rows; row++) {
      const value = bits[row] as bigint
      const low = Number((value ^ before) & 0xffff_ffffn)
      const high = Number((value ^ before) >> 32n)
      for (let byte = 0; byte < 4; byte++) {
        plain[base + byte * rows + row] = (low >>> (8 * byte)) & 0xff
        plain[base + (byte + 4) * rows + row] = (high >>> (8 * byte)) & 0xff
      }
      before = value
    }
  })
  return zstdCompressSync(plain)
}

function decodeColumns(data: Uint8Array, count: number): Float64Array[] {
  const plain = zstdDecompressSync(data)
  const rows = plain.readUInt32LE(0)
  return Array.from({ length: count }, (_, at) => {
    const column = new Float64Array(rows)
    const words = new Uint32Array(column.buffer)
    const base = 4 + at * rows * valueBytes
    let [low, high] = [0, 0]
    for (let row = 0; row < rows; row++) {
      let [dLow, dHigh] = [0, 0]
      for (let byte = 3; byte >= 0; byte--) {
        dLow = (dLow << 8) | (plain[base + byte * rows + row] as number)
        dHigh = (dHigh << 8) | (plain[base + (byte + 4) * rows + row] as number)
      }
      low ^= dLow
      high ^= dHigh
      words[2 * row] = low >>> 0
      words[2 * row + 1] = high >>> 0
    }
    return column
  })
}

/** Times are written as their steps, which are mostly the same. */
function stepsOf(items: readonly { atMs: number }[]): Float64Array {
  return Float64Array.from(items, ({ atMs }, at) => atMs - (items[at - 1]?.atMs ?? 0))
}

function timesOf(steps: Float64Array): number[] {
  let atMs = 0
  return Array.from(steps, (step) => (atMs += step))
}

/** Points in order of time. */
export function encodePoints(points: readonly Point[]): Buffer {
  return encodeColumns([stepsOf(points), Float64Array.from(points, ({ value }) => value)])
}

export function decodePoints(data: Uint8Array): Point[] {
  const [steps, values] = decodeColumns(data, 2) as [Float64Array, Float64Array]
  return timesOf(steps).map((atMs, at) => ({ atMs, value: values[at] as number }))
}

const fields = ['min', 'max', 'sum', 'count', 'last', 'increase'] as const satisfies readonly (keyof Bucket)[]

/** Buckets of one width in order of time. */
export function encodeBuckets(buckets: readonly Bucket[]): Buffer {
  return encodeColumns([stepsOf(buckets), ...fields.map((field) => Float64Array.from(buckets, (bucket) => bucket[field]))])
}

export function decodeBuckets(data: Uint8Array, widthMs: number): Bucket[] {
  const [steps, ...columns] = decodeColumns(data, 1 + fields.length) as [Float64Array, ...Float64Array[]]
  const value = (column: number, row: number) => columns[column]?.[row] as number
  return timesOf(steps).map((atMs, row) => ({ atMs, widthMs, min: value(0, row), max: value(1, row), sum: value(2, row), count: value(3, row), last: value(4, row), increase: value(5, row) }))
}

/** As the database packs them: eight bytes of time, eight of value, each with its greatest byte first. */
export function unpackPoints(packed: Buffer): Point[] {
  return Array.from({ length: packed.length / 16 }, (_, at) => ({ atMs: packed.readUInt32BE(at * 16) * 2 ** 32 + packed.readUInt32BE(at * 16 + 4), value: packed.readDoubleBE(at * 16 + 8) }))
}
