/**
 * Names a process for all time: a pid alone is given to somebody else sooner or later, a pid with its start time is not.
 * The boot is part of the start time, because ticks count from it.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type ProcessIdentity = { pid: number; startTime: string }

let boot: string | undefined

/** The identity of a living process, or undefined if there is none with this pid (a zombie is none). */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid < 1) return undefined
  if (process.platform !== 'linux') return identityByPs(pid)
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // the name may hold spaces and parentheses
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    return { pid, startTime: `${boot}-${fields[19]}` }
  } catch {
    return undefined
  }
}

function identityByPs(pid: number): ProcessIdentity | undefined {
  try {
    const [state = '', ...started] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split(/\s+/)
    return started.length === 0 || state.startsWith('Z') ? undefined : { pid, startTime: started.join(' ') }
  } catch {
    return undefined
  }
}

/** True while that very process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime
}

/** Signals that very process, never a later one with its pid. Returns false where it is gone. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    process.kill(identity.pid, name)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Resident memory in bytes, 0 where it cannot be seen. */
export function residentBytes(pid: number): number {
  try {
    if (process.platform !== 'linux') return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
