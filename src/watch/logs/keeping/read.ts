import type { Db } from '#kernel/db/db.ts'
import { manifestLogs } from '#run/releases/read.ts'
import { type KeepingSetting, type KeepingWithSource, keepings } from './plan.ts'

/** Every app for which an operator or a manifest says how much to keep. */
export async function readKeepings(db: Db): Promise<Map<string, KeepingWithSource>> {
  const [settings, manifests] = await Promise.all([db.query<KeepingSetting>('SELECT app, keep_ms AS "keepMs", max_bytes AS "maxBytes" FROM log_keeping'), manifestLogs(db)])
  return keepings(settings, manifests)
}

export async function readHeld(db: Db, app: string): Promise<{ bytes: number; lines: number; oldestAt: string | null }> {
  const row = await db.one<{ bytes: number; lines: number; oldest: number | null }>(
    'SELECT coalesce(sum(stored_bytes), 0)::bigint AS bytes, coalesce(sum(lines), 0)::bigint AS lines, min(first_ms) AS oldest FROM log_chunks WHERE app = $1', [app],
  )
  return { bytes: row.bytes, lines: row.lines, oldestAt: row.oldest === null ? null : new Date(row.oldest).toISOString() }
}
