/** The only SQL that writes samples of instances. */
import type { StatBatch } from '#contract/wire.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { grainMs, keepMs } from '#watch/traffic/store.ts'

/** Stores one sample an instance and ten seconds; a batch sent again changes nothing. */
export async function addStats(db: Database, batch: StatBatch): Promise<void> {
  if (batch.instances.length === 0) return
  const at = new Date(Math.floor(new Date(batch.at).getTime() / grainMs) * grainMs)
  const stats = JSON.stringify(batch.instances)
  await db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO stat_instances AS s (instance, app, environment, service, name, at, cpu, memory_bytes, memory_limit_bytes)
       SELECT DISTINCT ON (instance) instance, app, environment, service, name, $2, cpu, "memoryBytes", "memoryLimitBytes"
       FROM jsonb_to_recordset($1::jsonb) AS v(instance text, app text, environment text, service text, name text, cpu real, "memoryBytes" bigint, "memoryLimitBytes" bigint) ORDER BY instance
       ON CONFLICT (instance) DO UPDATE SET at = excluded.at, cpu = excluded.cpu, memory_bytes = excluded.memory_bytes, memory_limit_bytes = excluded.memory_limit_bytes
       WHERE s.at <= excluded.at`,
      [stats, at],
    )
    await tx.query(
      `INSERT INTO stat_points (instance, at, cpu, memory_bytes, threads, open_files)
       SELECT DISTINCT ON (s.id) s.id, $2, v.cpu, v."memoryBytes", v.threads, v."openFiles"
       FROM jsonb_to_recordset($1::jsonb) AS v(instance text, cpu real, "memoryBytes" bigint, threads int, "openFiles" int) JOIN stat_instances s ON s.instance = v.instance
       ON CONFLICT (instance, at) DO NOTHING`,
      [stats, at],
    )
  })
}

export async function forgetStats(db: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepMs)
  const points = await db.query('DELETE FROM stat_points WHERE at < $1 RETURNING instance', [before])
  await db.query('DELETE FROM stat_instances s WHERE at < $1 AND NOT EXISTS (SELECT FROM stat_points WHERE instance = s.id)', [before])
  return points.length
}
