import type { InstanceStat } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'

/** Stores samples at a time; the same sample again changes nothing. */
export async function saveStats(tx: Db, at: Date, stats: readonly InstanceStat[]): Promise<void> {
  const rows = stats.toSorted((a, b) => (a.instance < b.instance ? -1 : 1)) // in one order everywhere: no deadlock between machines
  await tx.query(
    `WITH given AS (
       SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::real[], $8::bigint[], $9::bigint[], $10::int[], $11::int[])
         AS g (instance, app, environment, service, name, cpu, memory_bytes, memory_limit_bytes, threads, open_files)
     ), known AS (
       INSERT INTO stat_instances AS s (instance, app, environment, service, name, at, cpu, memory_bytes, memory_limit_bytes)
       SELECT instance, app, environment, service, name, $1::timestamptz, cpu, memory_bytes, memory_limit_bytes FROM given
       ON CONFLICT (instance) DO UPDATE SET at = greatest(s.at, excluded.at),
         cpu = CASE WHEN excluded.at >= s.at THEN excluded.cpu ELSE s.cpu END,
         memory_bytes = CASE WHEN excluded.at >= s.at THEN excluded.memory_bytes ELSE s.memory_bytes END,
         memory_limit_bytes = CASE WHEN excluded.at >= s.at THEN excluded.memory_limit_bytes ELSE s.memory_limit_bytes END
       RETURNING id, instance
     )
     INSERT INTO stat_points (at, instance, cpu, memory_bytes, threads, open_files)
     SELECT $1::timestamptz, known.id, given.cpu, given.memory_bytes, given.threads, given.open_files FROM known JOIN given USING (instance)
     ON CONFLICT DO NOTHING`,
    [at, rows.map((r) => r.instance), rows.map((r) => r.app), rows.map((r) => r.environment), rows.map((r) => r.service), rows.map((r) => r.name), rows.map((r) => r.cpu),
      rows.map((r) => Math.round(r.memoryBytes)), rows.map((r) => r.memoryLimitBytes), rows.map((r) => r.threads), rows.map((r) => r.openFiles)],
  )
}

export async function dropOldStats(db: Db, before: Date): Promise<number> {
  const gone = await db.one<{ n: number }>('WITH gone AS (DELETE FROM stat_points WHERE at < $1 RETURNING 1) SELECT count(*)::int AS n FROM gone', [before])
  await db.query('DELETE FROM stat_instances WHERE at < $1', [before])
  return gone.n
}
