/**
 * Frees disk when it runs out: build caches, and slugs that nothing needs any more. Never volumes, databases or logs. What is removed can be
 * had again by building again; the newest releases of every environment stay, so that a rollback needs no build.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { formatSize } from '#base/units.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { artifactPath } from './paths.ts'
import { expendableSlugs, markPruned, openBuildRows } from './store.ts'

const keptReleases = 5

/** A sentence about what was freed; null when there was nothing. Idempotent. */
export async function pruneBuilds(db: Database, home: string, now: Date): Promise<string | null> {
  const caches = (await openBuildRows(db)).length > 0 ? 0 : await removeCaches(home)
  const slugs = await removeSlugs(db, home, now)
  if (caches + slugs.bytes === 0) return null
  const parts = [...(caches > 0 ? [`${formatSize(caches)} of build caches`] : []), ...(slugs.count > 0 ? [`${slugs.count} slugs of old releases (${formatSize(slugs.bytes)})`] : [])]
  const sentence = `${parts.join(' and ')} were removed`
  await db.transaction((tx) => record(tx, { at: now, kind: 'disk.pruned', actor: { kind: 'loop', name: 'healing' }, summary: `the disk fills up: ${sentence}`, data: { cacheBytes: caches, slugBytes: slugs.bytes, slugs: slugs.count } }))
  return sentence
}

async function removeCaches(home: string): Promise<number> {
  const folder = join(home, 'builds', 'cache')
  const bytes = await sizeOf(folder)
  for (const name of await namesIn(folder)) await rm(join(folder, name), { recursive: true, force: true })
  return bytes
}

/** The row first: no release begins with a file that is about to go. */
async function removeSlugs(db: Database, home: string, now: Date): Promise<{ count: number; bytes: number }> {
  let [count, bytes] = [0, 0]
  for (const { id, digest } of await expendableSlugs(db, keptReleases)) {
    const file = artifactPath(home, digest)
    const size = (await stat(file).catch(() => null))?.size ?? 0
    await db.transaction((tx) => markPruned(tx, id, now))
    await rm(file, { force: true })
    count++
    bytes += size
  }
  return { count, bytes }
}

async function sizeOf(path: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  return bytes
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
