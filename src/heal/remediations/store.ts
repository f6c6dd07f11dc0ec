/** The only SQL that writes remediations, modes, and the state of healing. */
import type { Cause, RemediationState, RuleSettings, Rung } from '#contract/healing.ts'
import type { Db } from '#kernel/db/db.ts'
import type { RemediationRow } from './model.ts'

/** False when one is open on this target already. */
export async function insertRemediation(tx: Db, row: Omit<RemediationRow, 'state' | 'tries' | 'next' | 'approved_by' | 'ended_at'>): Promise<boolean> {
  const made = await tx.maybe(
    `INSERT INTO remediations (id, rule, target, app, environment, service, machine, signal, cause, state, because, opened_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $11) ON CONFLICT (target) WHERE ended_at IS NULL DO NOTHING RETURNING id`,
    [row.id, row.rule, row.target, row.app, row.environment, row.service, row.machine, row.signal, row.cause, row.because, row.opened_at],
  )
  return made !== undefined
}

/** The row as it is, locked until the transaction ends; undefined when it has ended. */
export async function lockOpen(tx: Db, id: string): Promise<RemediationRow | undefined> {
  return tx.maybe('SELECT * FROM remediations WHERE id = $1 AND ended_at IS NULL FOR UPDATE', [id])
}

/** An approval is of one rung of one rule: it goes when either becomes another. */
export async function noteWaiting(tx: Db, id: string, note: { state: RemediationState; rule: string; cause: Cause; next: Rung | null; because: string }): Promise<void> {
  await tx.query('UPDATE remediations SET state = $2, rule = $3, cause = $4, next = $5, because = $6, approved_by = CASE WHEN rule = $3 AND next = $5 THEN approved_by END WHERE id = $1', [id, note.state, note.rule, note.cause, note.next, note.because])
}

export async function saveTries(tx: Db, row: RemediationRow, state: RemediationState, because: string): Promise<void> {
  await tx.query('UPDATE remediations SET state = $2, rule = $3, cause = $4, tries = $5, because = $6, next = NULL, approved_by = NULL WHERE id = $1', [row.id, state, row.rule, row.cause, JSON.stringify(row.tries), because])
}

export async function endRemediation(tx: Db, row: RemediationRow, state: RemediationState, because: string, now: Date): Promise<void> {
  await tx.query('UPDATE remediations SET state = $2, rule = $3, cause = $4, because = $5, next = NULL, ended_at = $6 WHERE id = $1', [row.id, state, row.rule, row.cause, because, now])
}

export async function noteApproval(tx: Db, id: string, by: string): Promise<void> {
  await tx.query('UPDATE remediations SET approved_by = $2 WHERE id = $1', [id, by])
}

/** What is left out stays as it is. */
export async function saveRuleSettings(tx: Db, rule: string, given: RuleSettings, by: string, now: Date): Promise<void> {
  await tx.query('INSERT INTO heal_modes (rule, changed_by, changed_at) VALUES ($1, $2, $3) ON CONFLICT (rule) DO UPDATE SET changed_by = $2, changed_at = $3', [rule, by, now])
  const columns = { mode: 'mode', verifyWithinMs: 'verify_within_ms', perTargetPerHour: 'per_target_per_hour', perHour: 'per_hour' } as const
  for (const [name, column] of Object.entries(columns)) {
    const value = given[name as keyof typeof columns]
    if (value !== undefined) await tx.query(`UPDATE heal_modes SET ${column} = $2 WHERE rule = $1`, [rule, value])
  }
}

/** False when it is so already. */
export async function setStopped(tx: Db, stop: { by: string; because: string; at: Date } | null): Promise<boolean> {
  const rows = await tx.query('UPDATE heal_state SET stopped_by = $1, stopped_because = $2, stopped_at = $3 WHERE (stopped_at IS NULL) <> ($3::timestamptz IS NULL) RETURNING only_row', [stop?.by ?? null, stop?.because ?? null, stop?.at ?? null])
  return rows.length > 0
}

/** What it was before; undefined when it is so already, and nothing is written. */
export async function setBreaker(tx: Db, breaker: string | null): Promise<string | null | undefined> {
  const row = await tx.maybe<{ before: string | null }>('WITH old AS (SELECT breaker FROM heal_state FOR UPDATE) UPDATE heal_state h SET breaker = $1 FROM old WHERE h.breaker IS DISTINCT FROM $1 RETURNING old.breaker AS before', [breaker])
  return row?.before
}

/** Of those that have ended. How many. */
export async function forgetRemediations(db: Db, before: Date): Promise<number> {
  return (await db.query('DELETE FROM remediations WHERE ended_at < $1 RETURNING 1', [before])).length
}
