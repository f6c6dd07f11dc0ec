/**
 * A lock is a symbolic link whose text names its holder. It appears whole or not at all, and needs no room on the disk:
 * so short a text lies in the link itself (ext4: up to 59 bytes), so that a process can be started again on a full disk.
 */
import { linkSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { sleep } from '#base/clock.ts'
import { type ProcessIdentity, identityOf, isAlive } from './identity.ts'
import { readJson } from './json-file.ts'

export type Lock = { release(): void }

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    const [pid, ...startTime] = readlinkSync(file).split(' ')
    return { pid: Number(pid), startTime: startTime.join(' ') }
  } catch {
    // a file with the same in it, as earlier versions made them
    return readJson(file, (value) => {
      const { pid, startTime } = value as ProcessIdentity
      return { pid: Number(pid), startTime: String(startTime) }
    })
  }
}

/** The living holder of a lock file, or undefined. */
export function holderOf(file: string): ProcessIdentity | undefined {
  const holder = readHolder(file)
  return holder && isAlive(holder) ? holder : undefined
}

/**
 * Takes a lock file for this process, from a dead holder too. Answers who holds it where it is held.
 * A dead holder's is renamed first, and put back if it turns out to be somebody's fresh one, so that of several takers
 * exactly one wins.
 */
export async function takeLock(file: string): Promise<Lock | { heldBy: ProcessIdentity }> {
  const me = identityOf(process.pid) as ProcessIdentity
  for (;;) {
    try {
      symlinkSync(`${me.pid} ${me.startTime}`, file)
      return {
        release() {
          if (readHolder(file)?.pid === me.pid) rmSync(file, { force: true })
        },
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = readHolder(file)
    if (holder && isAlive(holder)) return { heldBy: holder }
    const aside = `${file}.${process.pid}.stale`
    try {
      renameSync(file, aside)
      const taken = readHolder(aside)
      if (taken && isAlive(taken)) linkSync(aside, file)
    } catch {} // another taker was faster: look again
    rmSync(aside, { force: true })
    await sleep(5)
  }
}
