/**
 * Where builds lie on disk:
 *
 *   <home>/builds/<id>/source.tar   the source as it was uploaded                     ours, gone when the build is final
 *   <home>/builds/<id>/log.ndjson   the build log, written by control only
 *   <home>/builds/<id>/log.stored   every line of that is in the log store
 *   <home>/builds/<id>/work/        shared with the worker, owned by the build's user, gone when the build is final
 *   <home>/builds/cache/<app>/<environment>/<when the environment was made>/          owned by the build's user
 *   <home>/builds/worker/<hash>/    the worker's own code
 *   <home>/artifacts/<sha256>.tgz
 */
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { appName, environmentName } from '#contract/names.ts'
import { workFiles } from './worker/spec.ts'

export type BuildPaths = ReturnType<typeof buildPaths>

export function buildPaths(home: string, id: string) {
  if (!/^bld_[0-9a-z]{20}$/.test(id)) throw new AppError('not-found', `there is no build ${JSON.stringify(id.slice(0, 60))} (see: nightshift builds)`)
  const dir = join(home, 'builds', id)
  const work = join(dir, 'work')
  return { dir, work, source: join(dir, 'source.tar'), log: join(dir, 'log.ndjson'), workerLog: join(work, workFiles.log), result: join(work, workFiles.result), slug: join(work, workFiles.slug), context: join(work, workFiles.context) }
}

/** The folder of caches of everything that had this name; each has one of its own in it. */
export function cachesPath(home: string, app: string, environment: string): string {
  return join(home, 'builds', 'cache', appName.parse(app), environmentName.parse(environment))
}

export function artifactPath(home: string, digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new AppError('not-found', `there is no artifact ${JSON.stringify(digest.slice(0, 80))}`)
  return join(home, 'artifacts', `${digest}.tgz`)
}
