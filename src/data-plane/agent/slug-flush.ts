/**
 * Whether an unpacked slug can be trusted after a power cut, which may leave its folder with empty files in it.
 *
 * While its files are not flushed, a mark `<digest>.unflushed`, itself flushed before the folder has its name, says in which
 * run of the machine it was unpacked. In that run the folder is good, whatever of it is on the disk; in a later one it is
 * not. Flushing goes on beside the start of the app, which waits for none of it.
 */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { bootId } from '../boot-id.ts'
import { replaceFile } from '../durable-file.ts'

const run = promisify(execFile)
const suffix = '.unflushed'

export const isFlushMark = (name: string): boolean => name.endsWith(suffix)

/** Before the folder gets its name. */
export async function markUnflushed(folder: string): Promise<void> {
  await replaceFile(folder + suffix, bootId(), { sync: true })
}

export async function forgetMark(folder: string): Promise<void> {
  await rm(folder + suffix, { force: true })
}

/** `flushed`: nothing is to be done. `lost`: it was unpacked in an earlier run of the machine, and not flushed then. */
export async function flushState(folder: string): Promise<'flushed' | 'unflushed' | 'lost'> {
  const unpackedIn = await readFile(folder + suffix, 'utf8').catch(() => null)
  if (unpackedIn === null) return 'flushed'
  return unpackedIn === bootId() ? 'unflushed' : 'lost'
}

/** Flushes the file system that the folder lies on (one call is much less work than one for each of its files). */
export async function flush(folder: string): Promise<void> {
  await run('sync', ['-f', folder])
  await forgetMark(folder)
}
