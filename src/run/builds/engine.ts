/**
 * Carries out what plan.ts decides: starts workers as tasks of a process driver, copies their output, and settles what
 * they leave. Every step can be repeated: a control that is killed in between does it again or finds it done.
 */
import { chmod, copyFile, link, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import { formatDuration, formatSize } from '#base/units.ts'
import { buildEndLines } from '#contract/build-words.ts'
import type { EventKind } from '#contract/events.ts'
import type { Actor } from '#contract/model.ts'
import type { ImageDriver } from '#drivers/image/port.ts'
import type { TaskDriver, TaskStatus } from '#drivers/task/port.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { storeSlug } from './artifacts.ts'
import { bundledMain, bundledNode, ensureBundle } from './bundle.ts'
import { readForeign } from './foreign.ts'
import { builtImage, pulledImage } from './image.ts'
import { LogPump, appendLog } from './log.ts'
import type { ArtifactMeta, BuildLimits, OnBuilt, Outcome } from './model.ts'
import { buildPaths, cachesPath } from './paths.ts'
import { maxAttempts, type SeenWork } from './plan.ts'
import { insertArtifact, lockBuild, markFinal, markRunning, markSucceeded, type BuildRow } from './store.ts'
import { printable } from './worker/log.ts'
import { machineVariables, workFiles, workerResult, type WorkerResult, type WorkerSpec } from './worker/spec.ts'

const buildActor: Actor = { kind: 'loop', name: 'builds' }

export const defaultLimits: BuildLimits = {
  timeMs: 15 * 60_000,
  memoryBytes: 2 * 1024 ** 3,
  // Half a core is left to apps, which also come first (the worker lowers its own priority).
  cpu: Math.max(0.5, availableParallelism() - 0.5),
  concurrency: 1,
  uploadBytes: 512 * 1024 ** 2,
  unpackedBytes: 2 * 1024 ** 3,
  files: 100_000,
  logBytes: 10 * 1024 ** 2,
}

export type EngineDeps = {
  db: Database
  home: string
  driver: TaskDriver
  onBuilt: OnBuilt
  logger: Logger
  buildEnv: (app: string, environment: string) => Promise<Record<string, string>>
  limits: BuildLimits
  clock: Clock
  images: () => Promise<ImageDriver | null>
}

export class BuildEngine {
  readonly #deps: EngineDeps
  readonly #pumps = new Map<string, LogPump>()
  /** Work that control itself does for a build (images), by build id. It ends with us, and is begun again. */
  readonly #own = new Map<string, { controller: AbortController; done: boolean }>()

  #bundle: Promise<string> | undefined
  #closed = false

  constructor(deps: EngineDeps) {
    this.#deps = deps
  }

  /** What works on which build now. Tasks of builds that are over are removed. */
  async observe(builds: readonly BuildRow[]): Promise<Map<string, SeenWork>> {
    const work = new Map<string, SeenWork>()
    const open = new Map(builds.map((build) => [build.id, build]))
    for (const task of await this.#deps.driver.list()) {
      const id = task.labels['build']
      if (id === undefined) continue
      const build = open.get(id)
      if (build !== undefined && task.id === taskId(build)) {
        work.set(id, { state: task.state })
        if (!this.#pumps.has(id)) this.#pumps.set(id, new LogPump(buildPaths(this.#deps.home, id), build.source.attempts))
      } else await this.#sweep(task)
    }
    for (const id of this.#pumps.keys()) if (!open.has(id)) this.#pumps.delete(id)
    for (const [id, own] of this.#own) if (!own.done) work.set(id, { state: 'running' })
    return work
  }

  async #sweep(task: TaskStatus): Promise<void> {
    if (task.state === 'running') await this.#deps.driver.stop(task.id, { signal: 'SIGKILL', graceMs: 0 })
    await this.#deps.driver.remove(task.id)
  }

  async pumpAll(): Promise<void> {
    await Promise.all([...this.#pumps.values()].map((pump) => pump.pump().catch((error: unknown) => this.#deps.logger.warn({ err: error }, 'a build log could not be copied'))))
  }

  /** Starts the worker, or starts it again. */
  async start(build: BuildRow, because: string): Promise<void> {
    const { db, home, driver, limits, clock } = this.#deps
    const now = clock.now()
    const paths = buildPaths(home, build.id)
    const source = { ...build.source, attempts: build.source.attempts + 1 }
    const again = build.state === 'running'
    const mine = await db.transaction(async (tx) => {
      const row = await lockBuild(tx, build.id)
      if (row?.state !== build.state) return false // cancelled meanwhile
      await markRunning(tx, build.id, source, now)
      if (!again) await this.#record(tx, build, 'build.started', `build of ${where(build)} started`, now)
      return true
    })
    if (!mine) return
    if (again) await appendLog(paths, now, `-----> ${because}`)
    this.#pumps.delete(build.id)
    if (source.kind === 'image') return this.#ownWork({ ...build, source }, (signal) => this.#image({ ...build, source }, signal))
    await rm(paths.work, { recursive: true, force: true })
    await mkdir(paths.work, { recursive: true, mode: 0o700 })
    const spec: WorkerSpec = {
      build: build.id,
      app: build.app,
      environment: build.environment,
      clean: build.clean,
      env: await this.#deps.buildEnv(build.app, build.environment),
      containers: (await this.#deps.images()) !== null,
      timeMs: limits.timeMs,
      unpackedBytes: limits.unpackedBytes,
      files: limits.files,
      logBytes: limits.logBytes,
    }
    await writeFile(`${paths.work}/${workFiles.spec}`, JSON.stringify(spec), { mode: 0o644 })
    await link(paths.source, `${paths.work}/${workFiles.source}`).catch(() => copyFile(paths.source, `${paths.work}/${workFiles.source}`))
    const cache = await ownCache(cachesPath(home, build.app, build.environment), (await readEnvironment(db, build.app, build.environment)).created_at)
    this.#pumps.set(build.id, new LogPump(paths, source.attempts))
    await driver.start({
      id: taskId({ ...build, source }),
      labels: { app: build.app, environment: build.environment, kind: 'build', build: build.id },
      artifact: { kind: 'slug', digest: '', sizeBytes: 0 },
      slugPath: await this.#workerBundle(),
      root: '.',
      command: { kind: 'argv', argv: [bundledNode, bundledMain] },
      env: machineVariables(process.env),
      port: null,
      volumes: [
        { name: 'work', hostPath: paths.work, target: '/app/work' },
        { name: 'cache', hostPath: cache, target: '/app/cache' },
      ],
      resources: { memoryBytes: limits.memoryBytes, cpu: limits.cpu },
      stopSignal: 'SIGTERM',
    })
  }

  /** Made once a process; a failure is not remembered. */
  #workerBundle(): Promise<string> {
    this.#bundle ??= ensureBundle(this.#deps.home).catch((error: unknown) => {
      this.#bundle = undefined
      throw error
    })
    return this.#bundle
  }

  async stop(build: BuildRow): Promise<void> {
    this.#own.get(build.id)?.controller.abort(new Error('the build was stopped'))
    await this.#deps.driver.stop(taskId(build), { signal: 'SIGTERM', graceMs: 5000 })
  }

  /** The worker has ended: what did it leave? */
  async settle(build: BuildRow): Promise<void> {
    const { home, driver, limits, clock } = this.#deps
    const paths = buildPaths(home, build.id)
    const task = (await driver.list()).find((each) => each.id === taskId(build))
    await (this.#pumps.get(build.id) ?? new LogPump(paths, build.source.attempts)).pump()
    const result = await this.#result(build)
    if (build.cancel_requested) return this.conclude(build, 'cancelled', 'it was cancelled')
    if (task?.exit?.oom === true) return this.conclude(build, 'failed', `it needed more than ${formatSize(limits.memoryBytes)} of memory`)
    const ranMs = clock.now().getTime() - (build.started_at ?? clock.now()).getTime()
    if (result === null) {
      const how = task?.exit?.signal ? `was killed by ${task.exit.signal}` : `ended with ${task?.exit?.code ?? 'no status'}`
      if (ranMs > limits.timeMs) return this.conclude(build, 'failed', `it took longer than ${formatDuration(limits.timeMs)}`)
      if (build.source.attempts < maxAttempts) return this.start(build, `its worker ${how}; it is built again`)
      return this.conclude(build, 'failed', `its worker ${how}, ${maxAttempts} times${await this.#lastWords(task)}`)
    }
    if (result.kind === 'failed') return this.conclude(build, 'failed', result.because)
    if (result.kind === 'dockerfile') return this.#ownWork(build, (signal) => this.#fromDockerfile(build, result, signal))
    try {
      const slug = await storeSlug(home, paths.slug, limits.unpackedBytes)
      const meta: ArtifactMeta = { builder: result.builder, processes: result.processes, runtime: result.runtime, path: result.path, launcher: true }
      await this.#succeed(build, { ...result, artifact: { id: `slug:${slug.digest}`, ref: { kind: 'slug', digest: slug.digest, sizeBytes: slug.sizeBytes }, sizeBytes: slug.sizeBytes, meta } })
    } catch (error) {
      if (!isAppError(error)) throw error
      await this.conclude(build, 'failed', error.message)
    }
  }

  async #result(build: BuildRow): Promise<WorkerResult | null> {
    const text = await readForeign(buildPaths(this.#deps.home, build.id).result, 1024 * 1024)
    if (text === null) return null
    try {
      const parsed = workerResult.safeParse(JSON.parse(text))
      return parsed.success ? parsed.data : { kind: 'failed', because: 'the result of the build is malformed (did the build overwrite result.json?)', step: '' }
    } catch {
      return null
    }
  }

  /** What a worker that never got to its log printed. */
  async #lastWords(task: TaskStatus | undefined): Promise<string> {
    if (task === undefined) return ''
    const page = await this.#deps.driver.logs(task.id, undefined, 65_536).catch(() => null)
    const last = page?.entries.map((entry) => entry.text.trim()).filter((text) => text !== '').slice(-3).join(' / ')
    return last ? `: ${last.slice(0, 500)}` : ''
  }

  /** One transaction: the artifact, the release that `onBuilt` makes of it, and the build's end. */
  async #succeed(build: BuildRow, outcome: Outcome): Promise<void> {
    const { db, clock, onBuilt, home } = this.#deps
    const paths = buildPaths(home, build.id)
    const now = clock.now()
    await db.transaction(async (tx) => {
      const row = await lockBuild(tx, build.id)
      if (row?.state !== 'running') return
      if (row.cancel_requested) {
        await this.#markFinal(tx, build, 'cancelled', 'it was cancelled', now)
        return void (await appendLog(paths, now, ' !     the build was cancelled'))
      }
      await insertArtifact(tx, outcome.artifact, now)
      const built = await onBuilt(tx, {
        buildId: build.id, app: build.app, environment: build.environment, artifactId: outcome.artifact.id, artifact: outcome.artifact,
        manifest: outcome.manifest, manifestSource: outcome.manifestSource, commit: build.source.commit, by: build.by_name, now,
      })
      await markSucceeded(tx, build.id, { builder: outcome.builder, because: outcome.because, artifactId: outcome.artifact.id, manifest: outcome.manifest, manifestSource: outcome.manifestSource, release: built.release, now })
      await this.#record(tx, build, 'build.succeeded', `build of ${where(build)} succeeded: v${built.release}`, now, built.release, { artifact: outcome.artifact.id, builder: outcome.builder, because: outcome.because })
      // Before the commit, so that a follower who sees the end has seen this line. A line too much harms nobody.
      await appendLog(paths, now, `-----> built in ${formatDuration(now.getTime() - (build.started_at ?? now).getTime())}: release v${built.release}`)
    })
    await this.#tidy(build)
  }

  /** Ends a build without a release. Idempotent. */
  async conclude(build: BuildRow, state: 'failed' | 'cancelled', because: string): Promise<void> {
    const { db, clock, home, logger } = this.#deps
    const now = clock.now()
    const paths = buildPaths(home, build.id)
    // a log is complete when its build is over: what the worker has said, and nothing after the end
    await this.#pumps.get(build.id)?.pump().catch(() => {})
    this.#pumps.delete(build.id)
    // first what it takes: on a disk that it filled nothing could be written down otherwise
    await rm(paths.work, { recursive: true, force: true }).catch(() => {})
    await appendLog(paths, now, buildEndLines(state, because)).catch((error: unknown) => logger.warn({ err: error, build: build.id }, 'the end of a build could not be added to its log'))
    await db.transaction(async (tx) => {
      const row = await lockBuild(tx, build.id)
      if (row?.state === 'queued' || row?.state === 'running') await this.#markFinal(tx, build, state, because, now)
    })
    await this.#tidy(build)
  }

  async #markFinal(tx: Db, build: BuildRow, state: 'failed' | 'cancelled', because: string, now: Date): Promise<void> {
    await markFinal(tx, build.id, state, because, now)
    await this.#record(tx, build, state === 'failed' ? 'build.failed' : 'build.cancelled', `build of ${where(build)} ${state === 'failed' ? `failed: ${because}` : 'was cancelled'}`, now, null, { because })
  }

  /** Gives back everything but the log. */
  async #tidy(build: BuildRow): Promise<void> {
    const { driver, home, logger } = this.#deps
    const paths = buildPaths(home, build.id)
    this.#pumps.delete(build.id)
    try {
      await driver.stop(taskId(build), { signal: 'SIGKILL', graceMs: 0 })
      await driver.remove(taskId(build))
      await rm(paths.work, { recursive: true, force: true })
      await rm(paths.source, { force: true })
    } catch (error) {
      logger.warn({ err: error, build: build.id }, 'a finished build could not be tidied up')
    }
  }

  // ---------------------------------------------------------------- images: control's own work, through the engine

  async #image(build: BuildRow, signal: AbortSignal): Promise<void> {
    const images = await this.#deps.images()
    if (images === null) return this.conclude(build, 'failed', `the image ${build.source.image} needs a container engine, and no machine here runs apps in containers (start Nightshift with --driver docker, where Docker is installed)`)
    await this.#succeed(build, await this.#saying(build, (say) => pulledImage(images, build, signal, say)))
  }

  async #fromDockerfile(build: BuildRow, result: Extract<WorkerResult, { kind: 'dockerfile' }>, signal: AbortSignal): Promise<void> {
    const images = await this.#deps.images()
    if (images === null) return this.conclude(build, 'failed', 'the container engine that was to build it is gone')
    const { context } = buildPaths(this.#deps.home, build.id)
    await this.#succeed(build, await this.#saying(build, (say) => builtImage(images, { build, result, context, limits: this.#deps.limits }, signal, say)))
  }

  /** Lines go to the build log in their order, bounded. */
  async #saying(build: BuildRow, work: (say: (text: string) => void) => Promise<Outcome>): Promise<Outcome> {
    const paths = buildPaths(this.#deps.home, build.id)
    let left = this.#deps.limits.logBytes
    let written: Promise<void> = Promise.resolve()
    const say = (text: string) => {
      if (left <= 0) return
      left -= text.length
      written = written.then(() => appendLog(paths, this.#deps.clock.now(), left > 0 ? printable(text) : '(the rest of the log is left out: it outgrew its bound)'))
    }
    try {
      return await work(say)
    } finally {
      await written
    }
  }

  /** Begins it in the background, once; its failure ends the build. */
  #ownWork(build: BuildRow, work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#own.has(build.id)) return
    const own = { controller: new AbortController(), done: false }
    this.#own.set(build.id, own)
    const signal = AbortSignal.any([own.controller.signal, AbortSignal.timeout(this.#deps.limits.timeMs)])
    void work(signal)
      .catch(async (error: unknown) => {
        if (this.#closed) return // begun again by the next control
        const timedOut = signal.aborted && !own.controller.signal.aborted
        await this.conclude(build, own.controller.signal.aborted ? 'cancelled' : 'failed', own.controller.signal.aborted ? 'it was cancelled' : timedOut ? `it took longer than ${formatDuration(this.#deps.limits.timeMs)}` : messageOf(error))
      })
      .catch((error: unknown) => this.#deps.logger.error({ err: error, build: build.id }, 'a build could not be concluded'))
      .finally(() => {
        own.done = true
        this.#own.delete(build.id)
      })
  }

  close(): void {
    this.#closed = true
    for (const own of this.#own.values()) own.controller.abort(new Error('control is closing'))
  }

  async #record(tx: Db, build: BuildRow, kind: EventKind, summary: string, now: Date, release: number | null = null, data: Record<string, unknown> = {}): Promise<void> {
    await record(tx, { at: now, kind, actor: buildActor, summary, app: build.app, environment: build.environment, release, data: { build: build.id, ...data } })
  }
}

export function taskId(build: { id: string; source: { attempts: number } }): string {
  return `${build.id}.${build.source.attempts}`
}

/** What an app of the same name left before this environment was made is removed: it is neither to be read nor to be built upon. */
async function ownCache(caches: string, since: Date): Promise<string> {
  const own = String(since.getTime())
  await mkdir(caches, { recursive: true, mode: 0o711 })
  await chmod(caches, 0o711) // builds of this name pass through
  for (const name of await readdir(caches)) if (name !== own) await rm(join(caches, name), { recursive: true, force: true })
  await mkdir(join(caches, own), { recursive: true, mode: 0o700 })
  return join(caches, own)
}

function where(build: BuildRow): string {
  return build.environment === 'production' ? build.app : `${build.app} (${build.environment})`
}
