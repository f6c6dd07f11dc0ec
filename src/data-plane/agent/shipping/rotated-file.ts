/** A log file that grows, and what it was renamed to as it did: `app.log.1` is the newest of the old ones. */
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const chunkBytes = 256 * 1024
const guardBytes = 64

/** Inode and birth time: an inode alone is given again to a new file. */
export function identityOf(info: { ino: number; birthtimeMs: number }): string {
  return `${info.ino}:${info.birthtimeMs}`
}

/** The path under which a file is now; null: it is gone. */
export async function find(file: string, identity: string): Promise<string | null> {
  const current = await stat(file).catch(() => null)
  if (current && identityOf(current) === identity) return file
  return (await filesOf(file)).find((one) => one.identity === identity)?.path ?? null
}

export async function oldest(file: string): Promise<string | null> {
  return (await filesOf(file))[0]?.path ?? null
}

/** The identity of the file that followed this one. */
export async function newer(file: string, identity: string): Promise<string | null> {
  const files = await filesOf(file)
  const index = files.findIndex((one) => one.identity === identity)
  return files[index + 1]?.identity ?? null
}

/** The log and what it was rotated to, oldest first. */
async function filesOf(file: string): Promise<{ path: string; identity: string }[]> {
  const folder = dirname(file)
  const name = basename(file)
  const found: { path: string; identity: string; age: number }[] = []
  for (const entry of await readdir(folder).catch(() => [])) {
    const suffix = entry === name ? '0' : entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : ''
    if (!/^\d+$/.test(suffix)) continue
    const path = join(folder, entry)
    const info = await stat(path).catch(() => null)
    if (info) found.push({ path, identity: identityOf(info), age: Number(suffix) })
  }
  return found.sort((a, b) => b.age - a.age)
}

/** `guard` is the end of what was read, by which it is known again. Whole lines from `offset`, up to `until` or a chunk's size; with `closed`, an unfinished last line counts as one. */
export async function readLines(path: string, offset: number, until: number | null, closed: boolean): Promise<{ lines: string[]; end: number; guard: string }> {
  const file = await open(path)
  try {
    const buffer = Buffer.allocUnsafe(until === null ? chunkBytes : Math.max(0, until - offset))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const data = buffer.subarray(0, filled)
    const last = data.lastIndexOf(10)
    const used = until !== null || closed || (last === -1 && filled === chunkBytes) ? filled : last + 1
    return { lines: data.toString('utf8', 0, used).split('\n').filter(Boolean), end: offset + used, guard: data.toString('latin1', Math.max(0, used - guardBytes), used) }
  } finally {
    await file.close()
  }
}

/** Whether the bytes before `offset` are those that were read there. */
export async function isAsRead(path: string, offset: number, guard: string): Promise<boolean> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(guard.length)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, offset - bytes.length)
    return bytesRead === bytes.length && bytes.toString('latin1') === guard
  } finally {
    await file.close()
  }
}
