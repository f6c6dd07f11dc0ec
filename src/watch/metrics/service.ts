/**
 * Taking samples in. `write` is for whoever must not wait: what it takes is stored within a second or two, and what the database does not
 * take for a while is dropped, oldest first, and counted; each app's is stored by itself, so that none waits for another's. `store` is for
 * whoever stores something anyway: in the caller's transaction.
 */
import type { Clock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { isUnstorable } from '#kernel/db/refusal.ts'
import type { Logger } from '#kernel/log.ts'
import { FairQueue } from './fair-queue.ts'
import { type Sample, seriesKey } from './model.ts'
import { type Keyed, SeriesIds } from './series-ids.ts'
import { appendPoints } from './store.ts'

export type MetricWriter = {
  /** Never throws and never waits. */
  write(samples: readonly Sample[]): void
  /** In the transaction `tx`. Samples that are none, and series beyond the bound of an app, are left out and counted. */
  store(tx: Db, samples: readonly Sample[]): Promise<void>
  /** Samples that were not stored since control started, by reason. */
  lost(): { invalid: number; overSeries: number; overQueue: number }
  /** Series were removed: their ids are looked up again. */
  forgetIds(): void
  close(): Promise<void>
}

const mostQueued = 50_000
const flushMs = 1000

export function createMetricWriter({ db, log, clock }: { db: Database; log: Logger; clock: Clock }): MetricWriter {
  const ids = new SeriesIds({ db, log, clock })
  const lost = { invalid: 0, overSeries: 0, overQueue: 0 }
  const queue = new FairQueue(mostQueued)
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> = Promise.resolve()

  async function store(tx: Db, samples: readonly Sample[]): Promise<void> {
    const keyed = samples.flatMap((sample): Keyed[] => {
      const key = keyOf(sample)
      if (key === null) lost.invalid++
      return key === null ? [] : [{ key, sample }]
    })
    await ids.learn(keyed)
    const points = keyed.flatMap(({ key, sample }) => {
      const series = ids.of(key)
      if (series === undefined) lost.overSeries++
      return series === undefined ? [] : [{ series, atMs: Math.round(sample.atMs), value: sample.value }]
    })
    if (points.length > 0) await appendPoints(tx, points)
  }

  async function flush() {
    const lanes = queue.takeAll()
    for (const [at, [app, samples]] of lanes.entries()) {
      try {
        await store(db, samples)
      } catch (error) {
        if (isUnstorable(error)) {
          lost.invalid += samples.length
          log.error({ error: messageOf(error), app, samples: samples.length }, 'metrics of an app can never be stored; they are left out')
          continue
        }
        log.warn({ error: messageOf(error), apps: lanes.length - at }, 'metrics were not stored; they are tried again')
        for (const [other, these] of lanes.slice(at)) lost.overQueue += queue.putBack(other, these)
        return
      }
    }
  }

  function soon() {
    timer ??= setTimeout(() => {
      timer = undefined
      flushing = flush().then(() => {
        if (queue.size > 0) soon()
      })
    }, flushMs)
  }

  return {
    write(samples) {
      lost.overQueue += queue.add(samples)
      if (queue.size > 0) soon()
    },
    store,
    lost: () => ({ ...lost }),
    forgetIds: () => ids.forget(),
    async close() {
      clearTimeout(timer)
      await flushing
      await flush()
    },
  }
}

/** Null for what can never be stored. */
function keyOf({ name, labels, value, atMs }: Sample): string | null {
  if (!Number.isFinite(value) || !Number.isFinite(atMs) || Object.values(labels).some((label) => label.includes('\0') || !label.isWellFormed())) return null
  try {
    return seriesKey(name, labels)
  } catch {
    return null
  }
}
