import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { listReleases } from './read.ts'
import { rollback } from './service.ts'

export function releaseRoutes(db: Database): Handlers {
  return {
    'releases.list': async ({ params, query }) => {
      await readEnvironment(db, params.app, query.environment)
      return listReleases(db, params.app, query.environment, query.limit)
    },
    'releases.rollback': ({ params, query, body }, { caller, now }) => rollback(db, { app: params.app, environment: query.environment, actor: caller.actor, now, to: body.to }),
  }
}
