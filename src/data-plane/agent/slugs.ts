/**
 * Unpacked slugs on this machine: `<home>/agent/slugs/<digest>/`, shared by all instances of a release, read-only.
 *
 * A slug comes from `<home>/artifacts/<digest>.tgz` when control lives on this machine, else from control by HTTP. Either
 * way it is checked against its digest, and its entries against tricks: nothing absolute, nothing above the tree, no link
 * out of it, no devices. It appears under its name all at once or not at all, over a power cut too (slug-flush.ts).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReadEntry } from 'tar'
import { AppError, messageOf } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'
import type { ControlClient } from '../control-client.ts'
import { flush, flushState, forgetMark, isFlushMark, markUnflushed } from './slug-flush.ts'
import { escapingLink } from './slug-links.ts'

export type Slugs = {
  /** The unpacked folder (absolute). One unpacking per digest at a time; idempotent. */
  ensure(ref: { digest: string; sizeBytes: number }, signal?: AbortSignal): Promise<string>
  /** Removes what is not in use and not among the newest few; `all`: also those, since the disk is full. */
  collect(inUse: ReadonlySet<string>, options?: { all: boolean }): Promise<string[]>
}

/** Unused slugs that are kept, for a rollback without a download. */
const keptUnused = 5
const idleBeforeRemovalMs = 10 * 60_000
const mostUnpackedBytes = 8 * 1024 ** 3
const mostEntries = 1_000_000

export async function openSlugs(home: string, control: Pick<ControlClient, 'download'> | null): Promise<Slugs> {
  const folder = join(home, 'agent', 'slugs')
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o711) // an app reaches its own slug by its digest, and finds no other app's
  for (const name of await readdir(folder)) if (name.startsWith('.')) await rm(join(folder, name), { recursive: true, force: true })
  const running = new Map<string, Promise<string>>()
  const flushing = new Set<string>()

  async function fetchAndUnpack(ref: { digest: string; sizeBytes: number }, signal: AbortSignal | undefined): Promise<string> {
    const target = join(folder, ref.digest)
    if ((await exists(target)) && (await isTrusted(target))) {
      await touch(target)
      return target
    }
    const local = join(home, 'artifacts', `${ref.digest}.tgz`)
    const work = join(folder, `.${ref.digest}.${process.pid}`)
    await rm(work, { recursive: true, force: true })
    await mkdir(join(work, 'tree'), { recursive: true })
    try {
      let archive = local
      if (!(await exists(local))) {
        if (!control) throw new AppError('unavailable', `slug ${ref.digest.slice(0, 12)} is neither in ${local} nor to be had from a control plane`)
        archive = join(work, 'slug.tgz')
        await pipeline(await control.download(`/internal/artifacts/${ref.digest}`, signal), createWriteStream(archive))
      }
      await verify(archive, ref, signal)
      await unpack(archive, join(work, 'tree'))
      await markUnflushed(target)
      await rename(join(work, 'tree'), target).catch(async (error: NodeJS.ErrnoException) => {
        if (!(await exists(target))) throw error
      })
      await touch(target)
      flushLater(target)
      return target
    } finally {
      // after a refusal tar may still be writing for a moment
      await rm(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
    }
  }

  /** One that fails leaves its mark, and is tried again at the next use. */
  function flushLater(target: string) {
    if (flushing.has(target)) return
    flushing.add(target)
    void flush(target)
      .catch(() => {})
      .finally(() => flushing.delete(target))
  }

  async function isTrusted(target: string): Promise<boolean> {
    const state = await flushState(target)
    if (state === 'unflushed') flushLater(target)
    if (state === 'lost') await rm(target, { recursive: true, force: true })
    return state !== 'lost'
  }

  return {
    ensure(ref, signal) {
      if (!/^[0-9a-f]{64}$/.test(ref.digest)) return Promise.reject(new AppError('invalid', `"${ref.digest}" is not a SHA-256 digest in hex`))
      const found = running.get(ref.digest)
      if (found) return found
      const work = fetchAndUnpack(ref, signal).finally(() => running.delete(ref.digest))
      running.set(ref.digest, work)
      return work
    },
    async collect(inUse, { all } = { all: false }) {
      const unused: { name: string; usedAt: number }[] = []
      for (const name of await readdir(folder)) {
        if (name.startsWith('.') || isFlushMark(name) || inUse.has(name) || running.has(name)) continue
        unused.push({ name, usedAt: (await stat(join(folder, name))).mtimeMs })
      }
      unused.sort((a, b) => b.usedAt - a.usedAt)
      const removed: string[] = []
      for (const { name, usedAt } of unused.slice(all ? 0 : keptUnused)) {
        if (!all && Date.now() - usedAt < idleBeforeRemovalMs) continue
        const doomed = join(folder, `.${name}.removed`)
        await rename(join(folder, name), doomed)
        await forgetMark(join(folder, name))
        await rm(doomed, { recursive: true, force: true })
        removed.push(name)
      }
      return removed
    },
  }
}

