/** The loop of the queue: observe rows and workers → plan → apply. One failing build does not hold up the others. */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { startLoop, type Loop } from '#kernel/loop.ts'
import type { BuildEngine } from './engine.ts'
import type { BuildLimits } from './model.ts'
import { planBuilds, type Action } from './plan.ts'
import { buildExists } from './read.ts'
import { openBuildRows } from './store.ts'

export type BuildLoopDeps = { db: Database; engine: BuildEngine; driver: TaskDriver; limits: BuildLimits; clock: Clock; home: string; logger: Logger }

const pumpMs = 100
/** Folders without a row older than this are what a killed control left of an upload. */
const strayMs = 60 * 60_000

export function startBuildLoop({ db, engine, driver, limits, clock, home, logger }: BuildLoopDeps): { loop: Loop; close(): Promise<void> } {
  const apply = async ({ kind, build, because }: Action): Promise<void> => {
    if (kind === 'start') return engine.start(build, because)
    if (kind === 'stop') return engine.stop(build)
    if (kind === 'settle') return engine.settle(build)
    return engine.conclude(build, kind === 'cancel' ? 'cancelled' : 'failed', because)
  }
  let swept = false
  const loop = startLoop({
    name: 'builds',
    periodMs: 1000,
    clock,
    onError: (error) => logger.error({ err: error }, 'the build loop failed'),
    async turn(now) {
      const builds = await openBuildRows(db)
      const work = await engine.observe(builds)
      if (!swept) await sweepStrays(db, home, now)
      swept = true
      const { actions, waiting } = planBuilds({ builds, work, now, concurrency: limits.concurrency, timeMs: limits.timeMs })
      const done: string[] = []
      for (const action of actions) {
        done.push(`${action.kind} ${action.build.id}: ${action.because}`)
        try {
          await apply(action)
        } catch (error) {
          logger.error({ err: error, build: action.build.id, action: action.kind }, 'a build could not be moved on')
          done.push(`${action.build.id}: ${messageOf(error)}`)
          // what the database cannot hold today it cannot hold tomorrow: do not keep the queue waiting for it
          if (action.kind === 'settle' && ((error as { code?: string }).code ?? '').startsWith('22')) await engine.conclude(action.build, 'failed', `its result cannot be stored: ${messageOf(error)}`)
          if (action.kind === 'start') await engine.conclude(action.build, 'failed', `its worker could not be started: ${messageOf(error)}`)
        }
      }
      if (actions.length > 0) queueMicrotask(() => loop.wake()) // what was settled makes room for the next
      return { actions: done, waiting }
    },
  })
  const unsubscribe = driver.onExit(() => loop.wake())
  const timer = setInterval(() => void engine.pumpAll(), pumpMs)
  return {
    loop,
    async close() {
      unsubscribe()
      clearInterval(timer)
      await loop.close()
      await engine.pumpAll()
    },
  }
}

async function sweepStrays(db: Database, home: string, now: Date): Promise<void> {
  await mkdir(join(home, 'builds'), { recursive: true })
  await chmod(join(home, 'builds'), 0o711) // workers pass through, but cannot see whose builds there are
  const names = await readdir(join(home, 'builds'))
  for (const name of names.filter((each) => each.startsWith('bld_'))) {
    const path = join(home, 'builds', name)
    if (now.getTime() - (await stat(path)).mtimeMs < strayMs) continue
    if (!(await buildExists(db, name))) await rm(path, { recursive: true, force: true })
  }
}
