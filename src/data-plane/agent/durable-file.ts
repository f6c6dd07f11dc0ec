import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '#base/errors.ts'

/**
 * Replaces a file so that a reader finds the old or the new content, never a mix, also after a crash.
 * @param options.sync  also survive a power cut: flush file and folder to the disk (milliseconds more)
 */
export async function replaceFile(path: string, content: string | Buffer, options: { sync: boolean }): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, 'w', 0o600)
    await handle.writeFile(content)
    if (options.sync) await handle.sync()
    await handle.close()
    handle = undefined
    await rename(temporary, path)
    if (options.sync) await syncFolder(dirname(path))
  } catch (error) {
    await handle?.close().catch(() => undefined)
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The parsed content, or null when there is no such file. Throws when it is there and can't be understood. */
export async function readJson<T>(path: string): Promise<T | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  return text === null ? null : (JSON.parse(text) as T)
}

/** The machine's key: 32 bytes in base64, made by `nightshift up` at its first start. */
async function readKey(keyFile: string): Promise<Buffer> {
  const key = Buffer.from((await readFile(keyFile, 'utf8')).trim(), 'base64')
  if (key.length !== 32) throw new AppError('invalid', `${keyFile} does not hold a 32-byte key in base64; restore it from your backup of keys/`)
  return key
}

/** AES-256-GCM: 1 byte version, 12 bytes nonce, 16 bytes tag, ciphertext. `place` binds it to where it lies. */
export async function seal(plain: string, place: string, keyFile: string): Promise<Buffer> {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', await readKey(keyFile), nonce).setAAD(Buffer.from(place))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.of(1), nonce, cipher.getAuthTag(), text])
}

export async function unseal(sealed: Buffer, place: string, keyFile: string): Promise<string> {
  const key = await readKey(keyFile)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13)).setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(13, 29))
    return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8')
  } catch (error) {
    throw new AppError('internal', `${place} can't be opened with ${keyFile} (was the key replaced?)`, { cause: error })
  }
}
