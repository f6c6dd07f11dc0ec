/**
 * The sealed form of up to 2000 lines of one environment. A column each for what compresses apart:
 *
 *   version 1 · count · bytes of columns | line deltas · time deltas (zigzag) · source · stream and level (one byte) | texts joined by NUL
 *
 * Numbers are LEB128 varints. The whole is one zstd frame. Lines are in order of arrival.
 */
import { isAscii } from 'node:buffer'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'
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
/** Room for what is opened, where its size is not known. */
const usualBytes = 128 * 1024
/** zlib takes no smaller one. */
const leastBuffer = 64

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

/** In one piece: by default every 16 KB are a buffer of their own. Of a usual one the way to the thread pool and back costs as much as the work. */
async function decompressed(data: Buffer, rawBytes: number): Promise<Buffer> {
  const options = { chunkSize: Math.max(leastBuffer, rawBytes + 1) }
  return rawBytes > 2 * usualBytes ? decompress(data, options) : zstdDecompressSync(data, options)
}

/** `rawBytes`: as it was sealed, if known. Lines of the chunk that pass the filter, as far as can be told without labels, in order of arrival. `sources` limits who wrote them; null = anybody. */
export async function openChunk(data: Buffer, filter?: LineFilter, sources?: ReadonlySet<number> | null, rawBytes = usualBytes): Promise<StoredLine[]> {
  const raw = await decompressed(data, rawBytes)
  const columns = new VarintReader(raw)
  const kept = columns.byte()
  if (kept !== version) throw new Error(`log chunk of version ${kept}; this Nightshift reads ${version}`)
  const count = columns.take()
  const columnBytes = columns.take()
  const texts = raw.subarray(columns.at + columnBytes)
  const found = filter === undefined ? null : candidates(texts, filter.needles)
  if (found?.length === 0) return []
  const lines = new Float64Array(count)
  const times = new Float64Array(count)
  const writers = new Float64Array(count)
  for (let at = 0, last = 0; at < count; at++) lines[at] = last += columns.take()
  for (let at = 0, last = 0; at < count; at++) {
    const delta = columns.take()
    times[at] = last += delta % 2 === 1 ? -(delta + 1) / 2 : delta / 2
  }
  for (let at = 0; at < count; at++) writers[at] = columns.take()
  const kinds = raw.subarray(columns.at, columns.at + count)
  const rows: StoredLine[] = []
  const add = (at: number, text: string) => {
    const kind = kinds[at] as number
    const source = writers[at] as number
    if (sources && !sources.has(source)) return
    const row = { line: lines[at] as number, atMs: times[at] as number, source, stream: kind >>> 3, level: kind & 7, text }
    if (filter === undefined || fitsRow(filter, row)) rows.push(row)
  }
  if (found === null) texts.toString('utf8').split('\0').forEach((text, at) => add(at, text))
  else if (isAscii(texts)) {
    const whole = texts.toString('latin1')
    for (const { at, from, to } of found) add(at, whole.slice(from, to))
  } else for (const { at, from, to } of found) add(at, texts.toString('utf8', from, to))
  return rows
}

/** A line by its place in the chunk, and the bytes of its text. */
type Span = { at: number; from: number; to: number }

/** What folds into ASCII though it is none, as the bytes are read here. */
const oddSigns = [['i', '\u0130'], ['k', '\u212a']].map(([into = '', sign = '']) => ({ into, bytes: Buffer.from(sign).toString('latin1').toLowerCase() }))

/**
 * Lines that may hold every needle; null: any may. Looks at the bytes of all lines at once, without decoding them: folding them as Latin-1
 * does to ASCII what folding the text does, keeps their places, and makes no ASCII of anything else. Only İ and the Kelvin sign fold into
 * ASCII, so a line with one of them may hold anything that has an i or a k. What is sure is for the test of each line.
 */
function candidates(utf8: Buffer, needles: readonly string[]): Span[] | null {
  const plain = needles.filter((needle) => /^[\x01-\x7f]+$/.test(needle))
  if (plain.length === 0) return null
  const folded = utf8.toString('latin1').toLowerCase()
  const next = (text: string, from: number) => {
    const at = folded.indexOf(text, from)
    return at === -1 ? Number.POSITIVE_INFINITY : at
  }
  const odd = oddSigns.filter(({ into }) => plain.some((needle) => needle.includes(into))).map(({ bytes }) => bytes)
  const hits = plain.map((needle) => next(needle, 0))
  const oddHits = odd.map((sign) => next(sign, 0))
  const spans: Span[] = []
  // from one hit of the rarest to the next: a line before the furthest of the next hits lacks that needle
  for (let [at, from, to] = [0, 0, lineEnd(folded, 0)]; ; ) {
    const place = Math.min(Math.max(...hits), ...oddHits)
    if (place === Number.POSITIVE_INFINITY) return spans
    for (; to <= place; at++) [from, to] = [to + 1, lineEnd(folded, to + 1)]
    plain.forEach((needle, nth) => {
      if ((hits[nth] as number) < from) hits[nth] = next(needle, from)
    })
    if (hits.some((hit) => hit >= to) && oddHits.every((hit) => hit >= to)) continue
    spans.push({ at, from, to })
    plain.forEach((needle, nth) => {
      if ((hits[nth] as number) < to) hits[nth] = next(needle, to)
    })
    odd.forEach((sign, nth) => {
      if ((oddHits[nth] as number) < to) oddHits[nth] = next(sign, to)
    })
  }
}

function lineEnd(texts: string, from: number): number {
  const end = texts.indexOf('\0', from)
  return end === -1 ? texts.length : end
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
