import { renameSync, readFileSync, writeFileSync } from 'node:fs'

/** Writes so that a reader sees the old text or the new one, never half of it. */
export function writeJson(path: string, value: unknown): void {
  const half = `${path}.${process.pid}.half`
  writeFileSync(half, `${JSON.stringify(value)}\n`, { mode: 0o600 })
  renameSync(half, path)
}

/** What `parse` makes of the file, or undefined where there is none or it is not what was meant. */
export function readJson<T>(path: string, parse: (value: unknown) => T): T | undefined {
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}
