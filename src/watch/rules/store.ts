/** The only SQL that writes rules, their modes and the states of their series. */
import type { RuleSpec } from '#contract/alerting.ts'
import type { Db } from '#kernel/db/db.ts'
import type { SeriesState } from './model.ts'

export async function saveRule(tx: Db, id: string, spec: RuleSpec, by: string, now: Date): Promise<void> {
  await tx.query('INSERT INTO rules (id, spec, changed_by, changed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET spec = $2, changed_by = $3, changed_at = $4', [id, spec, by, now])
}

export async function deleteRule(tx: Db, id: string): Promise<boolean> {
  await tx.query('DELETE FROM rule_modes WHERE rule = $1', [id])
  return (await tx.query('DELETE FROM rules WHERE id = $1 RETURNING id', [id])).length > 0
}

export async function saveMode(tx: Db, rule: string, { mode, offUntil }: { mode: 'on' | 'off'; offUntil: Date | null }, by: string, now: Date): Promise<void> {
  await tx.query('INSERT INTO rule_modes (rule, mode, off_until, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (rule) DO UPDATE SET mode = $2, off_until = $3, changed_by = $4, changed_at = $5', [rule, mode, offUntil, by, now])
}

/** The rules that were off until now; they are on again. */
export async function takeEndedModes(tx: Db, now: Date): Promise<string[]> {
  return (await tx.query<{ rule: string }>('DELETE FROM rule_modes WHERE off_until <= $1 RETURNING rule', [now])).map(({ rule }) => rule)
}

/** Puts these in place of all states of a rule. */
export async function saveStates(tx: Db, rule: string, states: readonly SeriesState[]): Promise<void> {
  const rows = states.map(({ firingSince, lastTrueAt, seenAt, ...state }) => ({ ...state, firing_since: firingSince, last_true_at: lastTrueAt, seen_at: seenAt }))
  await tx.query(
    `WITH given AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS g (series text, labels jsonb, state text, since timestamptz, firing_since timestamptz, last_true_at timestamptz, seen_at timestamptz, value double precision, because text)),
       gone AS (DELETE FROM rule_states s WHERE s.rule = $1 AND NOT EXISTS (SELECT FROM given g WHERE g.series = s.series))
     INSERT INTO rule_states (rule, series, labels, state, since, firing_since, last_true_at, seen_at, value, because)
     SELECT $1, series, labels, state, since, firing_since, last_true_at, seen_at, value, because FROM given
     ON CONFLICT (rule, series) DO UPDATE SET labels = excluded.labels, state = excluded.state, since = excluded.since, firing_since = excluded.firing_since,
       last_true_at = excluded.last_true_at, seen_at = excluded.seen_at, value = excluded.value, because = excluded.because`,
    [rule, JSON.stringify(rows)],
  )
}
