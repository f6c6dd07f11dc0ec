import type { Db } from '#kernel/db/db.ts'
import { isOpen } from '#run/rollouts/read.ts'
import type { PauseRow } from './model.ts'

/** Those that hold now, the next to end first. */
export async function openPauses(db: Db, now: Date): Promise<PauseRow[]> {
  return db.query('SELECT * FROM heal_pauses WHERE until > $1 AND ended_at IS NULL ORDER BY until, id', [now])
}

/** The names of services that serve or are being rolled out, of one environment or of all (null), sorted. */
export async function knownServices(db: Db, app: string, environment: string | null): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT DISTINCT jsonb_object_keys(r.manifest -> 'services') AS name FROM releases r JOIN environments e ON e.app = r.app AND e.name = r.environment
     WHERE r.app = $1 AND ($2::text IS NULL OR r.environment = $2)
       AND (r.number = e.active_release OR EXISTS (SELECT FROM rollouts o WHERE o.app = r.app AND o.environment = r.environment AND o.release = r.number AND o.${isOpen})) ORDER BY 1`,
    [app, environment],
  )
  return rows.map(({ name }) => name)
}
