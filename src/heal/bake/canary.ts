/**
 * A canary beside the release that serves: both are asked at the same time, by callers of the same kind, so that the comparison needs no
 * hour before it. Worse: the rollout is given up, and its callers go back; the shares themselves are the rollout's (run/rollouts/plan.ts).
 */
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { condemnRelease } from '#run/releases/commands.ts'
import { restoreAfterFailedRollback } from '#run/releases/failed-rollback.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { canaryShare } from '#run/rollouts/read-facts.ts'
import { openRollout, openRollouts } from '#run/rollouts/read.ts'
import { countRestarts } from '#watch/journal/read.ts'
import { releaseTraffic } from '#watch/traffic/read.ts'
import type { ReleaseWindow } from './model.ts'

export type Canary = { app: string; environment: string; rollout: string; release: number; from: number; percent: number; before: ReleaseWindow; after: ReleaseWindow }

/** Every rollout that shares its callers now, with what both releases were asked since the first share. */
export async function readCanaries(db: Db, now: Date): Promise<Canary[]> {
  const canaries: Canary[] = []
  for (const { app, environment, id, release, from_release: from, steps } of await openRollouts(db)) {
    const share = canaryShare(steps)
    const first = steps.find(({ name }) => name.startsWith('canary '))
    if (share === null || first === undefined || from === null) continue
    const since = new Date(first.at)
    const window = async (number: number): Promise<ReleaseWindow> => ({ ...(await releaseTraffic(db, { app, environment, release: number }, since, now)), crashes: await countRestarts(db, { app, environment, release: number }, since, now), ms: now.getTime() - since.getTime() })
    canaries.push({ app, environment, rollout: id, release, from, percent: share.percent, before: await window(from), after: await window(release) })
  }
  return canaries
}

/** One transaction; nothing when the rollout has moved on. */
export async function giveUpCanary(db: Database, { app, environment, rollout, release, from, percent }: Canary, because: string, now: Date, actor: Actor): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockEnvironment(tx, app, environment)
    const open = await openRollout(tx, app, environment)
    if (open?.id !== rollout || open.state !== 'starting') return false
    await advanceRollout(tx, rollout, 'starting', 'failed', { name: 'failed', detail: `with ${percent} % of new callers: ${because}` }, now)
    await condemnRelease(tx, app, environment, release, because)
    await restoreAfterFailedRollback(tx, { app, environment, release, now })
    const base = { at: now, actor, app, environment, release }
    const condemned = await record(tx, { ...base, kind: 'release.condemned', summary: `${app} v${release}, with ${percent} % of new callers, is worse than v${from}: ${because}`, data: { from, because, percent } })
    await record(tx, { ...base, kind: 'rollout.failed', cause: condemned ?? null, summary: `the rollout of ${app} v${release} was given up: ${because}; v${from} serves on`, data: { rollout, because } })
    return true
  })
}
