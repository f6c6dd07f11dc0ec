/**
 * The driver of containers, over the Docker Engine API (never the command line). A task is one container, found again by
 * its labels; the engine keeps it, its exit and its output, so this object only remembers what cannot change any more.
 *
 * Containers publish no ports: each has an address of its own in the network of its app and environment. Slugs run on the
 * base image as an unprivileged user, with their working copy at /app; images run as they say.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { z } from 'zod'
import { sleep } from '#base/clock.ts'
import { LineSplitter } from '#base/lines.ts'
import type { ExitStatus } from '#contract/wire.ts'
import { TaskError } from '../port.ts'
import type { ExecSession, Listening, LogPage, TaskDriver, TaskSpec, TaskStats, TaskStatus } from '../port.ts'
import { checkSignal, checkTaskId } from '../task-rules.ts'
import { removeTree } from '../trees.ts'
import { dockerConfig } from './config.ts'
import type { DockerConfig, DockerSettings } from './config.ts'
import { checkSpec, ownerLabel, planContainer, taskLabel } from './container-spec.ts'
import { type Connection, ensureImage, engineMessage, openConnection, statusOf, taskErrorOf } from './engine.ts'
import { startContainerExec } from './exec.ts'
import { type Known, knownOf, withPid } from './known.ts'
import { LogReaders, parsePosition } from './logs.ts'
import { isFrozen, listeningIn } from './looks.ts'
import { Networks } from './networks.ts'
import { statsOf } from './stats.ts'
import { stopContainer } from './stop.ts'
import { eventsOf, traceOf } from './trace.ts'

const unusedNetworksMs = 10 * 60_000
/** A slow disk may take its time to make a container. */
const makeMs = 2 * 60_000

type Engine = Connection & { networks: Networks }

export function createDockerDriver(config: DockerConfig): TaskDriver {
  const settings = dockerConfig.parse(config)
  mkdirSync(settings.dir, { recursive: true, mode: 0o711 })
  return new DockerDriver({ ...settings, dir: realpathSync(settings.dir) })
}

class DockerDriver implements TaskDriver {
  readonly kind = 'docker'
  readonly ownAddresses = true
  readonly #settings: DockerSettings
  readonly #owner: string
  readonly #starting = new Map<string, Promise<TaskStatus>>()
  readonly #known = new Map<string, Known>()
  readonly #readers = new LogReaders()
  readonly #listeners = new Set<(id: string) => void>()
  readonly #announced = new Set<string>()
  readonly #closed = new AbortController()
  readonly #timer: NodeJS.Timeout
  #connection: Promise<Engine> | undefined
  #events: Promise<void> | undefined

