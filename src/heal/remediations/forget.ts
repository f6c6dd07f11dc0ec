import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { forgetAlerts } from '#watch/alerts/commands.ts'
import { forgetBakes } from '#heal/bake/commands.ts'
import { forgetRemediations } from './store.ts'

/** The journal tells of them for longer. */
const keptMs = 90 * 86_400_000

/** Forgets remediations, alerts and watches over releases that are long over: a service that falls again and again makes new ones for as long as nobody looks. */
export function startForgetting({ db, log }: { db: Database; log: Logger }): Loop {
  return startLoop({
    name: 'healing-past',
    periodMs: 3_600_000,
    onError: (error) => log.error({ err: error }, 'remediations that are long over could not be forgotten'),
    turn: async (now) => {
      const before = new Date(now.getTime() - keptMs)
      const done = [[await forgetRemediations(db, before), 'remediations'], [await forgetAlerts(db, before), 'alerts'], [await forgetBakes(db, before), 'watches over releases']] as const
      return { actions: done.filter(([count]) => count > 0).map(([count, what]) => `forgot ${count} ${what} that were over three months ago`), waiting: [] }
    },
  })
}
