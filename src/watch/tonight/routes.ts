import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { type Moment, type Reach, readApps } from '#run/apps/read.ts'
import { readMachines } from '#run/machines/read.ts'
import { eventsSince } from '#watch/journal/read.ts'
import { sparklines } from '#watch/traffic/read.ts'
import { missingSecrets } from './read.ts'
import { tonight } from './tonight.ts'

const dayMs = 24 * 3_600_000

export function tonightRoutes({ db, reach, moment }: { db: Database; reach: Reach; moment: () => Promise<Moment> }): Handlers {
  return {
    'tonight.read': async (_, { caller: { apps }, now }) => {
      const [seen, events, machines, lines, missing] = await Promise.all([
        moment().then((current) => readApps(db, reach, current, { apps })),
        eventsSince(db, { apps }, new Date(now.getTime() - dayMs)),
        apps === null ? readMachines(db) : [],
        sparklines(db, now, { minutes: 60, count: 30, apps }),
        missingSecrets(db, apps),
      ])
      return tonight({ apps: seen, events, machines, missingSecrets: missing, sparklines: lines, now })
    },
  }
}
