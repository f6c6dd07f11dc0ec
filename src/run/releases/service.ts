import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { type Queued, rollbackRelease } from './commands.ts'
import * as read from './read.ts'

/** Back to an old release (`rollbackRelease`); without `to`, to the one that was active before. */
export async function rollback(db: Database, input: { app: string; environment: string; to: number | undefined; actor: Actor; now: Date }): Promise<Queued> {
  const { app, environment } = input
  return db.transaction(async (tx) => {
    const { active_release } = await lockEnvironment(tx, app, environment)
    const to = input.to ?? (await read.previousGood(tx, app, environment, active_release))
    return rollbackRelease(tx, { ...input, to, because: `rollback to v${to}` })
  })
}
