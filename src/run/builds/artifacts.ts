/** Slugs by content: takes the worker's file into `<home>/artifacts`, named by its SHA-256. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'
import { openForeign } from './foreign.ts'
import { artifactPath } from './paths.ts'

/** Copies while hashing: what is stored is what was hashed, whoever still holds the worker's file open. Idempotent. */
export async function storeSlug(home: string, from: string, maxBytes: number): Promise<{ digest: string; sizeBytes: number }> {
  const file = await openForeign(from)
  if (file === null) throw new AppError('internal', 'the build worker left no slug')
  const folder = join(home, 'artifacts')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const unfinished = join(folder, `.${process.pid}.${Math.random().toString(36).slice(2)}.part`)
  const hash = createHash('sha256')
  let sizeBytes = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) return done(new AppError('invalid', `the slug is larger than ${formatSize(maxBytes)}`))
      hash.update(chunk)
      done(null, chunk)
    },
  })
  try {
    await pipeline(file.createReadStream(), measure, createWriteStream(unfinished, { mode: 0o600, flush: true }))
    const digest = hash.digest('hex')
    await rename(unfinished, artifactPath(home, digest))
    const directory = await open(folder)
    await directory.sync().finally(() => directory.close())
    return { digest, sizeBytes }
  } finally {
    await rm(unfinished, { force: true })
    await file.close().catch(() => {}) // the stream has closed it unless it never began
  }
}
