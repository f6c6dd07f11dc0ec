import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { create } from 'tar'
import type { ArtifactRef } from '#contract/wire.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { createSimulatedDriver } from '#drivers/task/simulated/driver.ts'
import { tempHome } from '#test/harness/home.ts'
import type { Log } from '../log.ts'
import { type Agent, type AgentOptions, runAgent } from '../run.ts'
import { type ControlEnd, controlEnd } from './control.ts'
import { type ProxyEnd, proxyEnd } from './proxy.ts'

export type AgentWorld = AsyncDisposable & {
  home: string
  control: ControlEnd
  proxy: ProxyEnd
  logLines: string[]
  driver(): TaskDriver
  agent(): Agent
  startAgent(more?: Partial<AgentOptions>): Promise<Agent>
  /** The agent as a process of its own, over a driver of the same kind. */
  spawnAgent(): ChildProcess
}

/** A home with its key, a control and a proxy end, and an agent over one of our drivers. Everything in it is gone afterwards. */
export async function agentWorld(kind: 'process' | 'simulated', options: { onDrain?(instance: string, answer: () => void): void } = {}): Promise<AgentWorld> {
  const temporary = await tempHome('nightshift-agent-')
  const { home } = temporary
  await mkdir(join(home, 'keys'), { mode: 0o700 })
  await writeFile(join(home, 'keys', 'secret.key'), randomBytes(32).toString('base64'), { mode: 0o600 })
  const control = await controlEnd({ artifacts: join(home, 'artifacts') })
  const proxy = await proxyEnd(join(home, 'run', 'proxy.sock'), options)
  const logLines: string[] = []
  const tasks = join(home, 'agent', 'tasks')
  const newDriver = () => (kind === 'process' ? createProcessDriver({ dir: tasks, path: [dirname(process.execPath)] }) : createSimulatedDriver({ dir: tasks }))
  await mkdir(tasks, { recursive: true })
  const children: ChildProcess[] = []
  let agent: Agent | undefined
  let driver: TaskDriver | undefined
  return {
    home,
    control,
    proxy,
    logLines,
    driver: () => driver as TaskDriver,
    agent: () => agent as Agent,
    async startAgent(more = {}) {
      await agent?.close()
      driver = newDriver()
      agent = await runAgent({ home, controlUrl: control.url, token: control.token, machine: 'node-1', driver, log: logInto(logLines), periodMs: 500, ...more })
      return agent
    },
    spawnAgent() {
      const childOptions = { home, controlUrl: control.url, token: control.token, path: [dirname(process.execPath)], kind }
      const child = spawn(process.execPath, [join(import.meta.dirname, 'agent-child.ts'), JSON.stringify(childOptions)], { stdio: ['ignore', 'ignore', 'inherit'] })
      children.push(child)
      return child
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(children.map(killHard))
      // a driver that is being closed must not be ending tasks while another one does
      await agent?.stopApps()
      await agent?.close()
      await removeTasks(newDriver())
      await proxy[Symbol.asyncDispose]()
      await control[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

/** SIGKILL, and waits until it is dead. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function removeTasks(driver: TaskDriver): Promise<void> {
  for (const task of await driver.list()) {
    await driver.stop(task.id, { signal: 'SIGKILL', graceMs: 0 })
    await driver.remove(task.id)
  }
  await driver.close()
}

export function logInto(lines: string[]): Log {
  const write = (level: string) => (fields: object, message: string) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/** Packs files into a slug of the home's artifact folder. */
export async function makeSlug(home: string, files: Record<string, string>): Promise<Extract<ArtifactRef, { kind: 'slug' }>> {
  const folder = join(home, `source-${randomBytes(4).toString('hex')}`)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await mkdir(join(home, 'artifacts'), { recursive: true })
  const packed = join(home, 'artifacts', 'packing.tgz')
  await create({ gzip: true, file: packed, cwd: folder, portable: true }, ['.'])
  const content = await readFile(packed)
  const digest = createHash('sha256').update(content).digest('hex')
  await rename(packed, join(home, 'artifacts', `${digest}.tgz`))
  return { kind: 'slug', digest, sizeBytes: content.length }
}
