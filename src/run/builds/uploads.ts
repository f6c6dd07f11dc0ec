/** Stores an uploaded source: bounded, hashed, on disk before anybody hears of it. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'
import type { BuildPaths } from './paths.ts'

/** @returns the SHA-256 of what was stored. Leaves nothing behind when it throws (`invalid` when it is too large or empty). */
export async function storeUpload(paths: BuildPaths, body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  await mkdir(paths.dir, { recursive: true, mode: 0o711 }) // passable, since the worker's folder lies in it; not to be listed
  const unfinished = `${paths.source}.part`
  const hash = createHash('sha256')
  let bytes = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) return done(new AppError('invalid', `the source is larger than ${formatSize(maxBytes)} (leave out what the build does not need with .nightshiftignore)`))
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    await pipeline(Readable.from(body, { objectMode: false }), measure, createWriteStream(unfinished, { mode: 0o644, flush: true }))
    if (bytes === 0) throw new AppError('invalid', 'the source archive is empty')
    await rename(unfinished, paths.source)
    return hash.digest('hex')
  } catch (error) {
    await rm(paths.dir, { recursive: true, force: true })
    throw error
  }
}
