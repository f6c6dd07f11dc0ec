/**
 * Who owns the cluster's files and processes. PostgreSQL refuses to run as root, so as root a system user of its own
 * does; otherwise we do. That user must be able to reach (not read) every folder above its own.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, realpath, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'

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

/**
 * A path by which `owner` can reach the folder `path`: the path itself, or where a folder above it is closed to others
 * (a clone under /root, a 0700 temporary folder) a bind mount of it, where only its own permissions count.
 * Throws `invalid`, with the way out, where the machine allows no mount. Idempotent.
 */
export async function passable(path: string, owner: Owner): Promise<string> {
  const real = await realpath(path)
  const barrier = await firstBarrier(real, owner)
  if (barrier === undefined) return real
  const place = lentPlace(real)
  if (await isSameFolder(place, real)) return place
  try {
    await mkdir(place, { recursive: true, mode: 0o711 })
    await run('mount', ['--bind', real, place])
  } catch (cause) {
    throw new AppError(
      'invalid',
      `${barrier} is closed to the database's user, and ${real} cannot be mounted elsewhere: ${messageOf(cause).trim()} (choose a home such as /var/lib/nightshift, or allow passage with: chmod o+x ${barrier})`,
      { cause },
    )
  }
  return place
}

/** Undoes `passable`. A mount that another server still uses stays. Idempotent. */
export async function giveBack(path: string): Promise<void> {
  const place = lentPlace(await realpath(path))
  if (!existsSync(place)) return
  await run('umount', [place]).catch(() => {})
  await rmdir(place).catch(() => {})
}

function lentPlace(path: string): string {
  return join('/run/nightshift/lent', createHash('sha256').update(path).digest('hex').slice(0, 16))
}

export async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path, { bigint: true }).catch(() => undefined)))
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

/** The uppermost folder above `path` that `owner` may not enter, or undefined. */
async function firstBarrier(path: string, owner: Owner): Promise<string | undefined> {
  let barrier: string | undefined
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    const bit = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) barrier = folder
    if (folder === dirname(folder)) return barrier
  }
}
