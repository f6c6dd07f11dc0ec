/** What becomes of a release after the switch: (environment, now) → actions and waits, each with its because. Pure and total. */
import { formatDuration } from '#base/units.ts'
import type { Action, BakeFacts, BakeRow, ReleaseWindow } from './model.ts'
import { faultOf } from './verdict.ts'

export type Plan = { actions: Action[]; waiting: string[] }

export function planBake(facts: BakeFacts, now: Date): Plan {
  const { bake } = facts
  if (bake === null || bake.ended_at !== null) return planBegin(facts, now)
  const { release, from_release: from } = bake
  if (facts.activeRelease !== release) return planSuperseded(facts, bake)
  if (facts.rollingOut) return wait(`v${release} is not judged while another release is on its way`)
  const fault = facts.held[0] ?? faultOf(facts.before, facts.after)
  if (fault !== null) {
    // whatever is behind a dead need fails, with the release before too
    if (facts.sickNeeds.length > 0) return wait(`v${release} looks worse than v${from} (${fault}), but ${facts.sickNeeds.join(' and ')} is not ready, which may be why`)
    if (facts.paused !== null) return wait(`v${release} looks worse than v${from} (${fault}), but ${facts.paused}`)
    return act({ do: 'condemn', release, from, because: fault })
  }
  if (now >= bake.until) return act({ do: 'end', release, state: 'passed', because: passedBecause(facts) })
  return wait(`v${release} bakes for ${formatDuration(bake.until.getTime() - now.getTime())} more; nothing speaks against it`)
}

/** It has given way already; what is known of it is kept all the same, so that its successor is not measured by a fault. */
function planSuperseded(facts: BakeFacts, { release, from_release: from }: BakeRow): Plan {
  const fault = facts.sickNeeds.length > 0 || facts.paused !== null ? null : faultOf(facts.before, facts.after, true)
  const because = facts.activeRelease === null ? 'nothing serves any more' : `v${facts.activeRelease} serves now`
  return act({ do: 'end', release, state: 'superseded', because, ...(fault === null ? {} : { fault: `${fault}, worse than v${from}` }) })
}

/** A switch that lies back longer than its bake was finished while nobody watched: too late to say anything of it. */
export function planBegin({ switched, activeRelease, bake }: Pick<BakeFacts, 'switched' | 'activeRelease' | 'bake'>, now: Date): Plan {
  if (switched === null || switched.bakeMs === null || switched.release !== activeRelease || bake?.release === switched.release) return { actions: [], waiting: [] }
  const { release, from, at } = switched
  const until = new Date(at.getTime() + switched.bakeMs)
  if (until <= now) return { actions: [], waiting: [] }
  return act({ do: 'begin', release, from, at, until, because: `v${release} is compared with v${from} for ${formatDuration(switched.bakeMs)}` })
}

function passedBecause(facts: BakeFacts): string {
  const [before, after] = [askedOf(facts.before), askedOf(facts.after)]
  if (after.requests === 0) return 'nothing crashed; nobody asked it anything'
  const errors = `${after.errors} of ${after.requests} requests failed`
  return before.requests === 0 ? `${errors}, and nothing crashed` : `${errors} (before: ${before.errors} of ${before.requests})`
}

function askedOf({ services }: ReleaseWindow): { requests: number; errors: number } {
  return Object.values(services).reduce((sum, one) => ({ requests: sum.requests + one.requests, errors: sum.errors + one.errors }), { requests: 0, errors: 0 })
}

/** Of a release that shares its callers with the one before. */
export type SharingVerdict = { giveUp: string } | { wait: string }

export function judgeSharing({ release, from, share, before, after, sickNeeds }: { release: number; from: number; share: string; before: ReleaseWindow; after: ReleaseWindow; sickNeeds: readonly string[] }): SharingVerdict {
  const fault = faultOf(before, after)
  if (fault === null) return { wait: `v${release}, ${share}: nothing speaks against it` }
  if (sickNeeds.length > 0) return { wait: `v${release}, ${share}, looks worse than v${from} (${fault}), but ${sickNeeds.join(' and ')} is not ready, which may be why` }
  return { giveUp: fault }
}

function act(action: Action): Plan {
  return { actions: [action], waiting: [] }
}

function wait(because: string): Plan {
  return { actions: [], waiting: [because] }
}
