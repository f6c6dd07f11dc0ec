/**
 * Giving away and removing folders that an app's user may change at that very moment. Done by the system's own `chown` and
 * `rm`, which walk by open folders and never through a link, so that root cannot be led elsewhere; Node's
 * versions go by path.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { AppUser } from './app-users.ts'

const run = promisify(execFile)

/** Makes `user` the owner of everything in `paths` (absolute); links themselves change hands, not what they lead to. */
export async function giveTrees(paths: string[], user: AppUser): Promise<void> {
  await run('chown', ['-hR', `${user.uid}:${user.gid}`, ...paths])
}

/** Removes `path` (absolute) and all below it. Idempotent. */
export async function removeTree(path: string): Promise<void> {
  await run('rm', ['-rf', path])
}
