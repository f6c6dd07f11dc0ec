import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { type Moment, type Reach, readApps } from '#run/apps/read.ts'
import { readMap } from './service.ts'

export function mapRoutes({ db, reach, moment }: { db: Database; reach: Reach; moment: () => Promise<Moment> }): Handlers {
  return {
    'map.read': ({ query }, { caller, now }) => {
      const { apps } = caller
      const present = async () => readApps(db, reach, await moment(), { apps })
      return readMap(db, present, { at: query.at === undefined ? null : new Date(query.at), apps, now })
    },
  }
}
