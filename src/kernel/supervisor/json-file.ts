import { renameSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isDiskFull } from '#base/disk-full.ts'

/** Writes so that a reader sees the old text or the new one, never half of it. Throws where the disk refuses; the old text stays. */
export function writeJson(path: string, value: unknown): void {
  const half = `${path}.${process.pid}.half`
  try {
    writeFileSync(half, `${JSON.stringify(value)}\n`, { mode: 0o600 })
    renameSync(half, path)
  } catch (error) {
    rmSync(half, { force: true })
    throw error
  }
}

/** For what can be done without: false when the disk is full. */
export function writeJsonIfRoom(path: string, value: unknown): boolean {
  try {
    writeJson(path, value)
    return true
  } catch (error) {
    if (isDiskFull(error)) return false
    throw error
  }
}

/** What `parse` makes of the file, or undefined where there is none or it is not what was meant. */
export function readJson<T>(path: string, parse: (value: unknown) => T): T | undefined {
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
