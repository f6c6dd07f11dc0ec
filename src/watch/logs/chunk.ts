/**
 * The sealed form of up to 2000 lines of one environment. A column each for what compresses apart:
 *
 *   version 1 · count · bytes of columns | line deltas · time deltas (zigzag) · source · stream and level (one byte) | texts joined by NUL
 *
 * Numbers are LEB128 varints. The whole is one zstd frame. Lines are in order of arrival.
 */
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { gramMap } from './grams.ts'
import { type LineFilter, fitsRow } from './filter.ts'
import { type StoredLine, bitMask, fold } from './model.ts'

export const maxChunkLines = 2000
export const maxChunkBytes = 1024 * 1024
/** What may be put together from small ones. */
export const maxChunkMs = 24 * 3_600_000

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const version = 1

export type SealedChunk = {
  firstLine: number
  lastLine: number
  firstMs: number
  lastMs: number
  lines: number
  rawBytes: number
  streams: number
  levels: number
  sources: number[]
  grams: Buffer
  data: Buffer
}

/** @param rows  in order of `line`, at least one */
export async function sealChunk(rows: readonly StoredLine[]): Promise<SealedChunk> {
  const texts = rows.map((row) => row.text).join('\0')
  const columns = new VarintWriter(rows.length * 12)
  let last = 0
  for (const row of rows) {
    columns.put(row.line - last)
    last = row.line
  }
  last = 0
  for (const row of rows) {
    const delta = row.atMs - last
    columns.put(delta < 0 ? -delta * 2 - 1 : delta * 2)
    last = row.atMs
  }
  for (const row of rows) columns.put(row.source)
  for (const row of rows) columns.byte(row.stream * 8 + row.level)
  const head = new VarintWriter(16)
  head.byte(version)
  head.put(rows.length)
  head.put(columns.bytes().length)
  const raw = Buffer.concat([head.bytes(), columns.bytes(), Buffer.from(texts)])
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0]
  for (const { atMs } of rows) {
    if (atMs < firstMs) firstMs = atMs
    if (atMs > lastMs) lastMs = atMs
  }
  return {
    firstLine: (rows[0] as StoredLine).line,
    lastLine: (rows.at(-1) as StoredLine).line,
    firstMs,
    lastMs,
    lines: rows.length,
    rawBytes: raw.length,
    streams: bitMask(rows.map((row) => row.stream)),
    levels: bitMask(rows.map((row) => row.level)),
    sources: [...new Set(rows.map((row) => row.source))].sort((a, b) => a - b),
    grams: gramMap(rows.map((row) => fold(row.text))), // line by line: one line beyond Latin-1 would make all of them slow to fold
    data: await compress(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  }
}

/** Lines of the chunk that pass the filter, as far as can be told without labels, in order of arrival. `sources` limits who wrote them; null = anybody. */
export async function openChunk(data: Buffer, filter?: LineFilter, sources?: ReadonlySet<number> | null): Promise<StoredLine[]> {
  const raw = await decompress(data)
  const columns = new VarintReader(raw)
  const found = columns.byte()
  if (found !== version) throw new Error(`log chunk of version ${found}; this Nightshift reads ${version}`)
  const count = columns.take()
  const columnBytes = columns.take()
  const textAt = columns.at + columnBytes
  if (filter?.needles.some((needle) => surelyWithout(raw.subarray(textAt), needle))) return []
  const lines = Array.from<number>({ length: count })
  const times = Array.from<number>({ length: count })
  const writers = Array.from<number>({ length: count })
  for (let at = 0, last = 0; at < count; at++) lines[at] = last += columns.take()
  for (let at = 0, last = 0; at < count; at++) {
    const delta = columns.take()
    times[at] = last += delta % 2 === 1 ? -(delta + 1) / 2 : delta / 2
  }
  for (let at = 0; at < count; at++) writers[at] = columns.take()
  const kinds = raw.subarray(columns.at, columns.at + count)
  const textOf = raw.toString('utf8', textAt).split('\0')
  const rows: StoredLine[] = []
  for (let at = 0; at < count; at++) {
    const kind = kinds[at] as number
    const [stream, level] = [kind >>> 3, kind & 7]
    if (sources && !sources.has(writers[at] as number)) continue
    const row = { line: lines[at] as number, atMs: times[at] as number, source: writers[at] as number, stream, level, text: textOf[at] as string }
    if (filter === undefined || fitsRow(filter, row)) rows.push(row)
  }
  return rows
}

/**
 * Looks at the bytes without decoding them, for an ASCII needle: folding them as Latin-1 does to ASCII what folding the
 * text does, and makes no ASCII of anything else. Only İ and the Kelvin sign fold into ASCII, so texts with them pass.
 */
function surelyWithout(utf8: Buffer, needle: string): boolean {
  if (!/^[\x00-\x7f]*$/.test(needle) || utf8.toString('latin1').toLowerCase().includes(needle)) return false
  return !(needle.includes('i') && utf8.includes('\u0130')) && !(needle.includes('k') && utf8.includes('\u212a'))
}

class VarintWriter {
  #buffer: Buffer
  #at = 0
  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size)
  }
  byte(value: number): void {
    if (this.#at === this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], this.#buffer.length * 2)
    this.#buffer[this.#at++] = value
  }
  /** Any integer from 0 to 2^53. */
  put(value: number): void {
    let rest = value
    while (rest > 127) {
      this.byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }
}

class VarintReader {
  readonly #buffer: Buffer
  at = 0
  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }
  byte(): number {
    return this.#buffer[this.at++] as number
  }
  take(): number {
    let value = 0
    let scale = 1
    while (true) {
      const next = this.byte()
      value += (next & 127) * scale
      if (next < 128) return value
      scale *= 128
    }
  }
}
