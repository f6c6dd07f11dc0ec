import { AppError } from '#base/errors.ts'
import type { Actor, Bake } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { applyAction } from './apply.ts'
import { bakeView, dueBake } from './read.ts'
import { endBake, newestBake } from './store.ts'

/** The release stays, whatever is seen of it from now on. `conflict` when none is being watched. */
export async function acceptRelease(db: Database, input: { app: string; environment: string; actor: Actor; now: Date }): Promise<Bake> {
  const { app, environment, actor, now } = input
  const due = await dueBake(db, { app, environment }, now)
  if (due !== null) await applyAction(db, { app, environment }, due, now)
  return db.transaction(async (tx) => {
    const newest = await newestBake(tx, app, environment)
    const ended = newest && (await endBake(tx, { app, environment, release: newest.release }, 'accepted', `accepted by ${actor.name}`, now))
    if (!ended) throw new AppError('conflict', `no release of ${app} is being watched in ${environment}${newest ? `: v${newest.release} is ${newest.state}` : ''} (see: nightshift rollout -a ${app})`)
    await record(tx, { at: now, kind: 'bake.accepted', actor, app, environment, release: ended.release, summary: `${app} v${ended.release} was accepted before its time: it stays` })
    return bakeView(ended)
  })
}
