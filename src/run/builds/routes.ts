import { AppError } from '#base/errors.ts'
import type { Actor } from '#contract/model.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { followDeploy } from '#run/releases/progress.ts'
import type { Builds } from './model.ts'

export type BuildRoutesDeps = {
  db: Db
  builds: Builds
  changed: Bell
  ensureApp: (actor: Actor, app: string, environment: string) => Promise<void>
  urlOf: (app: string, environment: string) => Promise<string | null>
}

export function buildRoutes({ db, builds, changed, ensureApp, urlOf }: BuildRoutesDeps): Handlers {
  const target = ({ params, query }: { params: { app: string }; query: { environment: string } }) => ({ app: params.app, environment: query.environment })
  return {
    'builds.create': async (input, { caller, upload }) => {
      if (upload === undefined) throw new AppError('invalid', 'send the source as a gzipped tar with content-type application/gzip')
      await ensureApp(caller.actor, input.params.app, input.query.environment)
      return builds.queueUpload(caller.actor, target(input), upload, { clean: input.query.clean, commit: input.query.commit ?? null })
    },
    'builds.image': async (input, { caller }) => {
      await ensureApp(caller.actor, input.params.app, input.query.environment)
      return builds.queueImage(caller.actor, target(input), input.body)
    },
    'builds.list': (input) => builds.list(target(input), input.query.limit),
    'builds.read': (input) => builds.read(target(input), input.params.build),
    'builds.cancel': (input, { caller }) => builds.cancel(caller.actor, target(input), input.params.build),
    'builds.log': async function* (input, { signal, lastEventId }) {
      await builds.read(target(input), input.params.build)
      const after = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) + 1 : 0
      for await (const line of builds.followLog(target(input), input.params.build, after, signal)) yield { id: String(line.line), data: line }
    },
    'deploys.follow': async function* (input, { signal }) {
      for await (const step of followDeploy({ db, builds, changed, urlOf }, target(input), input.params.build, signal)) yield { id: step.step, data: step }
    },
  }
}
