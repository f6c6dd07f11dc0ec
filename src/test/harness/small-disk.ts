/** A file system of a few megabytes that a test may fill. Only root can mount one. */
import { execFile } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { chmod, mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isDiskFull } from '#base/disk-full.ts'
import { until } from './wait.ts'

const run = promisify(execFile)

export type SmallDisk = AsyncDisposable & {
  path: string
  /** Takes every byte that is left. */
  fill(): void
  /** Gives back what `fill` took. */
  free(): void
}

/** Why no test here can have one, or false. */
export async function whyNoSmallDisk(): Promise<string | false> {
  try {
    await using _ = await smallDisk(1)
    return false
  } catch {
    return 'a small disk cannot be mounted here (that takes root, on Linux)'
  }
}

export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'ns-small-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'nightshift-test', path]).catch(async (error: unknown) => {
    await rmdir(path)
    throw error
  })
  await chmod(path, 0o711)
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      const file = openSync(filler, 'a', 0o600)
      try {
        for (const step of [1024 * 1024, 4096, 1]) writeUntilFull(file, Buffer.alloc(step))
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      await until(() => run('umount', [path]).then(() => true), { because: 'nobody uses the small disk' }).catch(() => run('umount', ['--lazy', path]))
      await rmdir(path)
    },
  }
}

function writeUntilFull(file: number, step: Buffer): void {
  try {
    for (;;) writeSync(file, step)
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}
