/**
 * Unpacks a source archive that nobody vouches for. Every name is checked before it is used; nothing is written
 * through a link; links must stay inside; counts and sizes are bounded as they come. Refuses the whole archive
 * (`invalid`, naming the entry) rather than leaving out a part.
 */
import { constants } from 'node:fs'
import { link, mkdir, open, readlink, realpath, symlink } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { formatSize } from '#base/units.ts'
import { readTar, refuse, show, type TarEntry } from './tar-reader.ts'

export type ExtractLimits = { files: number; unpackedBytes: number }

/** Folders within folders. */
const maxDepth = 64

/** @param to  an empty folder. Resolves with what was unpacked. */
export async function extractSource(source: AsyncIterable<Uint8Array>, to: string, limits: ExtractLimits): Promise<{ files: number; bytes: number }> {
  /** What this archive has made so far, by path. Nothing else is below `to`. */
  const made = new Map<string, TarEntry['type']>([['', 'folder']])
  const links: string[] = []
  let files = 0
  let bytes = 0

  async function folder(path: string): Promise<void> {
    if (made.get(path) === 'folder') return
    const other = made.get(path)
    if (other !== undefined) throw refuse(`${show(path)} is both a ${other} and a folder`)
    await folder(parentOf(path))
    count(path)
    await mkdir(join(to, path), { mode: 0o755 })
    made.set(path, 'folder')
  }

  function count(path: string): void {
    if (++files > limits.files) throw refuse(`it holds more than ${limits.files} files and folders (at ${show(path)}); a .nightshiftignore keeps out what the build does not need`)
  }

  await readTar(source, async (entry, body) => {
    const path = cleanPath(entry.path)
    if (path === '') {
      if (entry.type !== 'folder') throw refuse(`the top of the archive is a ${entry.type}`)
      return
    }
    if (entry.type === 'folder') return folder(path)
    await folder(parentOf(path))
    if (made.has(path)) throw refuse(`${show(path)} is in it twice`)
    count(path)
    if (entry.type === 'symlink') {
      checkLink(path, entry.link)
      await symlink(entry.link, join(to, path))
      links.push(path)
    } else if (entry.type === 'hardlink') {
      const target = cleanPath(entry.link)
      if (made.get(target) !== 'file') throw refuse(`${show(path)} is a hard link to ${show(entry.link)}, which is not a file before it in the archive`)
      await link(join(to, target), join(to, path))
    } else {
      bytes += entry.size // by its own claim, before a byte of it is read
      if (bytes > limits.unpackedBytes) throw refuse(`it unpacks to more than ${formatSize(limits.unpackedBytes)} (at ${show(path)})`)
      const file = await open(join(to, path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, entry.executable ? 0o755 : 0o644)
      try {
        for await (const part of body) await file.writeFile(part)
      } finally {
        await file.close()
      }
    }
    made.set(path, entry.type === 'hardlink' ? 'file' : entry.type)
  })
  await checkLinksInside(to, links)
  return { files, bytes }
}

/** The path relative to the top, without `.` parts and trailing slashes. */
function cleanPath(path: string): string {
  if (path.startsWith('/')) throw refuse(`${show(path)} is an absolute path`)
  if (/[\x00-\x1f\x7f]/.test(path)) throw refuse(`the name ${show(path)} holds control characters`)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw refuse(`${show(path)} leads out of the archive`)
  if (parts.length > maxDepth) throw refuse(`${show(path)} is nested deeper than ${maxDepth} folders`)
  for (const part of parts) if (Buffer.byteLength(part) > 255) throw refuse(`the name ${show(part)} is longer than 255 bytes`)
  return parts.join('/')
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

function checkLink(path: string, target: string): void {
  if (target === '' || target.includes('\0')) throw refuse(`${show(path)} is a link to nothing`)
  if (target.startsWith('/')) throw refuse(`${show(path)} is a link to the absolute path ${show(target)} (make it relative, or leave it out with .nightshiftignore)`)
  const leads = posix.normalize(posix.join(parentOf(path), target))
  if (leads === '..' || leads.startsWith('../')) throw refuse(`${show(path)} is a link that leads out of the app, to ${show(target)}`)
}

/** Links over links can lead elsewhere than their text says: ask the file system where each really ends. */
async function checkLinksInside(to: string, links: string[]): Promise<void> {
  const top = await realpath(to)
  for (const path of links) {
    const end = await realpath(join(to, path)).catch(() => null) // dangling or circular: it leads nowhere
    if (end !== null && end !== top && !end.startsWith(`${top}/`)) throw refuse(`${show(path)} is a link that leads out of the app, to ${show(await readlink(join(to, path)))}`)
  }
}
