/** An agent as a process of its own, for tests that kill it. Its options come as JSON in the first argument. */
import { join } from 'node:path'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { createSimulatedDriver } from '#drivers/task/simulated/driver.ts'
import { runAgent } from '../run.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as { home: string; controlUrl: string; token: string; path: string[]; kind: 'process' | 'simulated' }
const dir = join(options.home, 'agent', 'tasks')
const driver = options.kind === 'process' ? createProcessDriver({ dir, path: options.path }) : createSimulatedDriver({ dir })
const agent = await runAgent({ home: options.home, controlUrl: options.controlUrl, token: options.token, machine: 'node-1', driver })
process.on('SIGTERM', () => void agent.close().then(() => process.exit(0)))
process.on('SIGUSR2', () =>
  void agent
    .stopApps()
    .then(() => agent.close())
    .then(() => process.exit(0)),
)
