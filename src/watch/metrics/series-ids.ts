/**
 * The ids of series, and how many each app may have. A series costs some kilobytes a day; an app that puts an id into a
 * label would make one for each request.
 */
import type { Clock } from '#base/clock.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sample } from './model.ts'
import { countSeries, seriesIds } from './store.ts'

export const mostSeriesPerApp = 5000
/** Of what Nightshift measures of an app. Apart from its own, so that one that fills those stays in sight. */
const mostOurSeriesPerApp = 5000
/** Of machines, checks and Nightshift itself, together. */
const mostSeriesOfNoApp = 20_000

export type Keyed = { key: string; sample: Sample }

export class SeriesIds {
  readonly #deps: { db: Database; log: Logger; clock: Clock }
  readonly #ids = new Map<string, number>()
  readonly #warned = new Set<string>()
  /** By owner; read once, and kept up to date after that. */
  #counts: Promise<Map<string, number>> | undefined

  constructor(deps: { db: Database; log: Logger; clock: Clock }) {
    this.#deps = deps
  }

  /** Undefined where there is no room for the series. */
  of(key: string): number | undefined {
    return this.#ids.get(key)
  }

  /** Makes series for what has none yet, within the bounds. Outside of the caller's transaction, so that ids are never taken back. */
  async learn(samples: readonly Keyed[]): Promise<void> {
    const fresh = new Map(samples.filter(({ key }) => !this.#ids.has(key)).map(({ key, sample }) => [key, sample]))
    if (fresh.size === 0) return
    const held = await this.#heldCounts()
    const taken = [...Map.groupBy(fresh, ([, sample]) => ownerOfSample(sample))].flatMap(([owner, these]) => {
      const room = Math.max(0, mostOf(owner) - (held.get(owner) ?? 0))
      if (these.length > room) this.#warn(owner, held.get(owner), these[0]?.[0])
      return these.slice(0, room)
    })
    const made = await seriesIds(this.#deps.db, taken.map(([key, { name, kind, labels, atMs }]) => ({ key, name, kind, labels, atMs })), this.#deps.clock.now())
    for (const [key, id] of made) this.#ids.set(key, id)
    for (const [, sample] of taken) held.set(ownerOfSample(sample), (held.get(ownerOfSample(sample)) ?? 0) + 1)
  }

  /** Series were removed: ids and counts are looked up again. */
  forget(): void {
    this.#ids.clear()
    this.#counts = undefined
    this.#warned.clear()
  }

  #heldCounts(): Promise<Map<string, number>> {
    this.#counts ??= countSeries(this.#deps.db).then((rows) => new Map(rows.map(({ app, ours, count }) => [ownerOf(app ?? '', ours), count])))
    return this.#counts.catch((error: unknown) => {
      this.#counts = undefined
      throw error
    })
  }

  #warn(owner: string, series: number | undefined, refused: string | undefined): void {
    if (this.#warned.has(owner)) return
    this.#warned.add(owner)
    this.#deps.log.warn({ owner, series, refused }, 'an app has as many series of metrics as it may; new ones are left out')
  }
}

/** Whose room a series takes: `shop`, or `shop ours`; '' of no app. */
const ownerOf = (app: string, ours: boolean) => (app === '' || !ours ? app : `${app} ours`)
const ownerOfSample = ({ name, labels }: Sample) => ownerOf(labels['app'] ?? '', name.startsWith('nightshift_'))
const mostOf = (owner: string) => (owner === '' ? mostSeriesOfNoApp : owner.endsWith(' ours') ? mostOurSeriesPerApp : mostSeriesPerApp)
