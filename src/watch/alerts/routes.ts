import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { listAlerts } from './read.ts'

export function alertRoutes(db: Database): Handlers {
  return { 'alerts.list': ({ query }, { caller }) => listAlerts(db, { ...query, apps: caller.apps }) }
}
