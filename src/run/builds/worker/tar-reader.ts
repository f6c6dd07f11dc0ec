/**
 * A strict reader of tar streams (POSIX ustar and pax, GNU long names), gzipped or not, made for hostile input: it
 * checks every header, bounds everything it keeps, and refuses what it does not know instead of skipping it.
 * It touches no file system.
 */
import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { Readable } from 'node:stream'
import { AppError, isAppError, messageOf } from '#base/errors.ts'

export type TarEntry = {
  type: 'file' | 'folder' | 'symlink' | 'hardlink'
  path: string
  /** Target of a link. */
  link: string
  executable: boolean
  size: number
}

const block = 512
const maxMetaBytes = 64 * 1024

/** A source of exact byte counts over chunks. */
class Bytes {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** Up to `n` bytes, at least one; empty at the end. */
  async some(n: number): Promise<Buffer> {
    while (this.#buffer.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return Buffer.alloc(0)
      this.#buffer = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const part = this.#buffer.subarray(0, n)
    this.#buffer = this.#buffer.subarray(part.length)
    return part
  }

  /** Exactly `n` bytes, or fewer at the end. */
  async exactly(n: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let have = 0
    while (have < n) {
      const part = await this.some(n - have)
      if (part.length === 0) break
      parts.push(part)
      have += part.length
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }
}

/** Calls `onEntry` for each entry in order; it must consume `body` fully. Throws `invalid` for anything that is no plain archive. */
export async function readTar(source: AsyncIterable<Uint8Array>, onEntry: OnEntry): Promise<void> {
  try {
    await readEntries(new Bytes(await unzipped(source)), onEntry)
  } catch (error) {
    if (isAppError(error)) throw error
    const code = (error as { code?: string }).code ?? ''
    if (code.startsWith('Z_')) throw refuse(`its compression is damaged: ${messageOf(error)}`)
    throw error
  }
}

type OnEntry = (entry: TarEntry, body: AsyncIterable<Buffer>) => Promise<void>

async function readEntries(bytes: Bytes, onEntry: OnEntry): Promise<void> {
  let ahead: Ahead = { pax: new Map() }
  for (let first = true; ; first = false) {
    const header = await bytes.exactly(block)
    if (header.length === 0 && !first) throw refuse('it ends without its closing blocks (was the upload cut short?)')
    if (header.length < block) throw refuse(first ? 'it is empty or no tar archive' : 'it is cut short')
    if (header.every((byte) => byte === 0)) return drain(bytes)
    checkSum(header, first)
    const flag = String.fromCharCode(header[156] as number)
    const size = number(header, 124, 12)
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') {
      if (size > maxMetaBytes) throw refuse(`it has a header of ${size} bytes`)
      ahead = { ...ahead, ...said(flag, await padded(bytes, size)) }
      continue
    }
    const entry = entryOf(header, flag, size, ahead)
    ahead = { pax: new Map() }
    if (entry.type === 'file') await passFile(bytes, entry, onEntry)
    else await passEmpty(entry, onEntry)
  }
}

/** What headers said ahead of the entry that they belong to. */
type Ahead = { pax: Map<string, string>; name?: string; link?: string }

function said(flag: 'x' | 'g' | 'L' | 'K', data: Buffer): Partial<Ahead> {
  if (flag === 'L') return { name: text(data, 0, data.length) }
  if (flag === 'K') return { link: text(data, 0, data.length) }
  const pax = parsePax(data)
  return flag === 'x' ? { pax } : {} // global comments, as `git archive` writes them, must be well formed and say nothing
}

function entryOf(header: Buffer, flag: string, size: number, { pax, name, link }: Ahead): TarEntry {
  const path = pax.get('path') ?? name ?? headerName(header)
  const entry: TarEntry = {
    type: typeOf(flag, path),
    path,
    link: pax.get('linkpath') ?? link ?? text(header, 157, 100),
    executable: (number(header, 100, 8) & 0o100) !== 0,
    size: pax.has('size') ? paxSize(pax.get('size') as string) : size,
  }
  for (const key of pax.keys()) if (key.startsWith('GNU.sparse')) throw refuse(`${show(path)} is a sparse file`)
  return entry
}

async function passEmpty(entry: TarEntry, onEntry: OnEntry): Promise<void> {
  if (entry.size !== 0 && entry.type !== 'hardlink') throw refuse(`${show(entry.path)} is a ${entry.type} with content`)
  await onEntry({ ...entry, size: 0 }, none())
  if (entry.size > 0) throw refuse(`${show(entry.path)} is a link with content`)
}

async function passFile(bytes: Bytes, entry: TarEntry, onEntry: OnEntry): Promise<void> {
  let left = entry.size
  const body = async function* () {
    while (left > 0) {
      const part = await bytes.some(left)
      if (part.length === 0) throw refuse(`it is cut short within ${show(entry.path)}`)
      left -= part.length
      yield part
    }
  }
  await onEntry(entry, body())
  if (left > 0) throw new Error('the body of an entry was not consumed')
  const padding = (block - (entry.size % block)) % block
  if ((await bytes.exactly(padding)).length < padding) throw refuse('it is cut short')
}

export function refuse(why: string): AppError {
  return new AppError('invalid', `the source archive is refused: ${why}`)
}

/** A name for an error message: bounded, with control characters made visible. */
export function show(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name)
}

