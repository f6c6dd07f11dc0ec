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
import { appendPoints, countSeries, seriesIds } from './store.ts'

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

/** A series costs some kilobytes a day; an app that puts an id into a label would make one for each. */
export const mostSeriesPerApp = 5000
/** Of what Nightshift measures of an app. Apart from its own, so that one that fills those stays in sight. */
const mostOurSeriesPerApp = 5000
/** Of machines, checks and Nightshift itself, together. */
const mostSeriesOfNoApp = 20_000
const mostQueued = 50_000
const flushMs = 1000

export function createMetricWriter({ db, log, clock }: { db: Database; log: Logger; clock: Clock }): MetricWriter {
  const ids = new Map<string, number>()
  const lost = { invalid: 0, overSeries: 0, overQueue: 0 }
  const warned = new Set<string>()
  let counts: Promise<Map<string, number>> | undefined
  const queue = new FairQueue(mostQueued)
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> = Promise.resolve()

  /** How many series there are, by app: its own, and ours of it. */
  async function seriesCounts(): Promise<Map<string, number>> {
    counts ??= countSeries(db).then((rows) => new Map(rows.map(({ app, ours, count }) => [ownerOf(app ?? '', ours), count])))
    return counts.catch((error: unknown) => {
      counts = undefined
      throw error
    })
  }

  /** Makes series for what has none yet, within the bounds. Outside of the caller's transaction, so that ids are never taken back. */
  async function learn(samples: readonly { key: string; sample: Sample }[]): Promise<void> {
    const fresh = new Map(samples.filter(({ key }) => !ids.has(key)).map(({ key, sample }) => [key, sample]))
    if (fresh.size === 0) return
    const held = await seriesCounts()
    const room = (owner: string) => mostOf(owner) - (held.get(owner) ?? 0)
    const taken = [...Map.groupBy(fresh, ([, sample]) => ownerOfSample(sample))].flatMap(([owner, these]) => {
      if (these.length > room(owner) && !warned.has(owner)) {
        warned.add(owner)
        log.warn({ owner, series: held.get(owner), refused: these[0]?.[0] }, 'an app has as many series of metrics as it may; new ones are left out')
      }
      return these.slice(0, Math.max(0, room(owner)))
    })
    const made = await seriesIds(db, taken.map(([key, { name, kind, labels, atMs }]) => ({ key, name, kind, labels, atMs })), clock.now())
    for (const [key, id] of made) ids.set(key, id)
    for (const [, sample] of taken) held.set(ownerOfSample(sample), (held.get(ownerOfSample(sample)) ?? 0) + 1)
  }

  async function store(tx: Db, samples: readonly Sample[]): Promise<void> {
    const keyed = samples.flatMap((sample) => {
      const key = keyOf(sample)
      if (key === null) lost.invalid++
      return key === null ? [] : [{ key, sample }]
    })
    await learn(keyed)
    const points = keyed.flatMap(({ key, sample }) => {
      const series = ids.get(key)
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
    forgetIds() {
      ids.clear()
      counts = undefined
      warned.clear()
    },
    async close() {
      clearTimeout(timer)
      await flushing
      await flush()
    },
  }
}

/** Whose room a series takes: `shop`, or `shop ours`; '' of no app. */
const ownerOf = (app: string, ours: boolean) => (app === '' || !ours ? app : `${app} ours`)
const ownerOfSample = ({ name, labels }: Sample) => ownerOf(labels['app'] ?? '', name.startsWith('nightshift_'))
const mostOf = (owner: string) => (owner === '' ? mostSeriesOfNoApp : owner.endsWith(' ours') ? mostOurSeriesPerApp : mostSeriesPerApp)

/** Null for what can never be stored. */
function keyOf({ name, labels, value, atMs }: Sample): string | null {
  if (!Number.isFinite(value) || !Number.isFinite(atMs) || Object.values(labels).some((label) => label.includes('\0') || !label.isWellFormed())) return null
  try {
    return seriesKey(name, labels)
  } catch {
    return null
  }
}
