import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { taskDrivers } from '#drivers/task/index.ts'
import type { TaskDriver } from '#drivers/task/port.ts'

export type DriverKind = 'process' | 'docker'

/** Configuration of each driver for this home. The pinned Node comes first in the PATH of processes. */
const configOf: Record<DriverKind, (home: string) => Record<string, unknown>> = {
  process: (home) => ({ dir: join(home, 'agent', 'tasks'), path: [dirname(process.execPath)] }),
  docker: (home) => ({ dir: join(home, 'agent', 'tasks'), nodeBin: dirname(process.execPath) }),
}

/** Throws `unavailable` for a driver that this version has not. */
export function createTaskDriver(kind: DriverKind, home: string): TaskDriver {
  const known = taskDrivers.find((each) => each.kind === kind)
  if (!known) throw new AppError('unavailable', `there is no task driver "${kind}" (there are ${taskDrivers.map((each) => each.kind).join(', ')})`)
  return known.create(configOf[kind](home))
}

/** docker where an engine answers, else process. */
export async function detectDriver(env: NodeJS.ProcessEnv): Promise<DriverKind> {
  if (!taskDrivers.some((each) => each.kind === 'docker')) return 'process'
  return (await engineAnswers(env['DOCKER_HOST'])) ? 'docker' : 'process'
}

/** Whether a container engine answers on a Unix socket, the default one or that of DOCKER_HOST. */
export function engineAnswers(dockerHost: string | undefined): Promise<boolean> {
  const socketPath = dockerHost?.startsWith('unix://') ? dockerHost.slice('unix://'.length) : '/var/run/docker.sock'
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 2000, headers: { host: 'docker' } }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.on('timeout', () => ping.destroy())
    ping.on('error', () => resolve(false))
    ping.end()
  })
}
