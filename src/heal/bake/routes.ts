import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { readBake } from './read.ts'
import { acceptRelease } from './service.ts'

export function bakeRoutes(db: Database): Handlers {
  return {
    'bakes.read': async ({ params, query }, { now }) => {
      await readEnvironment(db, params.app, query.environment)
      return readBake(db, params.app, query.environment, now)
    },
    'bakes.accept': async ({ params, query }, { caller, now }) => {
      await readEnvironment(db, params.app, query.environment)
      return acceptRelease(db, { app: params.app, environment: query.environment, actor: caller.actor, now })
    },
  }
}
