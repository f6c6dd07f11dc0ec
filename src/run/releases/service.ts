import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { latestRollout } from '#run/rollouts/read.ts'
import { type Queued, rollbackRelease } from './commands.ts'
import * as read from './read.ts'

/** Back to an old release (`rollbackRelease`); without `to`, to the one that serves while another is on its way in, else to the one before. */
export async function rollback(db: Database, input: { app: string; environment: string; to: number | undefined; actor: Actor; now: Date }): Promise<Queued> {
  const { app, environment } = input
  return db.transaction(async (tx) => {
    const { active_release } = await lockEnvironment(tx, app, environment)
    const open = (await latestRollout(tx, app, environment))?.finished_at === null
    // while another is on its way in, what serves is what one goes back to
    const to = input.to ?? (open && active_release !== null ? active_release : await read.previousGood(tx, app, environment, active_release))
    return rollbackRelease(tx, { ...input, to, because: `rollback to v${to}` })
  })
}
