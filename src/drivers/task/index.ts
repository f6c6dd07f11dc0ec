/** Every task driver, as data, and which one a machine gets when nobody chose. Adding one = a folder, a line here, and the conformance suite passing. */
import { access, constants } from 'node:fs/promises'
import type { z } from 'zod'
import { defaultBaseImage, dockerConfig } from './docker/config.ts'
import { createDockerDriver } from './docker/driver.ts'
import { type Connection, engineMessage, ensureImage, openConnection } from './docker/engine.ts'
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
  { kind: 'docker', title: 'Containers of the Docker engine on this machine', config: dockerConfig, create: (config) => createDockerDriver(dockerConfig.parse(config)) },
  { kind: 'process', title: 'Plain processes on this machine', config: processConfig, create: (config) => createProcessDriver(processConfig.parse(config)) },
  { kind: 'simulated', title: 'Scripted tasks, for tests', config: simulatedConfig, create: (config) => createSimulatedDriver(simulatedConfig.parse(config)) },
]

export type Detected = { kind: 'docker' | 'process'; /** In plain words, for the log and `nightshift status`. */ because: string }

/**
 * Docker when an engine answers and the base image is there or can be pulled (it then is), else plain processes.
 * Never rejects, but for an aborted signal.
 * @param options.pullMs  how long a pull may take
 */
export async function detectDriver(
  options: { socket?: string; baseImage?: string; pullMs?: number } = {},
  signal?: AbortSignal,
): Promise<Detected> {
  const { socket = '/var/run/docker.sock', baseImage = defaultBaseImage, pullMs = 60_000 } = options
  try {
    // Asked first, because the engine's library costs time and memory that a machine without an engine need not pay.
    await access(socket, constants.R_OK | constants.W_OK)
  } catch {
    return { kind: 'process', because: `no container engine can be reached at ${socket}` }
  }
  let engine: Connection
  try {
    engine = await openConnection(socket)
  } catch (error) {
    return { kind: 'process', because: `no container engine answers at ${socket}: ${engineMessage(error)}` }
  }
  const deadline = AbortSignal.timeout(pullMs)
  try {
    await ensureImage(engine, baseImage, signal ? AbortSignal.any([signal, deadline]) : deadline)
    return { kind: 'docker', because: `a container engine answers at ${socket} and has ${baseImage}` }
  } catch (error) {
    signal?.throwIfAborted()
    const why = deadline.aborted ? `pulling it took more than ${pullMs / 1000} s` : engineMessage(error)
    return { kind: 'process', because: `a container engine answers at ${socket}, but ${baseImage} is not there: ${why}` }
  }
}