  constructor(settings: DockerSettings) {
    this.#settings = settings
    this.#owner = createHash('sha256').update(settings.dir).digest('hex').slice(0, 12)
    this.#timer = setInterval(() => {
      // Only a driver that is in use has a connection; a network that cannot be removed now is tried again.
      void this.#connection?.then(({ networks }) => networks.removeUnused()).catch(() => {})
    }, unusedNetworksMs).unref()
  }

  async limits(): Promise<string[]> {
    const { quick } = await this.#connect('ask')
    const info = (await quick.info()) as { MemoryLimit?: boolean; CpuCfsQuota?: boolean; PidsLimit?: boolean }
    const limits: string[] = []
    if (info.MemoryLimit === false) limits.push('the container engine has no memory control group: memory limits are not enforced')
    if (info.CpuCfsQuota === false) limits.push('the container engine has no CPU quota: cpu limits are not enforced')
    if (info.PidsLimit === false) limits.push('the container engine has no pids control group: process limits are not enforced')
    return limits
  }

  async hostAddress(labels: Record<string, string>): Promise<string> {
    const { networks } = await this.#connect('find the network of')
    return labels['app'] === undefined ? networks.machineAddress() : (await networks.ensure(labels)).gateway
  }

  async start(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    checkTaskId('start', spec.id)
    signal?.throwIfAborted()
    const running = this.#starting.get(spec.id)
    if (running) return running
    const start = this.#start(spec, signal).finally(() => this.#starting.delete(spec.id))
    this.#starting.set(spec.id, start)
    return start
  }

  async #start(spec: TaskSpec, signal?: AbortSignal): Promise<TaskStatus> {
    const { quick, patient, networks } = await this.#connect('start', spec.id)
    const name = this.#containerName(spec.id)
    try {
      const found = await this.#inspect(quick.getContainer(name))
      if (found && found.Config.Labels[ownerLabel] !== this.#owner)
        throw new TaskError('start', spec.id, `somebody else's container has its name, ${name} (remove it: docker rm -f ${name})`, { retryable: true })
      if (found && found.State.Status !== 'created') return this.#remember(spec.id, found).status
      if (found) await quick.getContainer(name).remove({ force: true }) // whoever made it died before starting it
      checkSpec(spec)
      const network = await networks.ensure(spec.labels)
      const plan = await planContainer(spec, network.id, this.#owner, this.#settings, signal)
      await ensureImage({ quick, patient }, plan.image, signal)
      signal?.throwIfAborted()
      const abortSignal = AbortSignal.timeout(makeMs)
      await patient.createContainer({ name, Image: plan.image, ...plan.options, abortSignal })
      const container = quick.getContainer(name)
      try {
        await patient.getContainer(name).start({ abortSignal })
      } catch (error) {
        if (/network .* not found/i.test(engineMessage(error))) networks.forget(spec.labels)
        await container.remove({ force: true }).catch(() => {})
        throw error
      }
      const made = await this.#inspect(container)
      if (!made) throw new TaskError('start', spec.id, 'its container was removed while it started', { retryable: true })
      return this.#remember(spec.id, made).status
    } catch (error) {
      if (!(await this.#inspect(quick.getContainer(name)).catch(() => null))) await removeTree(this.#dir(spec.id))
      if (signal?.aborted) throw error
      throw taskErrorOf('start', spec.id, error)
    }
  }

  async stop(id: string, options: { signal: string; graceMs: number }): Promise<ExitStatus | null> {
    checkTaskId('stop', id)
    const signal = checkSignal('stop', id, options.signal)
    const { quick, patient } = await this.#connect('stop', id)
    const container = quick.getContainer(this.#containerName(id))
    try {
      let known = await this.#status(id, container)
      if (!known) return null
      if (known.status.state === 'running') {
        await stopContainer({ container, patient: patient.getContainer(container.id) }, known.enginePid, { signal, graceMs: options.graceMs })
        known = await this.#status(id, container)
      }
      return known?.status.exit ?? null
    } catch (error) {
      throw taskErrorOf('stop', id, error)
    }
  }

  async list(): Promise<TaskStatus[]> {
    const { quick } = await this.#connect('list')
    try {
      return await this.#list(quick)
    } catch (error) {
      throw taskErrorOf('list', 'tasks', error)
    }
  }

  async #list(quick: Docker): Promise<TaskStatus[]> {
    const found = await quick.listContainers({ all: true, filters: { label: [`${ownerLabel}=${this.#owner}`] } })
    const ids = new Set<string>()
    const all = await Promise.all(
      found.map(async (container) => {
        const id = container.Labels[taskLabel]
        if (id === undefined || container.State === 'created') return null // being started, or never was
        ids.add(id)
        const known = this.#known.get(id)
        const seemsToRun = container.State === 'running'
        if (known?.status.exit && !seemsToRun) return known.status
        if (known && !known.status.exit && seemsToRun) return withPid(known)
        return (await this.#look(id, quick.getContainer(container.Id)))?.status ?? null
      }),
    )
    for (const id of this.#known.keys()) if (!ids.has(id) && !this.#starting.has(id)) this.#forget(id)
    return all.filter((status) => status !== null)
  }

  onExit(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    this.#events ??= this.#followEvents()
    return () => this.#listeners.delete(listener)
  }

  async logs(id: string, cursor: string | undefined, maxBytes: number): Promise<LogPage> {
    checkTaskId('read the log of', id)
    const { quick, patient } = await this.#connect('read the log of', id)
    const container = quick.getContainer(this.#containerName(id))
    try {
      return await this.#readers.page(id, patient.getContainer(container.id), cursor, maxBytes, async () => (await this.#status(id, container))?.status.state === 'exited')
    } catch (error) {
      this.#readers.close(id)
      throw taskErrorOf('read the log of', id, error)
    }
  }

  onOutput(id: string, listener: () => void): () => void {
    return this.#readers.onOutput(id, listener)
  }

  /** The engine bounds and rotates its own log; there is nothing to give back. */
  async releaseLogs(id: string, cursor: string): Promise<void> {
    checkTaskId('release the log of', id)
    parsePosition('release the log of', id, cursor)
  }

  async exec(id: string, options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null }): Promise<ExecSession> {
    checkTaskId('exec in', id)
    if (options.argv.length === 0) throw new TaskError('exec in', id, 'the command is empty (pass a program and its arguments)', { retryable: false })
    const { patient } = await this.#connect('exec in', id)
    return startContainerExec(patient.getContainer(this.#containerName(id)), id, options)
  }

  async stats(id: string): Promise<TaskStats | null> {
    checkTaskId('measure', id)
    const { quick } = await this.#connect('measure', id)
    const container = quick.getContainer(this.#containerName(id))
    try {
      const known = await this.#status(id, container)
      if (!known || known.status.state === 'exited') return null
      return statsOf(await container.stats({ stream: false, 'one-shot': true }), known.memoryBytes)
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw taskErrorOf('measure', id, error)
    }
  }

  async frozen(id: string): Promise<boolean> {
    const found = await this.#inspectTask(id)
    return found !== null && isFrozen(found)
  }

  async trace(id: string): Promise<string | null> {
    checkTaskId('look at', id)
    const { quick } = await this.#connect('look at', id)
    return traceOf(await eventsOf(quick, this.#containerName(id), new Date()))
  }

  async listening(id: string): Promise<Listening[]> {
    const found = await this.#inspectTask(id)
    return found === null ? [] : listeningIn(found)
  }

  async #inspectTask(id: string): Promise<Docker.ContainerInspectInfo | null> {
    checkTaskId('look at', id)
    const { quick } = await this.#connect('look at', id)
    return this.#inspect(quick.getContainer(this.#containerName(id)))
  }

  async remove(id: string): Promise<void> {
    checkTaskId('remove', id)
    const { quick } = await this.#connect('remove', id)
    const container = quick.getContainer(this.#containerName(id))
    try {
      const known = await this.#status(id, container)
      if (known?.status.state === 'running') throw new TaskError('remove', id, 'it still runs (stop it first)', { retryable: true })
      // `v` takes the nameless volumes an image declares; ours are folders of this machine, which the engine never touches.
      if (known) await container.remove({ v: true })
    } catch (error) {
      if (statusOf(error) !== 404) throw taskErrorOf('remove', id, error)
    }
    this.#forget(id)
    await removeTree(this.#dir(id))
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearInterval(this.#timer)
    this.#readers.closeAll()
    this.#listeners.clear()
    await this.#events?.catch(() => {})
  }

  // ---------------------------------------------------------------- the engine

  async #connect(operation: string, target = 'tasks'): Promise<Engine> {
    this.#connection ??= openConnection(this.#settings.socket, this.#settings.answerMs).then((connection) => ({ ...connection, networks: new Networks(connection.quick, this.#settings.subnets) }))
    try {
      return await this.#connection
    } catch (error) {
      this.#connection = undefined
      throw new TaskError(operation, target, `no container engine answers at ${this.#settings.socket}: ${engineMessage(error)}`, { retryable: true, cause: error })
    }
  }

  /** Hears of exits as they happen; after a lost connection it asks for all, so that none is missed. */
  async #followEvents(): Promise<void> {
    const { signal } = this.#closed
    for (let pause = 50; !signal.aborted; pause = Math.min(pause * 2, 2000)) {
      try {
        const { patient } = await this.#connect('watch')
        const stream = (await patient.getEvents({
          filters: { type: ['container'], event: ['die'], label: [`${ownerLabel}=${this.#owner}`] },
          abortSignal: signal,
        })) as Readable
        for (const status of await this.list()) if (status.state === 'exited') this.#announce(status.id)
        const lines = new LineSplitter(1 << 20)
        for await (const chunk of stream) {
          pause = 50
          for (const line of lines.push(chunk as Buffer)) {
            const id = eventSchema.parse(JSON.parse(line)).Actor.Attributes[taskLabel]
            if (id !== undefined) await this.#died(id)
          }
        }
      } catch {
        this.#connection = undefined // the engine is away: the next task call says so
      }
      await sleep(pause, signal).catch(() => {})
    }
  }

  /** The engine's list still says "running" for a moment after its event; an inspection does not. */
  async #died(id: string): Promise<void> {
    const { quick } = await this.#connect('watch')
    const known = await this.#look(id, quick.getContainer(this.#containerName(id)))
    this.#announce(id)
    if (known && !known.status.exit) this.#announced.delete(id) // somebody started it again by hand: it ends once more
  }

  #announce(id: string): void {
    if (this.#announced.has(id)) return
    this.#announced.add(id)
    for (const listener of this.#listeners) listener(id)
  }

  // ---------------------------------------------------------------- what is known of a task

  #containerName(id: string): string {
    return `nightshift-${this.#owner}-${id}`
  }

  #dir(id: string): string {
    return join(this.#settings.dir, id)
  }

  async #inspect(container: Docker.Container): Promise<Docker.ContainerInspectInfo | null> {
    try {
      return await container.inspect()
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** An end is remembered. That somebody started the container again by hand is found by the next list. */
  async #status(id: string, container: Docker.Container): Promise<Known | null> {
    const known = this.#known.get(id)
    return known?.status.exit ? known : this.#look(id, container)
  }

  async #look(id: string, container: Docker.Container): Promise<Known | null> {
    const found = await this.#inspect(container)
    if (!found || found.State.Status === 'created') {
      this.#forget(id)
      return null
    }
    return this.#remember(id, found)
  }

  #remember(id: string, found: Docker.ContainerInspectInfo): Known {
    const known = knownOf(id, found, this.#known.get(id))
    this.#known.set(id, known)
    if (!known.status.exit) this.#announced.delete(id)
    return known
  }

  #forget(id: string): void {
    this.#known.delete(id)
    this.#announced.delete(id)
    this.#readers.close(id)
  }
}

const eventSchema = z.object({ Actor: z.object({ Attributes: z.record(z.string(), z.string()) }) })
