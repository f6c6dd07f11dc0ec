import type { Db } from '#kernel/db/db.ts'

/** What is undefined stays as it is; null: as the manifest says. */
export async function saveKeeping(tx: Db, app: string, { keepMs, maxBytes }: { keepMs: number | null | undefined; maxBytes: number | null | undefined }, now: Date): Promise<void> {
  await tx.query('INSERT INTO log_keeping (app, set_at) VALUES ($1, $2) ON CONFLICT (app) DO UPDATE SET set_at = $2', [app, now])
  if (keepMs !== undefined) await tx.query('UPDATE log_keeping SET keep_ms = $2 WHERE app = $1', [app, keepMs])
  if (maxBytes !== undefined) await tx.query('UPDATE log_keeping SET max_bytes = $2 WHERE app = $1', [app, maxBytes])
  await tx.query('DELETE FROM log_keeping WHERE app = $1 AND keep_ms IS NULL AND max_bytes IS NULL', [app])
}
