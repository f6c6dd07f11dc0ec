/**
 * The way into builds: queue, cancel, read, follow; and the loop that works the queue off.
 * What it is not: it makes no release (`onBuilt` does) and knows no HTTP.
 */
import type { Clock } from '#base/clock.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import type { BuildLimits, Builds, OnBuilt } from './model.ts'

export type BuildsDeps = {
  db: Database
  /** `<home>`: builds/ and artifacts/ below it are ours. */
  home: string
  /** A process driver with a state folder of its own (`<home>/builds/tasks`): no agent may see its tasks. */
  driver: TaskDriver
  onBuilt: OnBuilt
  logger: Logger
  /** Config variables that a build may read (not secrets). */
  buildEnv?: (app: string, environment: string) => Promise<Record<string, string>>
  limits?: Partial<BuildLimits>
  clock?: Clock
}

export type OpenBuilds = Builds & {
  /** Begins to work the queue off; adopts builds whose worker still lives. */
  start(): Loop
  /** Stops looking; running workers go on and are adopted by the next start. */
  close(): Promise<void>
}

export function openBuilds(_deps: BuildsDeps): OpenBuilds {
  throw new Error('not there yet')
}
