/** What may be done to `bakes` from outside. */
import type { Db } from '#kernel/db/db.ts'

/** So many of the newest watches of an environment are kept, however old. */
const keptBakes = 50

/** Forgets watches that ended before a time, beyond the newest and never one of what serves. How many. */
export async function forgetBakes(db: Db, before: Date): Promise<number> {
  const rows = await db.query(
    `DELETE FROM bakes b USING (
       SELECT o.app, o.environment, o.release FROM (SELECT *, row_number() OVER (PARTITION BY app, environment ORDER BY started_at DESC, release DESC) AS nth FROM bakes) o
       JOIN environments e ON e.app = o.app AND e.name = o.environment
       WHERE o.ended_at < $1 AND o.nth > $2 AND o.release IS DISTINCT FROM e.active_release AND o.rolled_back_to IS DISTINCT FROM e.active_release) old
     WHERE b.app = old.app AND b.environment = old.environment AND b.release = old.release RETURNING 1`,
    [before, keptBakes],
  )
  return rows.length
}
