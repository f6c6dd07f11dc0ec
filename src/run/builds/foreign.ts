/** Reading what a build worker left. The app's code ran there and may have put anything in its place. */
import { constants } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The open file, or null if there is no such plain file: no link is followed, no pipe waited for, and a file that is not
 * the build user's own (a hard link to somebody else's) counts as none. Close it.
 */
export async function openForeign(path: string): Promise<FileHandle | null> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
  const [found, folder] = await Promise.all([file.stat(), stat(dirname(path))])
  if (found.isFile() && found.nlink === 1 && found.uid === folder.uid) return file
  await file.close()
  return null
}

/** Its text up to a bound; null when there is none or it is larger. */
export async function readForeign(path: string, maxBytes: number): Promise<string | null> {
  const file = await openForeign(path)
  if (file === null) return null
  try {
    const buffer = Buffer.alloc(maxBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return bytesRead > maxBytes ? null : buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
