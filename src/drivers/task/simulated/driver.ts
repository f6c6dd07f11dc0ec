/**
 * Tasks that exist only as files: for tests of states that real programs reach slowly, rarely or not at all (thousands of
 * tasks, a start that fails, an exit at an exact moment). A real driver in every other way; see script.ts for what a
 * task can be told to do.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { sleep } from '#base/clock.ts'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { ExitStatus } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { ExecSession, Listening, LogPage, TaskDriver, TaskSpec, TaskStats, TaskStatus } from '../port.ts'
import { checkEnvironment, checkRoot, checkSignal, checkTaskId } from '../task-rules.ts'
import { exitAt, isFrozenAt, lineAt, lineCountAt, scriptOf, simulationScript } from './script.ts'

export const simulatedConfig = z.strictObject({
  /** Where its tasks' files lie; driver objects over the same folder share one world. */
  dir: z.string().startsWith('/'),
})

const record = z.object({
  id: z.string(),
  labels: z.record(z.string(), z.string()),
  port: z.number().nullable(),
  memoryLimitBytes: z.number().nullable(),
  pid: z.number(),
  script: simulationScript,
  startedAt: z.number(),
  stop: z.object({ signal: z.string(), at: z.number(), killAt: z.number() }).nullable(),
})
type SimulatedTask = z.output<typeof record>

/** Beyond what any kernel hands out, so that no signal can reach a real process. */
const firstPid = 5_000_000
const lookMs = 10

export function createSimulatedDriver(config: z.input<typeof simulatedConfig>, clock: Clock = { now: () => new Date() }): TaskDriver {
  const { dir } = simulatedConfig.parse(config)
  mkdirSync(dir, { recursive: true })
  return new SimulatedDriver(dir, clock)
}