/** Its time is when it was last wanted. */
async function touch(path: string): Promise<void> {
  await utimes(path, new Date(), new Date()).catch(() => undefined)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function verify(archive: string, ref: { digest: string; sizeBytes: number }, signal: AbortSignal | undefined): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(archive, { highWaterMark: 256 * 1024 })) {
    signal?.throwIfAborted()
    hash.update(chunk as Buffer)
  }
  const digest = hash.digest('hex')
  if (digest !== ref.digest)
    throw new AppError('invalid', `slug ${ref.digest.slice(0, 12)} is damaged: its content has digest ${digest.slice(0, 12)} (deploy again to make it anew)`)
}

/** Unpacks into an empty folder; throws `invalid` at the first entry that has no place in a slug. */
export async function unpack(archive: string, into: string): Promise<void> {
  const { extract } = await import('tar')
  const links = new Map<string, string>()
  let fault: AppError | null = null
  let bytes = 0
  let entries = 0
  const refuse = (path: string, why: string) => {
    fault ??= new AppError('invalid', `the slug's entry "${path.slice(0, 200)}" is refused: ${why}`)
    return false
  }
  const check = (path: string, entry: ReadEntry): boolean => {
    if (fault) return false
    bytes += entry.size ?? 0
    if (++entries > mostEntries) return refuse(path, `there are more than ${mostEntries} entries`)
    if (bytes > mostUnpackedBytes) return refuse(path, `the slug unpacks to more than ${formatSize(mostUnpackedBytes)}`)
    const clean = insidePath(path)
    if (clean === null) return refuse(path, 'it lies outside the slug')
    const target = entry.linkpath ?? ''
    switch (entry.type) {
      case 'SymbolicLink':
        links.set(clean, target)
        return true
      case 'Link':
        if (insidePath(target) === null) return refuse(path, `it is a link to "${target.slice(0, 200)}", outside the slug`)
        return true
      case 'Directory':
        entry.mode = 0o755
        return true
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        entry.mode = entry.mode !== undefined && (entry.mode & 0o111) !== 0 ? 0o555 : 0o444
        return true
      default:
        return refuse(path, `a ${entry.type} has no place in a slug`)
    }
  }
  try {
    await extract({ file: archive, cwd: into, strict: true, preserveOwner: false, filter: (path, entry) => check(path, entry as ReadEntry) })
  } catch (error) {
    if (!fault) throw new AppError('invalid', `the slug can't be unpacked: ${messageOf(error)}`, { cause: error })
  }
  if (fault) throw fault
  const escaping = escapingLink(links)
  if (escaping) throw new AppError('invalid', `the slug's link "${escaping.path}" leads out of it, to "${escaping.target}"`)
  await chmod(into, 0o755)
}

/** The path without `./`, or null when it is absolute, climbs above the tree, or is no path at all. */
function insidePath(path: string): string | null {
  if (path === '' || path.startsWith('/') || path.includes('\0') || path.includes('\\')) return null
  const clean = posix.normalize(path).replace(/\/$/, '')
  return clean === '..' || clean.startsWith('../') ? null : clean
}
