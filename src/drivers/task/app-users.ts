/**
 * Which unprivileged user an app runs as, when Nightshift runs as root. One user per app, so that apps cannot read
 * each other's files or Nightshift's keys. The number comes from the app's name (the same on every machine, and still the
 * same when the record is lost), moved on when two apps would share it, and recorded in `.users.json` for good, because
 * files in volumes belong to it.
 */
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

export type AppUser = { uid: number; gid: number }
export type UserRange = { base: number; count: number }

/** The user of `app`, the same one at every call. Synchronous, so that two starts at once cannot both claim a number. */
export function userOf(app: string, dir: string, range: UserRange): AppUser {
  const path = join(dir, '.users.json')
  const known = readUsers(path)
  let uid = known[app]
  if (uid === undefined) {
    const taken = new Set(Object.values(known))
    if (taken.size >= range.count) throw new Error(`all ${range.count} users from ${range.base} on are taken by apps (raise users.count)`)
    let slot = createHash('sha256').update(app).digest().readUInt32BE() % range.count
    while (taken.has(range.base + slot)) slot = (slot + 1) % range.count
    uid = range.base + slot
    writeFileSync(`${path}.new`, JSON.stringify({ ...known, [app]: uid }, null, 1), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  return { uid, gid: uid }
}

function readUsers(path: string): Record<string, number> {
  try {
    return z.record(z.string(), z.number().int().positive()).parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
