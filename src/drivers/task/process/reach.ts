/**
 * Lends a folder to an app's user when a folder above it is closed to others (`/root`, a 0700 temp folder): binds it at
 * `/run/nightshift/lent/<hash>`, where only its own permissions count. Where the way is open, the path stays as it is.
 *
 * The mounts last until the last task that used them is removed, or until the machine restarts (the next start of a task
 * makes them again). Only root lends, and only what the caller names.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, realpath, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '#base/errors.ts'

const run = promisify(execFile)
const lentFolder = '/run/nightshift/lent'

/** Who was lent what. One at a time lends or gives back, so that no folder is taken from a task that just asked for it. */
export class Lender {
  readonly #places = new Map<string, Set<string>>()
  #busy: Promise<unknown> = Promise.resolve()

  /** The path by which anybody can reach `path` (an existing folder). Idempotent. Rejects, naming the closed folder, when it cannot be lent. */
  lend(id: string, path: string): Promise<string> {
    return this.#alone(async () => {
      const reached = await reach(path)
      if (reached.lent) this.adopt(id, [reached.lent])
      return reached.path
    })
  }

  /** What the task was lent, as its record says or said. */
  placesOf(id: string): string[] {
    return [...(this.#places.get(id) ?? [])]
  }

  adopt(id: string, places: readonly string[]): void {
    if (places.length > 0) this.#places.set(id, new Set([...this.placesOf(id), ...places]))
  }

  /** The task is gone: gives back what nobody else uses. Idempotent. */
  release(id: string): Promise<void> {
    return this.#alone(async () => {
      const places = this.placesOf(id)
      this.#places.delete(id)
      const used = new Set([...this.#places.values()].flatMap((others) => [...others]))
      for (const place of places) if (!used.has(place)) await giveBack(place)
    })
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#busy.then(work)
    this.#busy = turn.catch(() => {})
    return turn
  }
}

async function reach(path: string): Promise<{ path: string; lent: string | null }> {
  const real = await realpath(path)
  const closed = await closedAbove(real)
  if (closed === null) return { path: real, lent: null }
  const place = join(lentFolder, createHash('sha256').update(real).digest('hex').slice(0, 16))
  const source = await stat(real)
  const there = await stat(place).catch(() => null)
  if (there && there.dev === source.dev && there.ino === source.ino) return { path: place, lent: place }
  // something else is mounted there: a folder that was removed and made anew since
  if (there) await run('umount', ['--lazy', place]).catch(() => {})
  try {
    await mkdir(lentFolder, { recursive: true, mode: 0o711 })
    await mkdir(place, { recursive: true })
    await run('mount', ['--bind', real, place])
  } catch (error) {
    throw new Error(
      `${closed} is closed to the app's user, and ${real} cannot be lent to it: ${messageOf(error).trim()} (run "chmod o+x ${closed}", or keep Nightshift's home where everyone may enter, such as /var/lib/nightshift)`,
      { cause: error },
    )
  }
  return { path: place, lent: place }
}

/** Idempotent; a mount that is still in use somewhere stays. */
async function giveBack(place: string): Promise<void> {
  await run('umount', [place]).catch(() => {})
  await rmdir(place).catch(() => {})
}

/** Gives back what was lent from folders that no longer exist: their tasks' records went with them. */
export async function giveBackDeleted(): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  for (const line of mounts.split('\n')) {
    const [, , , root, place] = line.split(' ') // proc_pid_mountinfo(5)
    if (place?.startsWith(`${lentFolder}/`) && root?.endsWith('//deleted')) await giveBack(place)
  }
}

/** The uppermost folder above `path` that others may not enter. */
async function closedAbove(path: string): Promise<string | null> {
  const above: string[] = []
  for (let at = dirname(path); ; at = dirname(at)) {
    above.unshift(at)
    if (at === dirname(at)) break
  }
  for (const folder of above) if (((await stat(folder)).mode & 0o001) === 0) return folder
  return null
}
