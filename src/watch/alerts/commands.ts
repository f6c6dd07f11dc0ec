/** Raising and clearing alerts inside a caller's transaction, with the event that the pager follows. The only SQL that writes `alerts`. */
import { newId } from '#base/ids.ts'
import type { Actor } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { AlertRow } from './model.ts'

export type NewAlert = Omit<AlertRow, 'id' | 'raised_at' | 'cleared_at'>

/** Idempotent by target: one that is open already stays as it is, but learns of its remediation. */
export async function raiseAlert(tx: Db, alert: NewAlert, actor: Actor, now: Date): Promise<void> {
  const row = await tx.maybe<{ id: string }>(
    `INSERT INTO alerts (id, target, app, environment, service, machine, severity, title, because, way_out, remediation, raised_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (target) WHERE cleared_at IS NULL DO NOTHING RETURNING id`,
    [newId('alr', now), alert.target, alert.app, alert.environment, alert.service, alert.machine, alert.severity, alert.title, alert.because, alert.way_out, alert.remediation, now],
  )
  if (row === undefined) {
    await tx.query('UPDATE alerts SET remediation = $2, because = $3 WHERE target = $1 AND cleared_at IS NULL AND remediation IS DISTINCT FROM $2', [alert.target, alert.remediation, alert.because])
    return
  }
  const { app, environment, service, machine, title, because, severity, way_out, remediation } = alert
  await record(tx, { at: now, kind: 'alert.raised', actor, app, environment, service, machine, summary: `${title}: ${because}`, data: { alert: row.id, severity, wayOut: way_out, remediation } })
}

/** Idempotent. */
export async function clearAlert(tx: Db, id: string, because: string, actor: Actor, now: Date): Promise<void> {
  const row = await tx.maybe<AlertRow>('UPDATE alerts SET cleared_at = $2 WHERE id = $1 AND cleared_at IS NULL RETURNING *', [id, now])
  if (row) await record(tx, { at: now, kind: 'alert.cleared', actor, app: row.app, environment: row.environment, service: row.service, machine: row.machine, summary: `over: ${row.title}; ${because}`, data: { alert: id } })
}

/** Idempotent: nothing is open about most targets. */
export async function clearAlertOf(tx: Db, target: string, because: string, actor: Actor, now: Date): Promise<void> {
  const row = await tx.maybe<{ id: string }>('SELECT id FROM alerts WHERE target = $1 AND cleared_at IS NULL', [target])
  if (row) await clearAlert(tx, row.id, because, actor, now)
}

/** Of those that are over. How many. */
export async function forgetAlerts(db: Db, before: Date): Promise<number> {
  return (await db.query('DELETE FROM alerts WHERE cleared_at < $1 RETURNING 1', [before])).length
}
