/**
 * A new release that shares the callers with the one that serves, as a canary or while it takes over one instance after the other: both are asked at
 * the same time, by callers of the same kind, so that the comparison needs no hour before it; each service is compared with itself. Worse: the rollout is given up, and its callers go
 * back; the shares themselves are the rollout's (run/rollouts/plan.ts).
 */
import { parseDuration } from '#base/units.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment } from '#run/apps/commands.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { condemnRelease } from '#run/releases/commands.ts'
import { restoreAfterFailedRollback } from '#run/releases/failed-rollback.ts'
import { readRelease } from '#run/releases/read.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { canaryShare } from '#run/rollouts/read-facts.ts'
import { openRollout, openRollouts } from '#run/rollouts/read.ts'
import type { RolloutRow } from '#run/rollouts/model.ts'
import { countRestarts } from '#watch/journal/read.ts'
import { releaseTraffic } from '#watch/traffic/read.ts'
import type { ReleaseWindow } from './model.ts'
import { runningInstances, sickNeeds } from './observe.ts'

/** `share`: of a canary, how much it gets; `while it took over` of a rolling one. */
export type Sharing = { app: string; environment: string; rollout: string; release: number; from: number; share: string; before: ReleaseWindow; after: ReleaseWindow; sickNeeds: readonly string[] }

/** Every rollout that shares its callers now, with what both releases were asked since. */
export async function readSharing(db: Db, now: Date): Promise<Sharing[]> {
  const found: Sharing[] = []
  for (const { app, environment, id, release, from_release: from, state, steps } of await openRollouts(db)) {
    const how = sharingOf(steps)
    if (how === null || from === null || state !== 'starting') continue
    const { share, since, isCanary } = how
    const manifest = effectiveManifest((await readRelease(db, app, environment, release)).manifest, environment)
    // whoever wants no bake wants no comparison but that of a canary
    if (!isCanary && parseDuration(manifest.deploy.bake) === 0) continue
    const window = async (number: number): Promise<ReleaseWindow> => {
      const which = { app, environment, release: number }
      // an instance that does not come up is the rollout's to judge
      const crashes = isCanary ? await countRestarts(db, which, since, now) : 0
      return { services: await releaseTraffic(db, which, since, now), crashes, ms: now.getTime() - since.getTime() }
    }
    const instances = await runningInstances(db, { app, environment })
    found.push({ app, environment, rollout: id, release, from, share, before: await window(from), after: await window(release), sickNeeds: sickNeeds(manifest, instances) })
  }
  return found
}

/** Null: no caller can have met the new release. One that is blue-green is up as well, and is asked nothing. */
function sharingOf(steps: RolloutRow['steps']): { share: string; since: Date; isCanary: boolean } | null {
  const canary = canaryShare(steps)
  const first = steps.find(({ name }) => (canary === null ? name === 'started' : name.startsWith('canary ')))
  return first === undefined ? null : { share: canary === null ? 'while it took over' : `with ${canary.percent} % of new callers`, since: new Date(first.at), isCanary: canary !== null }
}

/** One transaction; nothing when the rollout has moved on. */
export async function giveUpSharing(db: Database, { app, environment, rollout, release, from, share }: Sharing, because: string, now: Date, actor: Actor): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockEnvironment(tx, app, environment)
    const open = await openRollout(tx, app, environment)
    if (open?.id !== rollout || open.state !== 'starting') return false
    await advanceRollout(tx, rollout, 'starting', 'failed', { name: 'failed', detail: `${share}: ${because}` }, now)
    await condemnRelease(tx, app, environment, release, because)
    await restoreAfterFailedRollback(tx, { app, environment, release, now })
    const base = { at: now, actor, app, environment, release }
    const condemned = await record(tx, { ...base, kind: 'release.condemned', summary: `${app} v${release}, ${share}, is worse than v${from}: ${because}`, data: { from, because } })
    await record(tx, { ...base, kind: 'rollout.failed', cause: condemned ?? null, summary: `the rollout of ${app} v${release} was given up: ${because}; v${from} serves on`, data: { rollout, because } })
    return true
  })
}
