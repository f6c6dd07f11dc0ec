/** The only SQL that writes SLOs and what is counted for them. */
import type { SloSpec } from '#contract/alerting.ts'
import type { Db } from '#kernel/db/db.ts'
import type { SloPlace } from './model.ts'

export async function saveSlo(tx: Db, { app, environment, service }: SloPlace, spec: SloSpec, by: string, now: Date): Promise<void> {
  await tx.query(
    'INSERT INTO slos (app, environment, service, spec, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (app, environment, service) DO UPDATE SET spec = $4, changed_by = $5, changed_at = $6',
    [app, environment, service, spec, by, now],
  )
}

export async function deleteSlo(tx: Db, { app, environment, service }: SloPlace): Promise<boolean> {
  return (await tx.query('DELETE FROM slos WHERE app = $1 AND environment = $2 AND service = $3 RETURNING app', [app, environment, service])).length > 0
}

/** Begins to count from `since`, unless it is counted already. */
export async function beginSeries(tx: Db, { app, environment, service }: SloPlace, objective: string, since: Date): Promise<void> {
  await tx.query('INSERT INTO slo_series (app, environment, service, objective, since, counted_until) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING', [app, environment, service, objective, since])
}

export async function dropSeries(tx: Db, ids: readonly number[]): Promise<void> {
  await tx.query('DELETE FROM slo_series WHERE id = ANY ($1)', [ids])
}

/** Puts the sums in place of all that were kept after `from`. */
export async function replaceSums(tx: Db, series: number, from: Date, sums: readonly { atMs: number; total: number; bad: number }[], until: Date): Promise<void> {
  await tx.query('DELETE FROM slo_points WHERE series = $1 AND at > $2', [series, from])
  await tx.query(
    `INSERT INTO slo_points (series, at, total, bad) SELECT $1, to_timestamp(ms / 1000), total, bad FROM unnest($2::double precision[], $3::double precision[], $4::double precision[]) AS p (ms, total, bad)`,
    [series, sums.map(({ atMs }) => atMs), sums.map(({ total }) => total), sums.map(({ bad }) => bad)],
  )
  await tx.query('UPDATE slo_series SET counted_until = $2 WHERE id = $1', [series, until])
}

/** Of what is older than `fineUntil` one row an hour stays; of what is older than `keptUntil` the newest, which the others build upon. */
export async function thinSums(tx: Db, fineUntil: Date, keptUntil: Date): Promise<number> {
  const rows = await tx.query(
    `DELETE FROM slo_points p WHERE (p.at < $1 AND EXISTS (SELECT FROM slo_points n WHERE n.series = p.series AND n.at > p.at AND n.at < $1 AND date_trunc('hour', n.at) = date_trunc('hour', p.at)))
       OR (p.at < $2 AND EXISTS (SELECT FROM slo_points n WHERE n.series = p.series AND n.at > p.at AND n.at < $2)) RETURNING 1`,
    [fineUntil, keptUntil],
  )
  return rows.length
}
