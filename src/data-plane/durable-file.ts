import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces a file (0600) so that a reader finds the old or the new content, never a mix, also after a crash.
 * @param options.sync  also survive a power cut: flush file and folder to the disk (milliseconds more)
 */
export async function replaceFile(path: string, content: string | Buffer, options: { sync: boolean }): Promise<void> {
  const temporary = `${path}.tmp` // one name, so that what a kill left is written over
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
