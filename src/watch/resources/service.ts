/** Taking samples of instances in, rounded to ten seconds; a sample that comes twice is one. */
import { AppError } from '#base/errors.ts'
import type { DiskUse, InstanceStat, InstanceUp, StatBatch } from '#contract/wire.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { noteDisk } from '#run/machines/commands.ts'
import { grainMs } from '#watch/points.ts'
import { saveStats } from './store.ts'

export const statsKeptMs = 24 * 3_600_000

/** A clock that is off by less is as good as right: the samples of a machine must not move by what its offset is measured wrong. */
const rightMs = 2000

/**
 * When the samples were taken, by our clock: those of a clock ten minutes behind would lie before the window of every rule, also of the rule
 * that looks at clocks.
 */
function timeOf({ at, clockOffsetMs }: StatBatch, now: Date): number {
  const aheadMs = Number.isFinite(clockOffsetMs) ? Math.round(clockOffsetMs as number) : 0
  return Math.min(Date.parse(at) - (Math.abs(aheadMs) > rightMs ? aheadMs : 0), now.getTime())
}

/** How many samples were taken. Samples that make no sense are left out; a batch without a time is `invalid`. `also`: what else is made of it, in the same transaction. */
export async function ingestStats(db: Database, batch: StatBatch, now: Date, also: (tx: Db, batch: StatBatch) => Promise<void> = async () => {}): Promise<number> {
  const ms = timeOf(batch, now)
  if (Number.isNaN(ms) || !Array.isArray(batch.instances)) throw new AppError('invalid', 'a batch of samples needs a time and instances')
  if (ms < now.getTime() - statsKeptMs) return 0
  const stats = [...new Map(batch.instances.filter(isStat).map((stat) => [stat.instance, stat])).values()]
  await db.transaction(async (tx) => {
    if (stats.length > 0) await saveStats(tx, new Date(ms - (ms % grainMs)), stats)
    const disk = isDisk(batch.disk) ? batch.disk : null
    if (disk !== null) await noteDisk(tx, batch.machine, disk)
    await also(tx, { machine: batch.machine, at: new Date(ms).toISOString(), instances: stats, disk, system: batch.system ?? null, ups: Array.isArray(batch.ups) ? batch.ups.filter(isUp) : [], clockOffsetMs: Number.isFinite(batch.clockOffsetMs) ? (batch.clockOffsetMs as number) : null })
  })
  return stats.length
}

function isDisk(disk: StatBatch['disk']): disk is DiskUse {
  return disk != null && [disk.freeBytes, disk.totalBytes].every((bytes) => Number.isSafeInteger(bytes) && bytes >= 0)
}

const isName = (name: unknown) => typeof name === 'string' && name !== '' && name.length <= 200 && !name.includes('\0')

function isUp(one: InstanceUp): boolean {
  return [one?.app, one?.environment, one?.service, one?.name].every(isName) && typeof one.up === 'boolean'
}

function isStat(stat: InstanceStat): boolean {
  const named = [stat?.instance, stat?.app, stat?.environment, stat?.service, stat?.name].every(isName)
  const count = (value: number | null) => value === null || (Number.isSafeInteger(value) && value >= 0)
  return named && Number.isFinite(stat.cpu) && stat.cpu >= 0 && Number.isFinite(stat.memoryBytes) && stat.memoryBytes >= 0 && [stat.memoryLimitBytes, stat.threads, stat.openFiles].every((value) => count(value ?? null))
}
