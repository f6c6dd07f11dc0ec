import type { Bake } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { BakeRow } from './model.ts'
import { newestBake } from './store.ts'

/** The watch over the newest release, or null when there was none. */
export async function readBake(db: Db, app: string, environment: string): Promise<Bake | null> {
  const row = await newestBake(db, app, environment)
  return row ? bakeView(row) : null
}

export function bakeView(row: BakeRow): Bake {
  return {
    release: row.release, fromRelease: row.from_release, state: row.state, because: row.because, startedAt: row.started_at.toISOString(),
    until: row.until.toISOString(), endedAt: row.ended_at?.toISOString() ?? null, rolledBackTo: row.rolled_back_to,
  }
}
