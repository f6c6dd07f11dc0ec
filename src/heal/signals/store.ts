/** The only SQL on `signals`. */
import type { SignalKind } from '#contract/healing.ts'
import type { Db } from '#kernel/db/db.ts'
import { type Signal, targetKey, targetOf } from './model.ts'

type SignalRow = { target: string; kind: SignalKind; because: string; instances: string[]; since: Date; gone_at: Date | null }

export async function readSignals(db: Db): Promise<Signal[]> {
  const rows = await db.query<SignalRow>('SELECT * FROM signals ORDER BY target, kind')
  return rows.map(({ target, gone_at, ...row }) => ({ ...row, target: targetOf(target), goneAt: gone_at }))
}

/** Puts these in place of all that were kept. */
export async function saveSignals(tx: Db, signals: readonly Signal[]): Promise<void> {
  const rows = signals.map(({ target, kind, because, instances, since, goneAt }) => ({ target: targetKey(target), kind, because, instances, since: since.toISOString(), gone_at: goneAt?.toISOString() ?? null }))
  await tx.query(
    `WITH given AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS g (target text, kind text, because text, instances jsonb, since timestamptz, gone_at timestamptz)),
       gone AS (DELETE FROM signals s WHERE NOT EXISTS (SELECT FROM given g WHERE g.target = s.target AND g.kind = s.kind))
     INSERT INTO signals AS s (target, kind, because, instances, since, gone_at) SELECT * FROM given
     ON CONFLICT (target, kind) DO UPDATE SET because = excluded.because, instances = excluded.instances, since = excluded.since, gone_at = excluded.gone_at
     WHERE (s.because, s.instances, s.since, s.gone_at) IS DISTINCT FROM (excluded.because, excluded.instances, excluded.since, excluded.gone_at)`,
    [JSON.stringify(rows)],
  )
}
