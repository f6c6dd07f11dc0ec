/** Commands on instances inside a caller's transaction, and the only SQL that writes them. */
import { newId } from '#base/ids.ts'
import { storable } from '#base/storable.ts'
import type { InstanceKind, ObservedInstance } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'
import type { InstanceRow } from './model.ts'

export async function insertInstance(tx: Db, instance: { app: string; environment: string; kind: InstanceKind; service: string; ordinal: number; release: number; machine: string; because: string; now: Date }): Promise<string> {
  const id = newId('ins', instance.now)
  await tx.query(
    `INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'run', $9, $10)`,
    [id, instance.app, instance.environment, instance.kind, instance.service, instance.ordinal, instance.release, instance.machine, instance.because, instance.now],
  )
  return id
}

export async function retireInstance(tx: Db, id: string, because: string, now: Date): Promise<InstanceRow | undefined> {
  return tx.maybe(`UPDATE instances SET wanted = 'retire', because = $2, retired_at = $3 WHERE id = $1 AND wanted = 'run' RETURNING *`, [id, because, now])
}

export async function restartInstance(tx: Db, id: string, because: string): Promise<InstanceRow | undefined> {
  return tx.maybe(`UPDATE instances SET generation = generation + 1, restart_requested = false, restart_because = null, because = $2 WHERE id = $1 AND wanted = 'run' RETURNING *`, [id, because])
}

export async function requestRestarts(tx: Db, app: string, environment: string, filter: { service?: string | undefined; ordinal?: number | undefined }, because: string): Promise<InstanceRow[]> {
  return tx.query(
    `UPDATE instances SET restart_requested = true, restart_because = $5
     WHERE app = $1 AND environment = $2 AND kind = 'service' AND wanted = 'run' AND ($3::text IS NULL OR service = $3) AND ($4::int IS NULL OR ordinal = $4) RETURNING *`,
    [app, environment, filter.service ?? null, filter.ordinal ?? null, because],
  )
}

/** Stores the agent's word, in which apps have theirs (their last line, what their health command prints), as far as it can be held; answers the instances of which it says something new. */
export async function storeObservations(tx: Db, machine: string, observed: ObservedInstance[]): Promise<{ id: string; app: string; environment: string }[]> {
  if (observed.length === 0) return []
  return tx.query(
    `UPDATE instances i SET observed = o.value FROM jsonb_array_elements($2::jsonb) o
     WHERE i.id = o.value->>'id' AND i.machine = $1 AND i.observed IS DISTINCT FROM o.value
     RETURNING i.id, i.app, i.environment`,
    [machine, JSON.stringify(storable(observed))],
  )
}

/** Retired instances that their agent no longer has are gone for good. */
export async function markGone(tx: Db, machine: string, stillThere: string[], knownToAgent: Date, now: Date): Promise<InstanceRow[]> {
  return tx.query(
    `UPDATE instances SET wanted = 'gone', gone_at = $4
     WHERE machine = $1 AND wanted = 'retire' AND retired_at <= $3 AND NOT (id = ANY ($2)) RETURNING *`,
    [machine, stillThere, knownToAgent, now],
  )
}

/** All that was on a machine which never comes back. How many were meant to run. */
export async function markGoneWith(tx: Db, machine: string, because: string, now: Date): Promise<number> {
  const rows = await tx.query<{ ran: boolean }>(
    `UPDATE instances i SET wanted = 'gone', because = $2, gone_at = $3 FROM instances before
     WHERE before.id = i.id AND i.machine = $1 AND i.wanted <> 'gone' RETURNING before.wanted = 'run' AS ran`,
    [machine, because, now],
  )
  return rows.filter(({ ran }) => ran).length
}

export async function retireAllOf(tx: Db, app: string, because: string, now: Date): Promise<void> {
  await tx.query(`UPDATE instances SET wanted = 'retire', because = $2, retired_at = $3 WHERE app = $1 AND wanted = 'run'`, [app, because, now])
}

/** Forgets instances that were gone before a time. How many. */
export async function forgetGone(db: Db, before: Date): Promise<number> {
  return (await db.query(`DELETE FROM instances WHERE wanted = 'gone' AND gone_at < $1 RETURNING 1`, [before])).length
}
