import type Docker from 'dockerode'
import type { TaskStats } from '../port.ts'

/** Null: the engine measured nothing, since it has ended. */
export function statsOf(stats: Docker.ContainerStats, memoryLimitBytes: number | null): TaskStats | null {
  const memory = stats.memory_stats
  if (!memory?.usage) return null
  const cache = (memory.stats as unknown as Record<string, number> | undefined) ?? {}
  return {
    cpuSeconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    memoryBytes: Math.max(0, memory.usage - (cache['total_inactive_file'] ?? cache['inactive_file'] ?? 0)),
    memoryLimitBytes,
    threads: stats.pids_stats?.current ?? null,
    openFiles: null, // the engine does not count them
  }
}
