/** Reads of /proc. Synchronous: these files are memory of the kernel, and a pid read late is another process's. */
import { readFileSync, readdirSync } from 'node:fs'

export type ProcStat = {
  pid: number
  state: string
  ppid: number
  pgrp: number
  session: number
  /** Clock ticks, own and of children it has waited for. */
  cpuTicks: number
  threads: number
  /** Ticks since boot; with the pid it names a process for as long as the machine is up. */
  startTime: string
}

/** Linux fixes this at 100 for user space on every architecture that Node supports. */
export const ticksPerSecond = 100

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

/** proc_pid_stat(5): the name (field 2) may hold spaces and parentheses, so fields are counted from the last one. */
export function readStat(pid: number): ProcStat | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  const f = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (field: number) => Number(f[field - 3])
  return {
    pid,
    state: f[0] ?? 'X',
    ppid: number(4),
    pgrp: number(5),
    session: number(6),
    cpuTicks: number(14) + number(15) + number(16) + number(17),
    threads: number(20),
    startTime: f[19] ?? '',
  }
}

/** Names this run of the machine: pids and start times begin anew with the next. */
export const bootId = read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''

/** True while that very process runs: not a later one with its number, not its zombie. */
export function isAlive(process: { pid: number; startTime: string }): boolean {
  const stat = readStat(process.pid)
  return stat !== null && stat.startTime === process.startTime && stat.state !== 'Z' && stat.state !== 'X'
}

/** Cheaper than a look at the process: that some process has this number. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Every process there is now, zombies left out. */
export function allStats(): ProcStat[] {
  const stats: ProcStat[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat && stat.state !== 'Z' && stat.state !== 'X') stats.push(stat)
  }
  return stats
}

export function hasEnvironment(pid: number, entry: string): boolean {
  const text = read(`/proc/${pid}/environ`)
  return text !== null && `\0${text}`.includes(`\0${entry}\0`)
}

/** The first child of `pid`, which for a task's keeper is the app. */
export function childOf(pid: number): number | null {
  const text = read(`/proc/${pid}/task/${pid}/children`)
  if (text !== null) return text.trim() === '' ? null : Number(text.trim().split(' ')[0])
  return allStats().find((stat) => stat.ppid === pid)?.pid ?? null
}

/**
 * Whether the process is stopped by a signal (state T; a debugger's stop is t, proc_pid_stat(5)), or the only child that it
 * waits for, and so on: a launcher such as npm sleeps while the app under it is stopped.
 */
export function isStopped(pid: number): boolean {
  const all = allStats()
  let at = all.find((stat) => stat.pid === pid)
  while (at !== undefined) {
    const { pid: parent, state } = at
    if (state === 'T') return true
    const children = all.filter((stat) => stat.ppid === parent)
    at = children.length === 1 ? children[0] : undefined
  }
  return false
}

/** Null when it is gone. */
export function commandLine(pid: number): string | null {
  return read(`/proc/${pid}/cmdline`)
}

export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')
  return match ? Number(match[1]) * 1024 : 0
}

/** Null when we may not look. */
export function openFilesOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return null
  }
}

/** False when it is already gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
