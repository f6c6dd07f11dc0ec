import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { statsKeptMs } from './resources/service.ts'
import { dropOldStats } from './resources/store.ts'
import { trafficKeptMs } from './traffic/service.ts'
import { dropOldTraffic } from './traffic/store.ts'

/** Forgets counts and samples of charts; logs, metrics and traces tidy up after themselves. */
export function startRetention(db: Database, log: Logger): Loop {
  return startLoop({
    name: 'retention',
    periodMs: 10 * 60_000,
    onError: (error) => log.error({ err: error }, 'retention turn failed'),
    turn: async (now) => {
      const traffic = await dropOldTraffic(db, new Date(now.getTime() - trafficKeptMs))
      const stats = await dropOldStats(db, new Date(now.getTime() - statsKeptMs))
      return { actions: traffic + stats > 0 ? [`forgot ${traffic} counts and ${stats} samples that were older than a day`] : [], waiting: [] }
    },
  })
}
