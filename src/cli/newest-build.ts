import { AppError } from '#base/errors.ts'
import type { Build } from '#contract/model.ts'
import type { Target } from './context.ts'
import { appWords } from './words.ts'

/** The build that was queued last. Throws `not-found` where there is none. */
export async function newestBuild({ client, app, environment }: Target): Promise<Build> {
  const [newest] = await client.call('builds.list', { params: { app }, query: { environment, limit: 1 } })
  if (newest === undefined) throw new AppError('not-found', `${appWords(app, environment)} has no builds yet (nightshift deploy makes the first one)`)
  return newest
}

export function isUnderWay(build: Build): boolean {
  return build.state === 'queued' || build.state === 'running'
}
