/** The loops that seal points into chunks, merge the sums of days that are over, and forget what is old. Each chunk is written in the transaction that removes what it was made of. */
import type { Clock } from '#base/clock.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { inOrder, samplesOf, widened } from './buckets.ts'
import { decodeBuckets, encodeBuckets, encodePoints } from './codec.ts'
import type { Bucket } from './model.ts'
import {
  type HotSeries, type Level, type NewChunk, type SeriesDay, dayOf, dropEmptySeries, dropOldChunks, dropPartition, hotSeries, insertChunks, levels, lockSealing, noteSealed,
  readState, rotateHot, takeDay, unmergedDays,
} from './store.ts'

export const keptMs = { 'raw': 2 * 86_400_000, '5m': 30 * 86_400_000, '1h': 400 * 86_400_000 } as const satisfies Record<Level, number>
const hotMs = 3_600_000
/** A day is over when late samples of it are no more to be expected. */
const dayOverMs = 3 * 3_600_000

type Options = { onError: (error: unknown) => void; clock?: Clock }

export function startMetricSealing(db: Database, options: Options): Loop {
  return startLoop({ name: 'metrics.seal', periodMs: 60_000, turn: (now) => sealTurn(db, now), ...options })
}

/** One turn: a partition that is old enough takes no more points, and those before the current one become chunks, oldest first. */
export async function sealTurn(db: Database, now: Date): Promise<{ actions: string[]; waiting: string[] }> {
  const { part, startedAt, oldest } = await readState(db)
  const actions: string[] = []
  if (now.getTime() - startedAt.getTime() >= hotMs) {
    await db.transaction((tx) => rotateHot(tx, part, now))
    actions.push(`samples go to a new partition, because the one before holds those of an hour`)
  }
  const { part: current } = await readState(db)
  for (let next = oldest; next < current; next++) {
    const sealed = await db.transaction(async (tx) => ((await lockSealing(tx)) ? sealPartition(tx, next) : null))
    if (sealed === null) return { actions, waiting: ['another control seals'] }
    actions.push(`sealed the samples of ${sealed} series`)
  }
  return { actions, waiting: [] }
}

async function sealPartition(tx: Db, part: number): Promise<number> {
  let count = 0
  for await (const page of hotSeries(tx, part)) {
    await insertChunks(tx, page.flatMap(chunksOf))
    await noteSealed(tx, page.map(({ series, points }) => ({ id: series, atMs: points.at(-1)?.atMs ?? 0, value: points.at(-1)?.value ?? 0 })))
    count += page.length
  }
  await dropPartition(tx, part)
  return count
}

function chunksOf({ series, kind, sealedValue, points: given }: HotSeries): NewChunk[] {
  const points = inOrder(given)
  const raw: NewChunk = { series, level: 'raw', fromMs: points[0]?.atMs ?? 0, toMs: points.at(-1)?.atMs ?? 0, data: encodePoints(points) }
  return [raw, ...sumChunks(series, '5m', widened(samplesOf(kind, points, sealedValue), levels['5m']))]
}

/** One chunk a day. Buckets in order of time. */
function sumChunks(series: number, level: Level, buckets: readonly Bucket[]): NewChunk[] {
  return [...Map.groupBy(buckets, ({ atMs }) => dayOf(atMs)).values()].map((day) => ({ series, level, fromMs: day[0]?.atMs ?? 0, toMs: day.at(-1)?.atMs ?? 0, data: encodeBuckets(day) }))
}

export function startMetricTidying(db: Database, options: Options & { onForgotten: () => void }): Loop {
  return startLoop({ name: 'metrics.tidy', periodMs: 10 * 60_000, turn: (now, signal) => tidyTurn(db, now, options.onForgotten, signal), ...options })
}

/** One turn: merges days that are over, forgets what is older than it is kept. */
export async function tidyTurn(db: Database, now: Date, onForgotten: () => void, signal?: AbortSignal): Promise<{ actions: string[]; waiting: string[] }> {
  const actions: string[] = []
  const before = new Date(dayOf(now.getTime() - dayOverMs))
  const days = await unmergedDays(db, before)
  for (const day of days) {
    if (signal?.aborted) break
    await db.transaction(async (tx) => ((await lockSealing(tx)) ? mergeDay(tx, day) : undefined))
  }
  if (days.length > 0) actions.push(`merged ${days.length} days of series`)
  for (const level of ['raw', '5m', '1h'] as const) {
    const dropped = await dropOldChunks(db, level, new Date(now.getTime() - keptMs[level]))
    if (dropped > 0) actions.push(`forgot ${dropped} chunks (${level}) that were older than they are kept`)
  }
  const series = await dropEmptySeries(db, new Date(now.getTime() - keptMs.raw))
  if (series > 0) {
    onForgotten()
    actions.push(`forgot ${series} series of which nothing was left`)
  }
  return { actions, waiting: [] }
}

async function mergeDay(tx: Db, day: SeriesDay): Promise<void> {
  const parts = (await takeDay(tx, day)).flatMap((data) => decodeBuckets(data, levels['5m']))
  const minutes = widened(parts.toSorted((a, b) => a.atMs - b.atMs), levels['5m'])
  await insertChunks(tx, [...sumChunks(day.series, '5m', minutes), ...sumChunks(day.series, '1h', widened(minutes, levels['1h']))])
}
