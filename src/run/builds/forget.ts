import { rm } from 'node:fs/promises'
import type { Db } from '#kernel/db/db.ts'
import { buildPaths } from './paths.ts'
import { deleteBuild, oldBuilds } from './store.ts'

/** So many of the newest builds of an environment are kept, however old. */
const keptBuilds = 50
/** In one go; the next turn goes on. */
const mostAtOnce = 500

/** Forgets builds that ended before a time, with their logs; what they built stays where a release needs it. Idempotent: files first. */
export async function forgetBuilds(db: Db, home: string, before: Date): Promise<number> {
  const ids = await oldBuilds(db, before, keptBuilds, mostAtOnce)
  for (const id of ids) {
    await rm(buildPaths(home, id).dir, { recursive: true, force: true })
    await deleteBuild(db, id)
  }
  return ids.length
}
