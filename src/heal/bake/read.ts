import type { Bake } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import { lastSwitches } from '#run/rollouts/read.ts'
import type { Action, BakeRow } from './model.ts'
import { switchToWatch } from './observe.ts'
import { planBegin } from './plan.ts'
import { newestBake } from './store.ts'

/** The watch over the newest release, or null when there was none. One that is about to begin counts: whoever asks right after a switch is told. */
export async function readBake(db: Db, app: string, environment: string, now: Date): Promise<Bake | null> {
  const due = await dueBake(db, { app, environment }, now)
  if (due !== null) return bakeView({ app, environment, release: due.release, from_release: due.from, state: 'baking', because: due.because, started_at: due.at, until: due.until, ended_at: null, rolled_back_to: null })
  const row = await newestBake(db, app, environment)
  return row ? bakeView(row) : null
}

/** The watch that the next turn of the loop begins. */
export async function dueBake(db: Db, where: { app: string; environment: string }, now: Date): Promise<Extract<Action, { do: 'begin' }> | null> {
  const [last] = await lastSwitches(db, where)
  if (last === undefined) return null
  const bake = (await newestBake(db, where.app, where.environment)) ?? null
  const [action] = planBegin({ switched: await switchToWatch(db, last, bake, now), activeRelease: last.active_release, bake }, now).actions
  return action?.do === 'begin' ? action : null
}

export function bakeView(row: BakeRow): Bake {
  return {
    release: row.release, fromRelease: row.from_release, state: row.state, because: row.because, startedAt: row.started_at.toISOString(),
    until: row.until.toISOString(), endedAt: row.ended_at?.toISOString() ?? null, rolledBackTo: row.rolled_back_to,
  }
}
