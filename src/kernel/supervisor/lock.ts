import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { sleep } from '#base/clock.ts'
import { type ProcessIdentity, identityOf, isAlive } from './identity.ts'
import { readJson } from './json-file.ts'

export type Lock = { release(): void }

const readHolder = (file: string): ProcessIdentity | undefined =>
  readJson(file, (value) => {
    const { pid, startTime } = value as ProcessIdentity
    return { pid: Number(pid), startTime: String(startTime) }
  })

/** The living holder of a lock file, or undefined. */
export function holderOf(file: string): ProcessIdentity | undefined {
  const holder = readHolder(file)
  return holder && isAlive(holder) ? holder : undefined
}

/**
 * Takes a lock file for this process, from a dead holder too. Answers who holds it where it is held.
 * The file appears whole, by link: no one sees it empty. A dead holder's file is renamed first, and put back if it
 * turns out to be somebody's fresh one, so that of several takers exactly one wins.
 */
export async function takeLock(file: string): Promise<Lock | { heldBy: ProcessIdentity }> {
  const me = identityOf(process.pid) as ProcessIdentity
  const mine = `${file}.${process.pid}`
  for (;;) {
    try {
      writeFileSync(mine, JSON.stringify(me), { mode: 0o600 })
      linkSync(mine, file)
      return {
        release() {
          if (readHolder(file)?.pid === me.pid) rmSync(file, { force: true })
        },
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(mine, { force: true })
    }
    const holder = readHolder(file)
    if (holder && isAlive(holder)) return { heldBy: holder }
    const aside = `${mine}.stale`
    try {
      renameSync(file, aside)
      const taken = readHolder(aside)
      if (taken && isAlive(taken)) linkSync(aside, file)
    } catch {} // another taker was faster: look again
    rmSync(aside, { force: true })
    await sleep(5)
  }
}
