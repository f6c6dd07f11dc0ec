import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readTraffic } from './read.ts'

export function trafficRoutes(db: Database): Handlers {
  return { 'traffic.read': ({ query }, { caller, now }) => readTraffic(db, { ...query, apps: caller.apps }, now) }
}
