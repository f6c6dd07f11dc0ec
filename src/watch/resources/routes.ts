import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readResources } from './read.ts'

export function resourceRoutes(db: Database): Handlers {
  return { 'resources.read': ({ params, query }, { now }) => readResources(db, params.app, query.environment, query.minutes, now) }
}
