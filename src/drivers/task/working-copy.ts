/**
 * A task's own copy of its slug. Installed dependencies (`node_modules`, `.venv`) are links into the shared, read-only
 * tree; everything else is copied, so that an app may write beside its code without harming another instance.
 *
 * Runs as root over files that an app's team wrote: it never follows a link (lstat, lchown, link text copied as it is),
 * copies plain files, folders and links only, and refuses to put a volume under a link.
 */
import { constants } from 'node:fs'
import { chmod, copyFile, lchown, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { VolumeMount } from '#contract/wire.ts'
import type { AppUser } from './app-users.ts'
import { TaskError } from './port.ts'
import { appFolder } from './task-rules.ts'

const sharedFolders = new Set(['node_modules', '.venv'])

export type CopyOptions = {
  from: string
  to: string
  /** Owner of every entry; null keeps the caller. */
  user: AppUser | null
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
  if (options.user) await lchown(options.to, options.user.uid, options.user.gid)
  await copyFolder(options, '', signal)
}

async function copyFolder(options: CopyOptions, at: string, signal: AbortSignal | undefined): Promise<void> {
  for (const entry of await readdir(join(options.from, at), { withFileTypes: true })) {
    signal?.throwIfAborted()
    const path = posix.join(at, entry.name)
    if (options.without.has(path)) continue
    const source = join(options.from, path)
    const target = join(options.to, path)
    if (entry.isDirectory()) {
      if (options.shareDependencies && sharedFolders.has(entry.name)) {
        await symlink(join(options.seenAs, path), target)
      } else {
        await mkdir(target)
        await copyFolder(options, path, signal)
        await chmod(target, ((await lstat(source)).mode & 0o777) | 0o700)
      }
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(source), target)
    } else if (entry.isFile()) {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      await chmod(target, ((await lstat(source)).mode & 0o777) | 0o600)
    } else continue
    if (options.user) await lchown(target, options.user.uid, options.user.gid)
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
export async function makeParents(id: string, top: string, path: string, user: AppUser | null): Promise<void> {
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
    if (found) continue
    await mkdir(at)
    if (user) await lchown(at, user.uid, user.gid)
  }
}
