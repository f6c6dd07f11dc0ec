/** Each action of the plan as one idempotent transaction: the rows and the event. */
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { condemnRelease, rollbackRelease } from '#run/releases/commands.ts'
import { openRollout } from '#run/rollouts/read.ts'
import type { Action, BakeFacts } from './model.ts'
import { endBake, endOtherBakes, insertBake, noteRollback } from './store.ts'

export const actor: Actor = { kind: 'loop', name: 'bakes' }

export async function applyAction(db: Database, { app, environment }: Pick<BakeFacts, 'app' | 'environment'>, action: Action, now: Date): Promise<void> {
  const { release, because } = action
  const where = { app, environment, release }
  const base = { at: now, actor, app, environment, release }
  await db.transaction(async (tx) => {
    const { active_release } = await lockEnvironment(tx, app, environment)
    if (action.do === 'begin') {
      const isNew = await insertBake(tx, { ...where, from: action.from, because, startedAt: action.at, until: action.until })
      await endOtherBakes(tx, where, now)
      if (isNew) await record(tx, { ...base, kind: 'bake.started', summary: `${app} ${because}`, data: { from: action.from, until: action.until.toISOString() } })
      return
    }
    // what was seen may have changed since: the newest wish counts
    if (action.do === 'condemn' && (active_release !== release || (await openRollout(tx, app, environment)) !== undefined)) return
    if (!(await endBake(tx, where, action.do === 'condemn' ? 'condemned' : action.state, because, now))) return
    if (action.do === 'end') {
      if (action.fault !== undefined) {
        await condemnRelease(tx, app, environment, release, action.fault)
        await record(tx, { ...base, kind: 'release.condemned', summary: `${app} v${release} has given way, and was bad: ${action.fault}`, data: { because: action.fault } })
      }
      if (action.state === 'passed') await record(tx, { ...base, kind: 'bake.passed', summary: `${app} v${release} has proved itself: ${because}` })
      return
    }
    const condemned = await record(tx, { ...base, kind: 'release.condemned', summary: `${app} v${release} is worse than v${action.from}: ${because}`, data: { from: action.from, because } })
    await condemnRelease(tx, app, environment, release, because)
    const back = await rollbackRelease(tx, { app, environment, to: action.from, because: `rolled back to v${action.from}: ${because}`, actor, now })
    await noteRollback(tx, where, back.release)
    await record(tx, { ...base, kind: 'rollout.rolled-back', cause: condemned ?? null, summary: `${app} goes back from v${release} to v${action.from}, as v${back.release}`, data: { to: action.from, as: back.release, rollout: back.rollout } })
  })
}
