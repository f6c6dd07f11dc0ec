/**
 * The way into builds: queue, cancel, read, follow; and the loop that works the queue off.
 * What it is not: it makes no release (`onBuilt` does) and knows no HTTP.
 */
import { mkdir, rm } from 'node:fs/promises'
import { type Clock, sleep, systemClock } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { Actor, Build } from '#contract/model.ts'
import type { ImageDriver } from '#drivers/image/port.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { BuildEngine, defaultLimits } from './engine.ts'
import { startLogShipping, type LogShipping, type SendLines } from './log-shipping.ts'
import { appendLog, followLog } from './log.ts'
import { startBuildLoop } from './loop.ts'
import type { BuildLimits, BuildTarget, Builds, OnBuilt } from './model.ts'
import { buildPaths } from './paths.ts'
import { listBuilds, readBuild } from './read.ts'
import { insertBuild, lockBuild, markFinal, requestCancel, type BuildSource } from './store.ts'
import { storeUpload } from './uploads.ts'

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
  /** Where the lines of builds go beside their own logs; left out: nowhere. */
  lines?: { machine: string; send: SendLines }
  /** The container engine, while instances run in containers; null or left out: Dockerfiles and images are refused. */
  images?: () => Promise<ImageDriver | null>
  limits?: Partial<BuildLimits>
  clock?: Clock
}

export type OpenBuilds = Builds & {
  /** Begins to work the queue off; adopts builds whose worker still lives. */
  start(): Loop
  /** Stops looking; running workers go on and are adopted by the next start. */
  close(): Promise<void>
}

export function openBuilds(deps: BuildsDeps): OpenBuilds {
  const { db, home, clock = systemClock } = deps
  const limits = { ...defaultLimits, ...deps.limits }
  const engine = new BuildEngine({ ...deps, clock, limits, buildEnv: deps.buildEnv ?? (async () => ({})), images: deps.images ?? (async () => null) })
  let loop: { loop: Loop; close(): Promise<void> } | undefined
  let shipping: LogShipping | undefined

  async function queue(actor: Actor, target: BuildTarget, source: BuildSource, options: { id?: string; clean: boolean; body?: AsyncIterable<Uint8Array> }): Promise<Build> {
    await readEnvironment(db, target.app, target.environment) // not-found before anything is stored
    const now = clock.now()
    const id = options.id ?? newId('bld', now)
    const paths = buildPaths(home, id)
    const digest = options.body === undefined ? null : await storeUpload(paths, options.body, limits.uploadBytes)
    try {
      if (digest === null) await mkdir(paths.dir, { recursive: true, mode: 0o711 })
      await appendLog(paths, now, `-----> build ${id} of ${target.app} (${target.environment}), queued by ${actor.name}${source.commit === null ? '' : `, commit ${source.commit.slice(0, 12)}`}`)
      await db.transaction(async (tx) => {
        await insertBuild(tx, { id, target, source, digest, clean: options.clean, by: actor.name, now })
        await record(tx, { at: now, kind: 'build.queued', actor, summary: `build of ${target.app} queued by ${actor.name}`, app: target.app, environment: target.environment, data: { build: id, source: source.kind, commit: source.commit } })
      })
    } catch (error) {
      await rm(paths.dir, { recursive: true, force: true })
      throw error
    }
    shipping?.follow(id)
    loop?.loop.wake()
    return read(target, id)
  }

  async function read(target: BuildTarget, id: string): Promise<Build> {
    const build = await readBuild(db, target, id)
    if (build === undefined) throw new AppError('not-found', `there is no build ${JSON.stringify(id.slice(0, 60))} of ${target.app} (${target.environment}) (see: nightshift builds -a ${target.app})`)
    return build
  }

  return {
    queueUpload: (actor, target, body, options = {}) => queue(actor, target, { kind: 'directory', commit: options.commit ?? null, branch: null, image: null, attempts: 0 }, { clean: options.clean ?? false, body }),
    queueGit: (actor, target, tree, { id, commit, branch, clean = false }) => queue(actor, target, { kind: 'git', commit, branch, image: null, attempts: 0 }, { id, clean, body: tree }),
    async queueImage(actor, target, { image, port, command }) {
      if (!(await deps.images?.())) throw new AppError('unavailable', `the image ${image} needs a container engine, and no machine here runs apps in containers (start Nightshift with --driver docker, where Docker is installed)`)
      return queue(actor, target, { kind: 'image', commit: null, branch: null, image, attempts: 0, ...(port === undefined ? {} : { port }), ...(command === undefined ? {} : { command }) }, { clean: false })
    },
    async cancel(actor, target, id) {
      await read(target, id)
      const now = clock.now()
      const paths = buildPaths(home, id)
      const before = await db.transaction(async (tx) => {
        const row = await lockBuild(tx, id)
        if (row?.state === 'queued') {
          await markFinal(tx, id, 'cancelled', `cancelled by ${actor.name} before it began`, now)
          await record(tx, { at: now, kind: 'build.cancelled', actor, summary: `build of ${target.app} was cancelled by ${actor.name}`, app: target.app, environment: target.environment, data: { build: id } })
        } else if (row?.state === 'running' && !row.cancel_requested) {
          await requestCancel(tx, id)
          await appendLog(paths, now, `-----> cancelled by ${actor.name}`)
        } else if (row?.state === 'succeeded') throw new AppError('conflict', `build ${id} has succeeded already and became v${row.release} (give up its rollout: nightshift rollout cancel -a ${target.app}; or go back: nightshift rollback -a ${target.app})`)
        else if (row?.state === 'failed') throw new AppError('conflict', `build ${id} has failed already: ${row.because}`)
        return row?.state
      })
      if (before === 'queued') await rm(paths.source, { force: true })
      loop?.loop.wake()
      return read(target, id)
    },
    read,
    list: (target, limit) => listBuilds(db, target, limit),
    async *followLog(target, id, fromLine, signal) {
      await read(target, id)
      yield* followLog(buildPaths(home, id), fromLine, async () => isFinal(await read(target, id)), signal)
    },
    async finished(target, id, signal) {
      for (;;) {
        const build = await read(target, id)
        if (isFinal(build)) return build
        await sleep(100, signal)
      }
    },
    start() {
      if (deps.lines) shipping ??= startLogShipping({ db, home, ...deps.lines, logger: deps.logger })
      loop ??= startBuildLoop({ db, engine, driver: deps.driver, limits, clock, home, logger: deps.logger })
      return loop.loop
    },
    async close() {
      engine.close()
      await loop?.close()
      await shipping?.close()
    },
  }
}

export function isFinal(build: Build): boolean {
  return build.state === 'succeeded' || build.state === 'failed' || build.state === 'cancelled'
}
