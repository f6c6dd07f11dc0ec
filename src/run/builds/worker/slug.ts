/**
 * Packs a folder into a slug: a gzipped tar that is the same, byte for byte, for the same content. Entries are sorted,
 * times and owners are zero, modes are 0644 or 0755. Files, folders and links only; nothing is followed.
 */
import { createWriteStream } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { AppError } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'

/** What never belongs into an artifact. */
const leftOut = new Set(['.git', '.hg', '.svn'])

export type PackLimits = { files: number; unpackedBytes: number }
/** Decides what else is left out; see docker-ignore.ts. */
export type Exclude = { leavesOut(path: string): boolean; mustLookInside: boolean }
const nothing: Exclude = { leavesOut: () => false, mustLookInside: false }

export type Packed = { files: number; bytes: number }

/** @param limits  of the unpacked content. Throws `invalid` when it outgrows them. */
export async function packSlug(dir: string, to: string, limits: PackLimits, exclude: Exclude = nothing): Promise<Packed> {
  const packed: Packed = { files: 0, bytes: 0 }
  // The fastest level: a slug is unpacked once a machine and lives on a local disk; time to a serving release counts more.
  await pipeline(Readable.from(entries(dir, '', { limits, exclude }, packed)), createGzip({ level: constants.Z_BEST_SPEED }), createWriteStream(to))
  return packed
}

async function* entries(dir: string, at: string, options: { limits: PackLimits; exclude: Exclude }, packed: Packed): AsyncGenerator<Buffer> {
  const { limits, exclude } = options
  const names = (await readdir(join(dir, at))).sort((a, b) => (a < b ? -1 : 1))
  for (const name of names) {
    if (leftOut.has(name)) continue
    const path = at === '' ? name : `${at}/${name}`
    const stat = await lstat(join(dir, path))
    const out = exclude.leavesOut(path)
    if (out && !(stat.isDirectory() && exclude.mustLookInside)) continue
    packed.files++
    if (packed.files > limits.files) throw new AppError('invalid', `the result of the build holds more than ${limits.files} files (at ${path})`)
    if (stat.isDirectory()) {
      if (!out) yield* header(`${path}/`, '5', 0o755, 0, '')
      yield* entries(dir, path, options, packed)
    } else if (stat.isSymbolicLink()) yield* header(path, '2', 0o777, 0, await readlink(join(dir, path)))
    else if (stat.isFile()) {
      packed.bytes += stat.size
      if (packed.bytes > limits.unpackedBytes) throw new AppError('invalid', `the result of the build is larger than ${formatSize(limits.unpackedBytes)} (at ${path})`)
      yield* header(path, '0', stat.mode & 0o100 ? 0o755 : 0o644, stat.size, '')
      yield* content(join(dir, path), stat.size)
    } else packed.files-- // a socket or a pipe that a tool left behind
  }
  if (at === '') yield Buffer.alloc(1024)
}

async function* content(path: string, size: number): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    let left = size
    while (left > 0) {
      const buffer = Buffer.allocUnsafe(Math.min(left, 256 * 1024))
      const { bytesRead } = await file.read(buffer, 0, buffer.length)
      if (bytesRead === 0) throw new AppError('conflict', `${path} became smaller while it was packed (is something of the build still running?)`)
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
  const padding = (512 - (size % 512)) % 512
  if (padding > 0) yield Buffer.alloc(padding)
}

function* header(path: string, type: string, mode: number, size: number, link: string): Generator<Buffer> {
  const long = [['path', path], ['linkpath', link]].filter(([, value]) => Buffer.byteLength(value as string) > 100 || /[^\x20-\x7e]/.test(value as string))
  if (long.length > 0) {
    const records = Buffer.concat(long.map(([key, value]) => paxRecord(key as string, value as string)))
    yield ustar('PaxHeader', 'x', 0o644, records.length, '')
    yield records
    yield Buffer.alloc((512 - (records.length % 512)) % 512)
  }
  yield ustar(path, type, mode, size, link)
}

/** The length at the start of a pax record counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest
  while (length !== rest + String(length).length) length = rest + String(length).length
  return Buffer.from(`${length} ${key}=${value}\n`)
}

function ustar(path: string, type: string, mode: number, size: number, link: string): Buffer {
  const block = Buffer.alloc(512)
  block.write(path.slice(0, 100), 0, 100, 'latin1')
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(size), 128)
  }
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write(link.slice(0, 100), 157, 100, 'latin1')
  block.write('ustar\u000000', 257, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
