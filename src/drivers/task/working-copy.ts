/**
 * A task's own copy of its slug. Installed dependencies (`node_modules`, `.venv`) are links into the shared, read-only
 * tree; everything else is copied, so that an app may write beside its code without harming another instance.
 *
 * Runs as root over files that an app's team wrote: it never follows a link (link text is copied as it is), copies plain
 * files, folders and links only, and refuses to put a volume under a link. The copy is nobody else's to change until it
 * is complete and given away as a whole (trees.ts).
 */
import { constants } from 'node:fs'
import type { Dirent } from 'node:fs'
import { chmod, copyFile, lchown, lstat, mkdir, readdir, readlink, stat, symlink } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import type { VolumeMount } from '#contract/wire.ts'
import type { AppUser } from './app-users.ts'
import { TaskError } from './port.ts'
import { appFolder } from './task-rules.ts'

/** Entries of one folder copied at the same time. */
const atOnce = 16
const sharedFolders = new Set(['node_modules', '.venv'])

export type CopyOptions = {
  from: string
  to: string
  /** The path by which the task sees `from`: what links to shared folders say. */
  seenAs: string
  /** Paths relative to the top that are left out, because a volume lies there. */
  without: ReadonlySet<string>
  /** False copies dependencies too. */
  shareDependencies: boolean
}

/** Copies the tree. Idempotent only on an absent or empty `to`. */
export async function copySlug(options: CopyOptions, signal?: AbortSignal): Promise<void> {
  await mkdir(options.to, { recursive: true, mode: 0o755 })
  await copyFolder(options, '', signal)
}

async function copyFolder(options: CopyOptions, at: string, signal: AbortSignal | undefined): Promise<void> {
  const entries = await readdir(join(options.from, at), { withFileTypes: true })
  for (let i = 0; i < entries.length; i += atOnce) {
    signal?.throwIfAborted()
    await Promise.all(entries.slice(i, i + atOnce).map((entry) => copyEntry(options, posix.join(at, entry.name), entry, signal)))
  }
}

async function copyEntry(options: CopyOptions, path: string, entry: Dirent, signal: AbortSignal | undefined): Promise<void> {
  if (options.without.has(path)) return
  const source = join(options.from, path)
  const target = join(options.to, path)
  if (entry.isDirectory()) {
    if (options.shareDependencies && sharedFolders.has(entry.name)) {
      await symlink(join(options.seenAs, path), target)
    } else {
      await mkdir(target)
      await copyFolder(options, path, signal)
      await chmod(target, ((await lstat(source)).mode & 0o755) | 0o700)
    }
  } else if (entry.isSymbolicLink()) {
    await symlink(await readlink(source), target)
  } else if (entry.isFile()) {
    await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    await chmod(target, ((await lstat(source)).mode & 0o755) | 0o600)
  }
}

/** Where each volume lies in the working copy: `/app/uploads` → `uploads`. Throws for what cannot be. */
export function volumePaths(id: string, volumes: readonly VolumeMount[], elsewhere: string): Map<string, VolumeMount> {
  const paths = new Map<string, VolumeMount>()
  for (const volume of volumes) {
    const target = posix.normalize(volume.target).replace(/\/+$/, '')
    const refuse = (why: string) => new TaskError('start', id, `volume ${volume.name} cannot be at ${JSON.stringify(volume.target)}: ${why}`, { retryable: false })
    if (target.includes('\0')) throw refuse('the path holds a NUL byte')
    if (target === appFolder) throw refuse(`it would hide the app itself (choose a folder inside, such as ${appFolder}/data)`)
    if (!target.startsWith(`${appFolder}/`)) throw refuse(elsewhere)
    const path = target.slice(appFolder.length + 1)
    for (const other of paths.keys()) {
      if (path === other || path.startsWith(`${other}/`) || other.startsWith(`${path}/`)) throw refuse(`volume ${paths.get(other)?.name} already lies there`)
    }
    paths.set(path, volume)
  }
  return paths
}

/** Makes the folders above a volume's place, and refuses when one of them is a link or a file. */
export async function makeParents(id: string, top: string, path: string): Promise<void> {
  let at = top
  for (const part of posix.dirname(path).split('/')) {
    if (part === '.') continue
    at = join(at, part)
    const found = await lstat(at).catch(() => null)
    if (found && !found.isDirectory()) {
      throw new TaskError('start', id, `a volume cannot be at ${appFolder}/${path}: the app ships ${part} as ${found.isSymbolicLink() ? 'a link' : 'a file'} (choose another target)`, {
        retryable: false,
      })
    }
    if (!found) await mkdir(at)
  }
}

/**
 * Makes a volume's folder if it is new, and gives its top to the app's user; what lies in it is never touched. Folders
 * above it can be entered by all and listed by none.
 */
export async function prepareVolume(path: string, user: AppUser | null): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o711 })
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  if (!user || (await stat(path)).uid === user.uid) return
  await lchown(path, user.uid, user.gid)
  await chmod(path, 0o700)
}
