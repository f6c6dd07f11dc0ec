/** Everything the plan decides from, read anew each turn. */
import { parseDuration } from '#base/units.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Db } from '#kernel/db/db.ts'
import { type PauseRow, pauseOf, pausedBecause } from '#heal/pauses/model.ts'
import { openPauses } from '#heal/pauses/read.ts'
import { currentObservation, instanceNameOf, type InstanceRow } from '#run/instances/model.ts'
import { liveInstances } from '#run/instances/read.ts'
import { readRelease, yardstickOf } from '#run/releases/read.ts'
import { effectiveManifest } from '#run/manifest/effective.ts'
import { type LastSwitch, lastSwitchTo, lastSwitches } from '#run/rollouts/read.ts'
import { countRestarts } from '#watch/journal/read.ts'
import { releaseTraffic } from '#watch/traffic/read.ts'
import type { BakeFacts, BakeRow, ReleaseWindow } from './model.ts'
import { isRollbackOfBake, newestBakes } from './store.ts'

/** How far back the release before is looked at: its last hour, or as much of it as it served. */
const beforeMs = 60 * 60_000

/** Counts of releases are kept for a day, so there is nothing to compare after that. */
const keptMs = 24 * 3_600_000

const nothing: ReleaseWindow = { services: {}, crashes: 0, ms: 0 }

export async function observe(db: Db, now: Date): Promise<BakeFacts[]> {
  const facts: BakeFacts[] = []
  const [pauses, bakes] = [await openPauses(db, now), await newestBakes(db)]
  for (const one of await lastSwitches(db)) {
    const { app, environment, active_release: active } = one
    const bake = bakes.find((row) => row.app === app && row.environment === environment) ?? null
    const isOpen = bake !== null && bake.ended_at === null
    const switched = await switchToWatch(db, one, bake, now)
    if (!isOpen && switched === null) continue
    const manifest = effectiveManifest((await readRelease(db, app, environment, active)).manifest, environment)
    const instances = isOpen ? await runningInstances(db, { app, environment }) : []
    facts.push({
      app, environment, activeRelease: active, rollingOut: one.rolling_out, bake, switched,
      before: isOpen ? await window(db, { app, environment, release: bake.from_release }, await servedSince(db, bake), bake.started_at) : nothing,
      after: isOpen ? await window(db, { app, environment, release: bake.release }, bake.started_at, now) : nothing,
      paused: pausedHere(pauses, { app, environment }, now),
      held: instances.flatMap((row) => heldBecause(row, active)),
      sickNeeds: sickNeeds(manifest, instances),
    })
  }
  return facts
}

/** The switch to the release that serves, unless it has been watched, or lies too far back. `bake`: the newest watch of its environment. */
export async function switchToWatch(db: Db, { app, environment, active_release: release, from_release: before, finished_at: at }: LastSwitch, bake: BakeRow | null, now: Date): Promise<BakeFacts['switched']> {
  if (before === null || at === null || bake?.release === release || now.getTime() - at.getTime() >= keptMs) return null
  const from = await yardstickOf(db, app, environment, release, before)
  if (from === null) return null
  const bakeMs = parseDuration(effectiveManifest((await readRelease(db, app, environment, release)).manifest, environment).deploy.bake)
  const isWatched = bakeMs > 0 && !(await isRollbackOfBake(db, app, environment, release))
  return { release, from, at, bakeMs: isWatched ? bakeMs : null }
}

/** A release is of all services: a pause of one of them is none of the release. */
function pausedHere(pauses: readonly PauseRow[], where: { app: string; environment: string }, now: Date): string | null {
  const pause = pauseOf(pauses.filter((one) => one.service === null), where, now)
  return pause && pausedBecause(pause)
}

/** As much of the last hour as the release before served. */
async function servedSince(db: Db, { app, environment, from_release, started_at }: BakeRow): Promise<Date> {
  const switched = await lastSwitchTo(db, app, environment, from_release)
  return new Date(Math.max(started_at.getTime() - beforeMs, switched?.getTime() ?? 0))
}

async function window(db: Db, which: { app: string; environment: string; release: number }, from: Date, to: Date): Promise<ReleaseWindow> {
  const [services, crashes] = await Promise.all([releaseTraffic(db, which, from, to), countRestarts(db, which, from, to)])
  return { services, crashes, ms: to.getTime() - from.getTime() }
}

function heldBecause(row: InstanceRow, release: number): string[] {
  const seen = currentObservation(row)
  return row.release === release && seen?.state === 'held' ? [`${instanceNameOf(row)} does not stay up: ${seen.because}`] : []
}

export async function runningInstances(db: Db, where: { app: string; environment: string }): Promise<InstanceRow[]> {
  return (await liveInstances(db, where)).filter((row) => row.kind === 'service' && row.wanted === 'run')
}

/** Services that others need and that have no ready instance. */
export function sickNeeds(manifest: Pick<Manifest, 'services'>, instances: readonly InstanceRow[]): string[] {
  const needs = Object.values(manifest.services).flatMap((service) => Object.keys(service.needs))
  return [...new Set(needs)].filter((need) => !instances.some((row) => row.service === need && currentObservation(row)?.state === 'ready')).sort()
}
