import { copyFileSync, renameSync, statSync, truncateSync } from 'node:fs'

const rotateAtStart = 8 * 1024 * 1024
const bound = 32 * 1024 * 1024

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/** Before a start: a log that has grown moves aside; one old file is kept. */
export function rotateLog(path: string): void {
  if (sizeOf(path) > rotateAtStart) renameSync(path, `${path}.1`)
}

/** While its writer runs: a log past its bound is copied aside and emptied in place, since the writer holds it open (O_APPEND). */
export function boundLog(path: string): void {
  if (sizeOf(path) <= bound) return
  copyFileSync(path, `${path}.1`)
  truncateSync(path, 0)
}
