import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readDashboards } from './read.ts'
import { findDashboard, putDashboard, removeDashboard } from './service.ts'

export function dashboardRoutes(db: Database): Handlers {
  return {
    'dashboards.list': (_, { caller }) => readDashboards(db, caller.apps),
    'dashboards.read': ({ params }, { caller }) => findDashboard(db, params.dashboard, caller),
    'dashboards.save': ({ params, body }, { caller, now }) => putDashboard(db, params.dashboard, body, caller, now),
    'dashboards.remove': async ({ params }, { caller, now }) => {
      await removeDashboard(db, params.dashboard, caller, now)
      return {}
    },
  }
}
