/** Forgets rows of what is gone, each after a stated time, so that what is kept grows with what there is and not with what was. The journal stays. */
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { forgetGone } from '#run/instances/commands.ts'
import { forgetRollouts } from '#run/rollouts/commands.ts'
import { forgetEdges } from '#run/routing/commands.ts'

const dayMs = 86_400_000
/** The map of the past looks back for less. */
const goneInstancesKeptMs = 30 * dayMs
const oldBuildsKeptMs = 90 * dayMs
const oldRolloutsKeptMs = 90 * dayMs

/** `forgetBuilds`: how many builds that ended before a time were forgotten, logs and all. */
export function startHousekeeping({ db, log, forgetBuilds }: { db: Database; log: Logger; forgetBuilds: (before: Date) => Promise<number> }): Loop {
  return startLoop({
    name: 'housekeeping',
    periodMs: 3_600_000,
    onError: (error) => log.error({ err: error }, 'housekeeping turn failed'),
    turn: async (now) => {
      const instances = await forgetGone(db, new Date(now.getTime() - goneInstancesKeptMs))
      const builds = await forgetBuilds(new Date(now.getTime() - oldBuildsKeptMs))
      const rollouts = await forgetRollouts(db, new Date(now.getTime() - oldRolloutsKeptMs))
      const edges = await forgetEdges(db)
      const done = [[instances, 'instances that went a month ago'], [builds, 'builds of three months ago'], [rollouts, 'rollouts of three months ago'], [edges, 'edges that no kept release has']] as const
      return { actions: done.filter(([count]) => count > 0).map(([count, what]) => `forgot ${count} ${what}`), waiting: [] }
    },
  })
}
