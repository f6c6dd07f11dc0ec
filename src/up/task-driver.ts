import { dirname, join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { detectDriver, taskDrivers } from '#drivers/task/index.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { DriverKind } from './home.ts'

/** Configuration of each driver for this home. The pinned Node comes first in the PATH of processes. */
const configOf: Record<DriverKind, (home: string) => Record<string, unknown>> = {
  process: (home) => ({ dir: join(home, 'agent', 'tasks'), path: [dirname(process.execPath)], reserveBytes: 16 * 1024 ** 2 }),
  docker: (home) => ({ dir: join(home, 'agent', 'tasks'), nodeBin: dirname(process.execPath), ...socketOf(process.env) }),
}

/** Throws `unavailable` for a driver that this version has not. */
export function createTaskDriver(kind: DriverKind, home: string): TaskDriver {
  const known = taskDrivers.find((each) => each.kind === kind)
  if (!known) throw new AppError('unavailable', `there is no task driver "${kind}" (there are ${taskDrivers.map((each) => each.kind).join(', ')})`)
  return known.create(configOf[kind](home))
}

/** The driver of a machine where nobody chose one, and why. */
export function standardDriver(env: NodeJS.ProcessEnv): Promise<{ kind: DriverKind; because: string }> {
  return detectDriver(socketOf(env))
}

function socketOf(env: NodeJS.ProcessEnv): { socket?: string } {
  const host = env['DOCKER_HOST']
  return host?.startsWith('unix://') ? { socket: host.slice('unix://'.length) } : {}
}
