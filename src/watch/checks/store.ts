/** Rows of checks. Whoever folds results or judges states holds `lockStates` for the transaction. */
import type { Db } from '#kernel/db/db.ts'
import { locks } from '#kernel/db/locks.ts'
import type { CheckState } from '#contract/checks.ts'
import type { CheckRowIn, PluginRow, SeenBy, StateRow, WindowRow } from './model.ts'

/** One at a time: results of many vantage points become one state. */
export async function lockStates(tx: Db): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [locks.checkStates])
}

const columns = ['id', 'name', 'kind', 'config', 'secrets', 'every_ms', 'timeout_ms', 'retries', 'vantages', 'quorum', 'criteria', 'severity', 'app', 'environment', 'service', 'needs', 'declared', 'confined', 'paused_by', 'token', 'slug', 'created_at'] as const

export async function insertCheck(tx: Db, row: CheckRowIn): Promise<void> {
  await tx.query(`INSERT INTO checks (${columns.join(', ')}) VALUES (${columns.map((_, nth) => `$${nth + 1}`).join(', ')})`, columns.map((name) => row[name]))
  await tx.query(`INSERT INTO check_states ("check", state, because, since) VALUES ($1, 'pending', 'it has not run yet', $2)`, [row.id, row.created_at])
  await tx.query(`INSERT INTO check_segments ("check", state, because, since) VALUES ($1, 'pending', 'it has not run yet', $2)`, [row.id, row.created_at])
}

export async function updateCheck(tx: Db, row: CheckRowIn): Promise<void> {
  const changed = columns.filter((name) => name !== 'id' && name !== 'created_at')
  await tx.query(`UPDATE checks SET ${changed.map((name, nth) => `${name} = $${nth + 2}`).join(', ')} WHERE id = $1`, [row.id, ...changed.map((name) => row[name])])
}

/** What its vantage points saw of the old config says nothing about the new one. */
export async function forgetSeen(tx: Db, id: string): Promise<void> {
  await tx.query(`UPDATE check_states SET vantages = '{}' WHERE "check" = $1`, [id])
}

export async function deleteCheck(tx: Db, id: string): Promise<void> {
  await tx.query('DELETE FROM checks WHERE id = $1', [id])
  await tx.query('UPDATE checks SET needs = array_remove(needs, $1) WHERE $1 = ANY (needs)', [id])
}

export async function setPaused(tx: Db, id: string, by: string | null): Promise<void> {
  await tx.query('UPDATE checks SET paused_by = $2 WHERE id = $1', [id, by])
}

export async function writeSeen(tx: Db, seen: ReadonlyMap<string, SeenBy>): Promise<void> {
  const rows = [...seen].map(([check, vantages]) => ({ check, vantages }))
  await tx.query(`UPDATE check_states s SET vantages = n.vantages FROM jsonb_to_recordset($1::jsonb) AS n("check" text, vantages jsonb) WHERE s."check" = n."check"`, [JSON.stringify(rows)])
}

export type NewState = { check: string; state: CheckState; because: string; alerted: StateRow['alerted']; changed: boolean }

/** `changed`: the state is another; else only its words are. */
export async function writeStates(tx: Db, states: readonly NewState[], now: Date): Promise<void> {
  await tx.query(
    `UPDATE check_states s SET state = n.state, because = n.because, alerted = n.alerted, since = CASE WHEN n.changed THEN $2 ELSE s.since END
     FROM jsonb_to_recordset($1::jsonb) AS n("check" text, state text, because text, alerted text, changed boolean) WHERE s."check" = n."check"`,
    [JSON.stringify(states), now],
  )
  const changed = states.filter((one) => one.changed)
  if (changed.length === 0) return
  await tx.query(`UPDATE check_segments SET until = $2 WHERE "check" = ANY ($1) AND until IS NULL`, [changed.map((one) => one.check), now])
  await tx.query(
    `INSERT INTO check_segments ("check", state, because, since) SELECT n."check", n.state, n.because, $2 FROM jsonb_to_recordset($1::jsonb) AS n("check" text, state text, because text)
     ON CONFLICT ("check", since) DO UPDATE SET state = excluded.state, because = excluded.because, until = NULL`,
    [JSON.stringify(changed), now],
  )
}

export type Point = { check: string; at: string; runs: number; failed: number; sum_ms: number; max_ms: number }

export async function addPoints(tx: Db, points: readonly Point[]): Promise<void> {
  await tx.query(
    `INSERT INTO check_points AS p ("check", at, runs, failed, sum_ms, max_ms)
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS n("check" text, at timestamptz, runs integer, failed integer, sum_ms real, max_ms real) ORDER BY "check", at
     ON CONFLICT ("check", at) DO UPDATE SET runs = p.runs + excluded.runs, failed = p.failed + excluded.failed, sum_ms = p.sum_ms + excluded.sum_ms, max_ms = greatest(p.max_ms, excluded.max_ms)`,
    [JSON.stringify(points)],
  )
}

export type ResultRow = { check: string; at: string; vantage: string; status: string; message: string; duration_ms: number }

export async function insertResults(tx: Db, rows: readonly ResultRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(`INSERT INTO check_results ("check", at, vantage, status, message, duration_ms) SELECT * FROM jsonb_to_recordset($1::jsonb) AS n("check" text, at timestamptz, vantage text, status text, message text, duration_ms real)`, [JSON.stringify(rows)])
}

/** How many rows went. */
export async function dropOld(db: Db, before: { points: Date; results: Date; segments: Date; windows: Date }): Promise<number> {
  const gone = await Promise.all([
    db.query('DELETE FROM check_points WHERE at < $1 RETURNING 1', [before.points]),
    db.query('DELETE FROM check_results WHERE at < $1 RETURNING 1', [before.results]),
    db.query('DELETE FROM check_segments WHERE until < $1 RETURNING 1', [before.segments]),
    db.query(`DELETE FROM check_windows WHERE repeat = 'once' AND ends_at < $1 RETURNING 1`, [before.windows]),
  ])
  return gone.reduce((sum, rows) => sum + rows.length, 0)
}

export async function insertWindow(tx: Db, row: WindowRow): Promise<void> {
  await tx.query('INSERT INTO check_windows (id, title, checks, apps, starts_at, ends_at, repeat, timezone, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', [row.id, row.title, row.checks, row.apps, row.starts_at, row.ends_at, row.repeat, row.timezone, row.by_name])
}

export async function deleteWindow(tx: Db, id: string): Promise<void> {
  await tx.query('DELETE FROM check_windows WHERE id = $1', [id])
}

export async function putPlugin(tx: Db, row: Omit<PluginRow, 'bytes' | 'used_by'> & { content: Buffer }): Promise<void> {
  await tx.query(
    `INSERT INTO check_plugins (name, digest, signature, content, added_by, added_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, signature = excluded.signature, content = excluded.content, added_by = excluded.added_by, added_at = excluded.added_at`,
    [row.name, row.digest, row.signature, row.content, row.added_by, row.added_at],
  )
}

export async function deletePlugin(tx: Db, name: string): Promise<boolean> {
  return (await tx.query('DELETE FROM check_plugins WHERE name = $1 RETURNING 1', [name])).length > 0
}

export async function setNeeds(tx: Db, id: string, needs: readonly string[]): Promise<void> {
  await tx.query('UPDATE checks SET needs = $2 WHERE id = $1', [id, needs])
}
