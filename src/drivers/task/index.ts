/** Every task driver, as data. Adding one = a folder, a line here, and the conformance suite passing. */
import type { z } from 'zod'
import type { TaskDriver } from './port.ts'
import { processConfig } from './process/config.ts'
import { createProcessDriver } from './process/driver.ts'
import { createSimulatedDriver, simulatedConfig } from './simulated/driver.ts'

export type TaskDriverKind = {
  kind: string
  title: string
  config: z.ZodType
  /** Parses its configuration; has no effect on the machine but making its folder. */
  create(config: unknown): TaskDriver
}

export const taskDrivers: readonly TaskDriverKind[] = [
  { kind: 'process', title: 'Plain processes on this machine', config: processConfig, create: (config) => createProcessDriver(processConfig.parse(config)) },
  { kind: 'simulated', title: 'Scripted tasks, for tests', config: simulatedConfig, create: (config) => createSimulatedDriver(simulatedConfig.parse(config)) },
]
