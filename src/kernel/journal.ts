/**
 * Writing the journal. `record` belongs into the same transaction as the change it tells of; the NOTIFY at its end
 * wakes every loop and stream when, and only when, the transaction commits.
 */
import { storable } from '#base/storable.ts'
import type { EventKind } from '#contract/events.ts'
import type { Actor } from '#contract/model.ts'
import type { Db } from './db/db.ts'
import { locks } from './db/locks.ts'

export const journalChannel = 'journal'

export type NewEvent = {
  at: Date
  kind: EventKind
  actor: Actor
  summary: string
  app?: string | null
  environment?: string | null
  service?: string | null
  instance?: string | null
  machine?: string | null
  release?: number | null
  cause?: number | null
  data?: Record<string, unknown>
  /** Makes it stored once, however often it is told. */
  factId?: string
}

/** The id of the event, or undefined if `factId` was known already. */
export async function record(tx: Db, event: NewEvent): Promise<number | undefined> {
  // appends are serialised until commit, so that ids become visible in order and a reader of `id > last` misses none
  await tx.query('SELECT pg_advisory_xact_lock($1)', [locks.journal])
  const row = await tx.maybe<{ id: number }>(
    `INSERT INTO events (at, kind, actor, app, environment, service, instance, machine, release, cause, summary, data, fact_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (fact_id) DO NOTHING RETURNING id`,
    [event.at, event.kind, event.actor, event.app ?? null, event.environment ?? null, event.service ?? null, event.instance ?? null,
      event.machine ?? null, event.release ?? null, event.cause ?? null, storable(event.summary), storable(event.data ?? {}), event.factId ?? null],
  )
  if (row !== undefined) await tx.query('SELECT pg_notify($1, $2)', [journalChannel, String(row.id)])
  return row?.id
}
