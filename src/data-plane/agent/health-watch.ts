import type { TaskDriver } from '#drivers/task/port.ts'
import type { TaskView } from './identity.ts'
import type { HealthView } from './plan.ts'
import { probe } from './probe.ts'
import { type Prober, startProber } from './prober.ts'

/** The probers of all running service tasks, and what they say. */
export type HealthWatch = {
  /** Keeps exactly the probers of these tasks going. */
  watch(tasks: readonly { view: TaskView; wasReady: boolean }[]): void
  views(): ReadonlyMap<string, HealthView>
  /** Somebody saw the instance fail: probe it now. */
  hurry(instance: string): void
  close(): void
}

export function createHealthWatch(options: {
  driver: Pick<TaskDriver, 'exec' | 'frozen' | 'listening'>
  onChange(view: TaskView, health: HealthView, before: HealthView['state']): void
  now(): number
}): HealthWatch {
  const probers = new Map<string, { prober: Prober; view: TaskView }>()
  /** A task that an agent finds not ready yet gets its startup grace again: nobody probed it meanwhile. */
  const openedAt = options.now()
  return {
    watch(tasks) {
      const wanted = new Set(tasks.map(({ view }) => view.who.task))
      for (const [task, { prober }] of probers) {
        if (wanted.has(task)) continue
        prober.close()
        probers.delete(task)
      }
      for (const { view, wasReady } of tasks) {
        if (probers.has(view.who.task)) continue
        const { task, health } = view.who
        const prober = startProber({
          target: { task, address: view.status.address, health },
          startedAt: Math.max(openedAt, Date.parse(view.status.startedAt)),
          wasReady,
          probe: (target, signal) => probe(target, options.driver, signal),
          frozen: () => options.driver.frozen(task).catch(() => false), // an engine that is away says nothing of its tasks
          listening: () => options.driver.listening(task).catch(() => []),
          onChange: (next, before) => options.onChange(view, next, before),
          now: options.now,
        })
        probers.set(task, { prober, view })
      }
    },
    views: () => new Map([...probers].map(([task, { prober }]) => [task, prober.view()])),
    hurry(instance) {
      for (const { prober, view } of probers.values()) if (view.who.instance === instance) prober.hurry()
    },
    close() {
      for (const { prober } of probers.values()) prober.close()
      probers.clear()
    },
  }
}
