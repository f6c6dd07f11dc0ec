/** Builds the console when its sources are not those of the last build. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { sleep } from '#base/clock.ts'
import { takeLock } from '#kernel/supervisor/lock.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const dist = join(root, 'console', 'dist')
const stamp = join(dist, '.stamp')

/** What the console is made of: its folder, the shared words it imports, and the versions of its packages. */
async function sourcesHash(): Promise<string> {
  const files = [join(root, 'package-lock.json')]
  for (const folder of ['console', 'src/contract', 'src/base']) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile() && !relative(root, path).startsWith('console/dist')) files.push(path)
    }
  }
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(`${relative(root, file)}\0`).update(await readFile(file)).update('\0')
  return hash.digest('hex')
}

/** Answers whether it built. Several at once are safe: one builds, the others wait. */
export async function buildConsole(): Promise<boolean> {
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const fresh = join(cache, `console.${process.pid}`)
  const old = join(cache, 'console.old')
  for (;;) {
    const wanted = await sourcesHash()
    if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return false
    const lock = await takeLock(join(cache, 'console.lock'))
    if ('heldBy' in lock) {
      await sleep(200)
      continue
    }
    try {
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
      await run(process.execPath, [vite, 'build', join(root, 'console'), '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'], { cwd: root, env: { ...process.env, NODE_ENV: 'production' } })
      await writeFile(join(fresh, '.stamp'), wanted)
      // a control that serves the old files has them for a moment more, then the new ones, never half of them
      await rm(old, { recursive: true, force: true })
      await rename(dist, old).catch(() => {})
      await rename(fresh, dist)
      await rm(old, { recursive: true, force: true })
      return true
    } catch (error) {
      await rm(fresh, { recursive: true, force: true })
      const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string }
      throw new Error(`the console could not be built:\n${`${stdout}${stderr}`.trim() || String(error)}`, { cause: error })
    } finally {
      lock.release()
    }
  }
}
