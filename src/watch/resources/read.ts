import type { ResourceSeries } from '#contract/model.ts'
import type { Db } from '#kernel/db/db.ts'
import type { InstanceSample } from '#run/apps/read.ts'
import { grainMs } from '#watch/traffic/store.ts'

const maxPoints = 120
/** An older sample says nothing about now. */
const freshMs = 60_000

/** CPU (1 = one core) and memory of every instance of an environment that sent samples within the window. */
export async function readResources(db: Db, app: string, environment: string, minutes: number, now: Date): Promise<ResourceSeries[]> {
  const stepMs = Math.max(grainMs, Math.ceil((minutes * 60_000) / maxPoints / grainMs) * grainMs)
  const rows = await db.query<{ instance: string; name: string; service: string; step: number; cpu: number; memory: number }>(
    `SELECT s.instance, s.name, s.service, floor(extract(epoch FROM p.at) * 1000 / $4)::bigint AS step, avg(p.cpu)::float8 AS cpu, max(p.memory_bytes)::float8 AS memory
     FROM stat_points p JOIN stat_instances s ON s.id = p.instance
     WHERE s.app = $1 AND s.environment = $2 AND p.at >= $3 GROUP BY 1, 2, 3, 4 ORDER BY s.name, s.instance, 4`,
    [app, environment, new Date(now.getTime() - minutes * 60_000), stepMs],
  )
  return [...Map.groupBy(rows, (row) => row.instance).values()].map((points) => {
    const { instance, name, service } = points[0] as (typeof rows)[number]
    return { instance, name, service, points: points.map((point) => ({ at: new Date(point.step * stepMs).toISOString(), cpu: point.cpu, memoryBytes: point.memory })) }
  })
}

/** The newest sample of each instance, by id. */
export async function newestSamples(db: Db, now: Date, app?: string): Promise<Map<string, InstanceSample>> {
  const rows = await db.query<{ instance: string; cpu: number; memory_bytes: number; memory_limit_bytes: number | null }>(
    'SELECT instance, cpu, memory_bytes, memory_limit_bytes FROM stat_instances WHERE at >= $1 AND ($2::text IS NULL OR app = $2)',
    [new Date(now.getTime() - freshMs), app ?? null],
  )
  return new Map(rows.map((row) => [row.instance, { cpu: row.cpu, memoryBytes: row.memory_bytes, memoryLimitBytes: row.memory_limit_bytes }]))
}