class SimulatedDriver implements TaskDriver {
  readonly kind = 'simulated'
  readonly ownAddresses = false
  readonly #dir: string
  readonly #clock: Clock
  readonly #starting = new Map<string, Promise<TaskStatus>>()
  readonly #listeners = new Set<(id: string) => void>()
  readonly #announced = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(dir: string, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
  }

  async limits(): Promise<string[]> {
    return ['tasks are simulated: nothing really runs']
  }

  async start(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    checkTaskId('start', spec.id)
    signal?.throwIfAborted()
    const running = this.#starting.get(spec.id)
    if (running) return running
    const start = this.#start(spec).finally(() => this.#starting.delete(spec.id))
    this.#starting.set(spec.id, start)
    return start
  }

  async #start(spec: TaskSpec): Promise<TaskStatus> {
    const known = this.#read(spec.id)
    if (known) return this.#status(known)
    checkRoot(spec)
    checkEnvironment(spec)
    checkSignal('start', spec.id, spec.stopSignal)
    let script: SimulatedTask['script']
    try {
      script = scriptOf(spec.labels, spec.env)
    } catch (error) {
      throw new TaskError('start', spec.id, `its simulation script cannot be read: ${messageOf(error)}`, { retryable: false, cause: error })
    }
    if (script.startError !== undefined) throw new TaskError('start', spec.id, script.startError, { retryable: script.retryable })
    const task: SimulatedTask = {
      id: spec.id,
      labels: spec.labels,
      port: spec.port,
      memoryLimitBytes: spec.resources.memoryBytes,
      pid: firstPid + Math.floor(Math.random() * 1_000_000),
      script,
      startedAt: this.#now(),
      stop: null,
    }
    this.#write(task)
    return this.#status(task)
  }

  async stop(id: string, options: { signal: string; graceMs: number }): Promise<ExitStatus | null> {
    checkTaskId('stop', id)
    checkSignal('stop', id, options.signal)
    let task = this.#read(id)
    if (!task) return null
    if (!task.stop && !exitAt(task, this.#now())) {
      task = { ...task, stop: { signal: options.signal, at: this.#now(), killAt: this.#now() + options.graceMs } }
      this.#write(task)
    }
    while (!exitAt(task, this.#now())) await sleep(5)
    this.#announce(id)
    return exitAt(task, this.#now())
  }

  async list(): Promise<TaskStatus[]> {
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith('.json'))
    const tasks = names.map((name) => this.#read(name.slice(0, -'.json'.length)))
    return tasks.filter((task) => task !== null).map((task) => this.#status(task))
  }

  onExit(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    this.#timer ??= setInterval(() => void this.#look(), lookMs).unref()
    return () => this.#listeners.delete(listener)
  }

  async logs(id: string, cursor: string | undefined, maxBytes: number): Promise<LogPage> {
    const task = await this.#find('read the log of', id)
    const from = this.#position('read the log of', id, cursor)
    const to = Math.min(lineCountAt(task, this.#now()), from + Math.ceil(maxBytes / 64))
    const at = new Date(this.#now()).toISOString()
    const entries = Array.from({ length: Math.max(0, to - from) }, (_, i) => ({ at, stream: 'stdout' as const, text: lineAt(task.script, from + i) }))
    return { entries, cursor: String(from + entries.length), dropped: 0 }
  }

  /** Lines are made when they are asked for. */
  onOutput(): () => void {
    return () => {}
  }

  async releaseLogs(id: string, cursor: string): Promise<void> {
    await this.#find('release the log of', id)
    this.#position('release the log of', id, cursor) // lines are made when read: there is nothing to give back
  }

  async exec(id: string, options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null }): Promise<ExecSession> {
    const task = await this.#find('exec in', id)
    if (exitAt(task, this.#now())) throw new TaskError('exec in', id, 'it has exited', { retryable: false })
    const { output, code } = task.script.exec
    return {
      onOutput: (listener) => queueMicrotask(() => listener(Buffer.from(output || `${options.argv.join(' ')}\n`))),
      exited: sleep(1).then(() => ({ code })),
      write() {},
      resize() {},
      close() {},
    }
  }

  async stats(id: string): Promise<TaskStats | null> {
    checkTaskId('measure', id)
    const task = this.#read(id)
    if (!task || exitAt(task, this.#now())) return null
    const seconds = (this.#now() - task.startedAt) / 1000
    return { cpuSeconds: seconds * task.script.cpu, memoryBytes: task.script.memoryBytes, memoryLimitBytes: task.memoryLimitBytes, threads: 1, openFiles: 3 }
  }

  async frozen(id: string): Promise<boolean> {
    checkTaskId('look at', id)
    const task = this.#read(id)
    return task !== null && !exitAt(task, this.#now()) && isFrozenAt(task, this.#now())
  }

  async trace(): Promise<null> {
    return null
  }

  async listening(id: string): Promise<Listening[]> {
    checkTaskId('look at', id)
    const task = this.#read(id)
    return task === null || task.port === null || exitAt(task, this.#now()) ? [] : [{ port: task.port, loopback: true }]
  }

  async hostAddress(): Promise<string> {
    return '127.0.0.1'
  }

  async remove(id: string): Promise<void> {
    checkTaskId('remove', id)
    const task = this.#read(id)
    if (task && !exitAt(task, this.#now())) throw new TaskError('remove', id, 'it still runs (stop it first)', { retryable: true })
    await rm(this.#path(id), { force: true })
    this.#announced.delete(id)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#listeners.clear()
  }

  #now(): number {
    return this.#clock.now().getTime()
  }

  #path(id: string): string {
    return join(this.#dir, `${id}.json`)
  }

  async #look(): Promise<void> {
    for (const task of await this.list().catch(() => [])) if (task.state === 'exited') this.#announce(task.id)
  }

  #announce(id: string): void {
    if (this.#announced.has(id)) return
    this.#announced.add(id)
    for (const listener of this.#listeners) listener(id)
  }

  #status(task: SimulatedTask): TaskStatus {
    const exit = exitAt(task, this.#now())
    return {
      id: task.id,
      labels: task.labels,
      state: exit ? 'exited' : 'running',
      pid: exit ? null : task.pid,
      startedAt: new Date(task.startedAt).toISOString(),
      address: task.port === null ? null : { host: '127.0.0.1', port: task.port },
      exit,
    }
  }

  #position(operation: string, id: string, cursor: string | undefined): number {
    if (cursor === undefined) return 0
    if (!/^\d{1,15}$/.test(cursor)) throw new TaskError(operation, id, `${JSON.stringify(cursor)} is not a position in it (pass the cursor of an earlier page)`, { retryable: false })
    return Number(cursor)
  }

  async #find(operation: string, id: string): Promise<SimulatedTask> {
    checkTaskId(operation, id)
    const task = this.#read(id)
    if (!task) throw new TaskError(operation, id, 'no such task', { retryable: false })
    return task
  }

  /** Synchronous, as the write is: what lies between a read and its write happens at once. */
  #read(id: string): SimulatedTask | null {
    try {
      return record.parse(JSON.parse(readFileSync(this.#path(id), 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  #write(task: SimulatedTask): void {
    writeFileSync(`${this.#path(task.id)}.new`, JSON.stringify(task))
    renameSync(`${this.#path(task.id)}.new`, this.#path(task.id))
  }
}
