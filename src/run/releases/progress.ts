/**
 * A deploy as steps until it is done: queued → building → built → released → started → healthy → shifted → done,
 * or failed with the reason; or `made` as the last one where the app is stopped, and its release waits for the start. Read from the rows again at every ring, so that it can be followed from any moment.
 */
import { AppError } from '#base/errors.ts'
import type { Answer } from '#contract/endpoints.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Db } from '#kernel/db/db.ts'
import { readEnvironment } from '#run/apps/read.ts'
import type { Builds } from '#run/builds/model.ts'
import { rolloutOfRelease } from '#run/rollouts/read.ts'

export type Step = Answer<'deploys.follow'>

export async function* followDeploy(
  deps: { db: Db; builds: Pick<Builds, 'read'>; changed: Bell; urlOf: (app: string, environment: string) => Promise<string | null> },
  target: { app: string; environment: string },
  buildId: string,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const told = new Set<string>()
  const step = (name: string, at: string, detail: string, state: Step['state'] = 'running', release: number | null = null, url: string | null = null): Step[] => {
    if (told.has(name)) return []
    told.add(name)
    return [{ step: name, at, detail, state, release, url }]
  }
  while (!signal.aborted) {
    const ring = deps.changed.next(1000, signal)
    const build = await deps.builds.read(target, buildId)
    yield* step('queued', build.queuedAt, 'the source is here; the build waits for its turn')
    if (build.startedAt !== null) yield* step('building', build.startedAt, build.because)
    if (build.state === 'failed' || build.state === 'cancelled') {
      yield* step('failed', build.finishedAt ?? build.queuedAt, build.because, 'failed')
      return
    }
    if (build.state === 'succeeded') {
      yield* step('built', build.finishedAt ?? build.queuedAt, build.builder === null ? 'built' : `built with ${build.builder}`, 'running', build.release)
      if (build.release === null) throw new AppError('internal', `build ${buildId} succeeded without a release`)
      const rollout = await rolloutOfRelease(deps.db, target.app, target.environment, build.release)
      for (const { name, at, detail } of rollout?.steps ?? []) {
        if (name === 'done') {
          yield* step('done', at, detail, 'done', build.release, await deps.urlOf(target.app, target.environment))
          return
        }
        if (name === 'failed' || name === 'cancelled') {
          yield* step('failed', at, detail, 'failed', build.release)
          return
        }
        yield* step(name, at, detail, 'running', build.release)
      }
      if (rollout?.finished_at === null && (await readEnvironment(deps.db, target.app, target.environment)).stopped) {
        const start = `nightshift start -a ${target.app}${target.environment === 'production' ? '' : ` -e ${target.environment}`}`
        yield* step('made', rollout.started_at.toISOString(), `v${build.release}; the app is stopped, and it is rolled out when the app is started (${start})`, 'done', build.release)
        return
      }
    }
    await ring
  }
}
