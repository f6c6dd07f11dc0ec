/** Taking traffic counts in: each batch once, by its id. */
import { AppError } from '#base/errors.ts'
import type { ReleaseCount, TrafficBatch, TrafficCount } from '#contract/wire.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { behindMs } from '#watch/sent-at.ts'
import { addCounts, addReleases, claimBatch } from './store.ts'

export const trafficKeptMs = 24 * 3_600_000

/** False if it was stored before, or is too old to be of use. Throws `invalid` for a batch that can never be stored. `also`: what else is made of it, in the same transaction. */
export async function ingestTraffic(db: Database, batch: TrafficBatch, now: Date, also: (tx: Db, batch: TrafficBatch) => Promise<void> = async () => {}): Promise<boolean> {
  const [from, to] = [Date.parse(batch.from), Date.parse(batch.to)]
  if (typeof batch.id !== 'string' || batch.id === '' || batch.id.length > 100 || !Array.isArray(batch.counts)) throw new AppError('invalid', 'a traffic batch needs an id of 1 to 100 characters, and counts')
  if (Number.isNaN(from) || Number.isNaN(to) || to < from) throw new AppError('invalid', `traffic batch ${batch.id}: from and to must be times, in this order`)
  const bad = batch.counts.find((count) => !isCount(count))
  if (bad) throw new AppError('invalid', `traffic batch ${batch.id}: the counts of "${String(bad?.key).slice(0, 100)}" are not whole numbers from 0`)
  // a clock ahead of ours must not write into a future that no chart shows, nor one behind into a time before the release began
  const middle = Math.min((from + to) / 2 + behindMs(batch.sentAt, now), now.getTime())
  if (middle < now.getTime() - trafficKeptMs) return false
  const counts = batch.counts.filter((count) => count.requests > 0 || count.connections > 0 || count.bytesIn > 0 || count.bytesOut > 0)
  return db.transaction(async (tx) => {
    if (!(await claimBatch(tx, batch.id, now))) return false
    if (counts.length > 0) await addCounts(tx, { ...batch, counts }, Math.floor(middle))
    await addReleases(tx, { ...batch, counts }, Math.floor(middle))
    const at = new Date(middle).toISOString()
    await also(tx, { ...batch, from: at, to: at, counts })
    return true
  })
}

const maxCount = 2 ** 31 - 1

const whole = (value: unknown, most: number) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most

function isReleaseCount(count: ReleaseCount): boolean {
  const { requests, errors } = count?.warming ?? { requests: 0, errors: 0 }
  return whole(requests, maxCount) && whole(errors, maxCount) && whole(count?.release, maxCount) && whole(count.requests, maxCount) && whole(count.errors, maxCount) && Array.isArray(count.latency) && count.latency.every((value) => whole(value, maxCount))
}

function isCount(count: TrafficCount): boolean {
  const named = [count?.key, count?.app, count?.environment, count?.service, count?.from ?? ''].every((name) => typeof name === 'string' && name.length <= 600 && !name.includes('\0'))
  return (
    named && Array.isArray(count.latency) && count.latency.every((value) => whole(value, maxCount)) && typeof count.status === 'object' && count.status !== null &&
    (['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'failed'] as const).every((name) => whole(count.status[name], maxCount)) &&
    Array.isArray(count.releases) && count.releases.every(isReleaseCount) &&
    whole(count.requests, maxCount) && whole(count.connections, maxCount) && whole(count.stale ?? 0, maxCount) && whole(count.bytesIn, Number.MAX_SAFE_INTEGER) && whole(count.bytesOut, Number.MAX_SAFE_INTEGER)
  )
}
