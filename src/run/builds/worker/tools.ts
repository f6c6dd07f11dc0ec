/** The programs of this machine that a build may use, as the build's own user sees them. */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Tools } from '../builders/types.ts'

const run = promisify(execFile)

export async function findTools(path: string): Promise<Tools> {
  const find = (name: string) => candidates(name, path)[0] ?? null
  return { node: { path: process.execPath, version: process.version.slice(1) }, npm: findNpm(path), python: await findPython(path), find }
}

function candidates(name: string, path: string): string[] {
  return path.split(':').filter((folder) => folder.startsWith('/')).map((folder) => join(folder, name)).filter(isRunnable)
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** npm is a script: it is run by our Node, not by the one its first line finds. */
function findNpm(path: string): string[] | null {
  for (const found of candidates('npm', path)) {
    const script = realpathSync(found)
    if (/\.c?js$/.test(script)) return [process.execPath, script]
    const beside = join(dirname(script), 'node_modules/npm/bin/npm-cli.js')
    if (existsSync(beside)) return [process.execPath, beside]
    return [found]
  }
  return null
}

async function findPython(path: string): Promise<Tools['python']> {
  for (const found of candidates('python3', path)) {
    try {
      const { stdout } = await run(found, ['-c', 'import sys; print(".".join(map(str, sys.version_info[:3])))'], { timeout: 10_000 })
      if (/^3\.\d+\.\d+\s*$/.test(stdout)) return { path: found, version: stdout.trim() }
    } catch {
      // a version manager's shim without a version behind it: the next one
    }
  }
  return null
}
