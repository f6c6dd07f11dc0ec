/**
 * Who owns the cluster's files and processes. PostgreSQL refuses to run as root, so as root a system user of its own
 * does; otherwise we do. That user must be able to reach (not read) every folder above its own.
 */
import { execFile } from 'node:child_process'
import { constants, existsSync } from 'node:fs'
import { chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'
import { binariesIn, type PostgresBinaries } from './binaries.ts'

const run = promisify(execFile)
const userName = 'nightshift-db'

export type Owner = { uid: number; gid: number }

/** The unprivileged user for the database when we are root (made if absent), else undefined: ourselves. Idempotent. */
export async function databaseOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await lookUp(userName)
  if (known) return known
  let because = ''
  for (const [command, args] of [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', userName]],
    ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', userName]], // BusyBox
  ] as const) {
    try {
      await run(command, args)
    } catch (error) {
      because = messageOf(error) // another start may have made it meanwhile
    }
    const made = await lookUp(userName)
    if (made) return made
  }
  throw new AppError(
    'unavailable',
    `PostgreSQL refuses to run as root and the system user ${userName} could not be made: ${because} (make it, run Nightshift as another user, or set DATABASE_URL)`,
  )
}

async function lookUp(name: string): Promise<Owner | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

/** The first folder on the way to `path` that `owner` cannot pass, or undefined. */
export async function firstBarrier(path: string, owner: Owner): Promise<string | undefined> {
  const folders: string[] = []
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.unshift(folder)
    if (folder === dirname(folder)) break
  }
  for (const folder of folders) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return folder
  }
  return undefined
}

/** Lets the database's user pass through `home`; throws `invalid` when a folder above it, which is not ours to change, is closed. */
export async function openPassage(home: string, owner: Owner): Promise<void> {
  const { mode } = await stat(home)
  if ((mode & 0o001) === 0) await chmod(home, (mode & 0o777) | 0o011)
  const barrier = await firstBarrier(join(home, 'pg'), owner)
  if (barrier !== undefined)
    throw new AppError(
      'invalid',
      `the home ${home} cannot be used by root: unprivileged processes cannot pass ${barrier} (choose --home /var/lib/nightshift, or allow passage with: chmod o+x ${barrier})`,
    )
}

/**
 * Binaries that `owner` can execute: the installed ones, or where they lie behind a closed folder (a clone under /root)
 * a copy in the home. The copy appears by rename, so that it is whole or absent.
 */
export async function reachableBinaries(home: string, binaries: PostgresBinaries, owner: Owner): Promise<PostgresBinaries> {
  if ((await firstBarrier(binaries.postgres, owner)) === undefined) return binaries
  const target = join(home, 'pg-bin', binaries.version)
  if (!existsSync(target)) {
    await mkdir(dirname(target), { recursive: true, mode: 0o755 })
    const half = `${target}.${process.pid}.half`
    await cp(binaries.folder, half, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
    try {
      await rename(half, target)
    } catch (error) {
      await rm(half, { recursive: true, force: true })
      if (!existsSync(target)) throw error
    }
  }
  return binariesIn(target, binaries.version)
}
