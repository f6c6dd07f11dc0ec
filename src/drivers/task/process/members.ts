/**
 * Which processes belong to a task. Its control group says it exactly. Without one: the keeper's session and everything
 * below the keeper, and whatever still carries the task's marker in its environment, which finds the grandchildren
 * that left the session and were handed to init.
 */
import { sleep } from '#base/clock.ts'
import { TaskError } from '../port.ts'
import type { TaskGroup } from './cgroup.ts'
import { allStats, hasEnvironment, readStat, sendSignal } from './proc.ts'

export type MemberQuery = { keeper: { pid: number; startTime: string }; group: TaskGroup | null; marker: string }

/**
 * Pids of the task's processes, its keeper left out.
 * @param thorough  false spares reading every process's environment, and so misses who left the session
 */
export function membersOf(query: MemberQuery, thorough = true): number[] {
  if (query.group) {
    return query.group.pids().filter((pid) => pid !== query.keeper.pid && !isZombie(pid))
  }
  const stats = allStats()
  const members = new Set<number>()
  const keeper = stats.find((stat) => stat.pid === query.keeper.pid)
  const keeperLives = keeper?.startTime === query.keeper.startTime
  if (keeperLives) members.add(query.keeper.pid)
  // A session's number is not reused while a process of it lives, so it stays the task's after the keeper is gone.
  for (const stat of stats) {
    const older = Number(stat.startTime) < Number(query.keeper.startTime)
    if (older) continue
    if ((keeperLives && stat.session === query.keeper.pid) || (thorough && hasEnvironment(stat.pid, query.marker))) members.add(stat.pid)
  }
  for (let grew = true; grew; ) {
    grew = false
    for (const stat of stats) {
      if (!members.has(stat.pid) && members.has(stat.ppid)) {
        members.add(stat.pid)
        grew = true
      }
    }
  }
  members.delete(query.keeper.pid)
  return [...members]
}

function isZombie(pid: number): boolean {
  const state = readStat(pid)?.state
  return state === undefined || state === 'Z' || state === 'X'
}

/** Kills all members until none is left. Throws (retryable) when some cannot die, as in an uninterruptible wait. */
export async function killMembers(id: string, query: MemberQuery): Promise<void> {
  const deadline = Date.now() + 10_000
  // A process in the middle of an exec shows no environment, so its marker is looked for twice.
  let looks = query.group ? 1 : 2
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    const members = membersOf(query)
    if (members.length === 0) {
      if (--looks === 0) return
      await sleep(5)
      continue
    }
    for (const pid of members) sendSignal(pid, 'SIGKILL')
    if (Date.now() > deadline) {
      throw new TaskError('stop', id, `processes ${members.join(', ')} do not die (they wait inside the kernel, mostly for a disk)`, { retryable: true })
    }
    await sleep(pause)
  }
}