async function unzipped(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const chunks = source[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let have = 0
  while (have < 2) {
    const next = await chunks.next()
    if (next.done === true) break
    head.push(next.value)
    have += next.value.length
  }
  const start = Buffer.concat(head)
  const whole = async function* () {
    if (start.length > 0) yield start as Uint8Array
    for (;;) {
      const next = await chunks.next()
      if (next.done === true) return
      yield next.value
    }
  }
  if (start[0] !== 0x1f || start[1] !== 0x8b) return whole()
  const gunzip = createGunzip()
  pipeline(Readable.from(whole()), gunzip, () => {}) // an error of either is thrown by the iteration below
  return gunzip as AsyncIterable<Uint8Array>
}

function checkSum(header: Buffer, first: boolean): void {
  let sum = 0
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] as number)
  if (sum !== number(header, 148, 8)) throw refuse(first ? 'it is no tar archive' : 'a header has a wrong checksum')
}

function number(header: Buffer, at: number, length: number): number {
  if ((header[at] as number) & 0x80) {
    let value = (header[at] as number) & 0x7f
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (header[i] as number)
    if (!Number.isSafeInteger(value)) throw refuse('a header holds a number that is too large')
    return value
  }
  const digits = header.toString('latin1', at, at + length).replace(/[\0 ]+$/, '').trimStart()
  if (!/^[0-7]*$/.test(digits)) throw refuse('a header holds a malformed number')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function text(data: Buffer, at: number, length: number): string {
  const end = data.indexOf(0, at)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(at, end === -1 || end > at + length ? at + length : end))
  } catch {
    throw refuse('a name in it is not UTF-8')
  }
}

function headerName(header: Buffer): string {
  const name = text(header, 0, 100)
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0' // GNU writes "ustar  " and other things into the prefix
  const prefix = isUstar ? text(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function typeOf(flag: string, name: string): TarEntry['type'] {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
      return name.endsWith('/') ? 'folder' : 'file'
    case '1':
      return 'hardlink'
    case '2':
      return 'symlink'
    case '5':
      return 'folder'
    case '3':
    case '4':
      throw refuse(`${show(name)} is a device`)
    case '6':
      throw refuse(`${show(name)} is a pipe`)
    case 'S':
      throw refuse(`${show(name)} is a sparse file`)
    default:
      throw refuse(`${show(name)} has the unknown type ${show(flag)}`)
  }
}

/** `<length> <key>=<value>\n`, the length counting itself. */
function parsePax(data: Buffer): Map<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at)
    const length = Number(data.toString('latin1', at, space === -1 ? at : space))
    if (space === -1 || !Number.isInteger(length) || length < 5 || at + length > data.length || data[at + length - 1] !== 10) throw refuse('an extended header is malformed')
    const record = text(Buffer.from(data.subarray(space + 1, at + length - 1)), 0, length)
    const equals = record.indexOf('=')
    if (equals < 1) throw refuse('an extended header is malformed')
    if (record.length !== data.toString('utf8', space + 1, at + length - 1).length) throw refuse('a name in it holds a NUL byte')
    values.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return values
}

function paxSize(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw refuse('an extended header holds a malformed size')
  return Number(value)
}

async function padded(bytes: Bytes, size: number): Promise<Buffer> {
  const data = await bytes.exactly(size)
  const padding = (block - (size % block)) % block
  if (data.length < size || (await bytes.exactly(padding)).length < padding) throw refuse('it is cut short')
  return data
}

/** After the end nothing but zeros may follow, and no endless amount of them. */
async function drain(bytes: Bytes): Promise<void> {
  for (let seen = 0; ; ) {
    const part = await bytes.some(65_536)
    if (part.length === 0) return
    seen += part.length
    if (seen > 1024 * 1024 || part.some((byte) => byte !== 0)) throw refuse('something follows its end')
  }
}

async function* none(): AsyncGenerator<Buffer> {}
