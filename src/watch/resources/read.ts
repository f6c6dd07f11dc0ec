/** Questions about CPU and memory of instances. */
import type { ResourceSeries } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { InstanceSample } from '#run/apps/read.ts'
import { stepMs } from '#watch/points.ts'

/** An older sample says nothing about now. */
const freshMs = 60_000

/** CPU (1 = one core) and memory of every instance that lived in the window; mean CPU and highest memory of equal steps, steps without samples left out. */
export async function readResources(db: Db, app: string, environment: string, minutes: number, now: Date): Promise<ResourceSeries[]> {
  const step = stepMs(minutes)
  const first = Math.floor((now.getTime() - minutes * 60_000) / step) + 1
  const rows = await db.query<{ instance: string; name: string; service: string; slot: number; cpu: number; memory_bytes: number }>(
    `SELECT s.instance, s.name, s.service, floor(extract(epoch FROM p.at) * 1000 / $1)::bigint AS slot, avg(p.cpu)::float8 AS cpu, max(p.memory_bytes)::bigint AS memory_bytes
     FROM stat_points p JOIN stat_instances s ON s.id = p.instance
     WHERE s.app = $2 AND s.environment = $3 AND p.at >= $4 AND p.at <= $5
     GROUP BY s.id, slot ORDER BY s.service, length(s.name), s.name, s.instance, slot`,
    [step, app, environment, new Date(first * step), now],
  )
  return [...Map.groupBy(rows, (row) => row.instance).entries()].map(([instance, points]) => ({
    instance,
    name: (points[0] as (typeof rows)[number]).name,
    service: (points[0] as (typeof rows)[number]).service,
    points: points.map(({ slot, cpu, memory_bytes }) => ({ at: new Date(slot * step).toISOString(), cpu: Math.round(cpu * 1000) / 1000, memoryBytes: memory_bytes })),
  }))
}

/** The newest sample of every instance that sent one within the last minute, by instance id. */
export async function newestStats(db: Db, now: Date, { app, environment }: { app?: string | undefined; environment?: string | undefined } = {}): Promise<Map<string, InstanceSample>> {
  const rows = await db.query<{ instance: string } & InstanceSample>(
    `SELECT instance, cpu, memory_bytes AS "memoryBytes", memory_limit_bytes AS "memoryLimitBytes" FROM stat_instances
     WHERE at >= $1 AND ($2::text IS NULL OR app = $2) AND ($3::text IS NULL OR environment = $3)`,
    [new Date(now.getTime() - freshMs), app ?? null, environment ?? null],
  )
  return new Map(rows.map(({ instance, ...sample }) => [instance, sample]))
}
