import { statfs } from 'node:fs/promises'
import { isAppError, messageOf } from '#base/errors.ts'
import type { DiskUse, InstanceStat, InstanceUp, StatBatch } from '#contract/wire.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { TaskView } from '../identity.ts'
import type { Log } from '../log.ts'
import type { ControlClient } from '../../control-client.ts'
import { readMachineStats } from './machine-stats.ts'
import type { MemoryWatch } from '../memory-watch.ts'

const keptBatches = 60

/**
 * Usage of every running instance, measured every `periodMs` and posted. What control does not take is kept for a while
 * (the newest `keptBatches`) and then lost: a chart may have a gap.
 */
export function startStats(options: {
  periodMs: number
  machine: string
  /** Whose file system is told of. */
  home: string
  driver: Pick<TaskDriver, 'stats'>
  control: Pick<ControlClient, 'post'>
  tasks(): readonly TaskView[]
  memory: MemoryWatch
  ups(): InstanceUp[]
  clockOffsetMs(): number | null
  log: Log
}): { close(): void } {
  const before = new Map<string, { cpuSeconds: number; at: number }>()
  const kept: StatBatch[] = []
  const closing = new AbortController()
  let busy = false

  async function measure(): Promise<StatBatch> {
    const instances: InstanceStat[] = []
    const running = options.tasks().filter((view) => view.status.state === 'running')
    for (const { who } of running) {
      const stats = await options.driver.stats(who.task).catch(() => null)
      if (!stats) continue
      const at = performance.now()
      options.memory.note(who.task, at, stats.memoryBytes, stats.memoryLimitBytes)
      const last = before.get(who.task)
      before.set(who.task, { cpuSeconds: stats.cpuSeconds, at })
      if (!last) continue
      const { instance, app, environment, service, name } = who
      const { memoryBytes, memoryLimitBytes, threads, openFiles } = stats
      const cpu = Math.max(0, (stats.cpuSeconds - last.cpuSeconds) / ((at - last.at) / 1000))
      instances.push({ instance, app, environment, service, name, cpu, memoryBytes, memoryLimitBytes, threads, openFiles })
    }
    const alive = new Set(running.map((view) => view.who.task))
    for (const task of before.keys()) if (!alive.has(task)) before.delete(task)
    options.memory.keep(alive)
    return { machine: options.machine, at: new Date().toISOString(), instances, disk: await diskOf(options.home), system: await readMachineStats(options.home), ups: options.ups(), clockOffsetMs: options.clockOffsetMs() }
  }

  async function tick() {
    if (busy) return
    busy = true
    try {
      kept.push(await measure())
      if (kept.length > keptBatches) kept.splice(0, kept.length - keptBatches)
      while (kept[0]) {
        await options.control.post('/internal/stats', kept[0], closing.signal).catch((error: unknown) => {
          if (!isAppError(error, 'invalid')) throw error
          options.log.error({ error: messageOf(error) }, 'control refuses usage figures for good; they are skipped')
        })
        kept.shift()
      }
    } catch (error) {
      if (!closing.signal.aborted && kept.length === keptBatches) options.log.warn({ error: messageOf(error) }, 'control has not taken usage figures for a while; the oldest are given up')
    } finally {
      busy = false
    }
  }

  const timer = setInterval(() => void tick(), options.periodMs)
  void tick()
  return {
    close() {
      clearInterval(timer)
      closing.abort()
    },
  }
}

/** What is free to us, not to root alone. */
async function diskOf(home: string): Promise<DiskUse | null> {
  const seen = await statfs(home).catch(() => null)
  return seen && { freeBytes: seen.bavail * seen.bsize, totalBytes: seen.blocks * seen.bsize }
}
