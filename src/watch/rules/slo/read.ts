import { sloSpecSchema } from '#contract/alerting.ts'
import type { Db } from '#kernel/db/db.ts'
import { servingReleases } from '#run/releases/read.ts'
import { type Count, type Counts, windowMs } from './burn.ts'
import { type SloDefinition, manifestSlos, placeKey } from './model.ts'

export type SeriesRow = { id: number; app: string; environment: string; service: string; objective: string; since: Date; counted_until: Date }

/** Of every environment that serves: what people set, and what the manifest says where they set nothing. */
export async function readSlos(db: Db, app?: string): Promise<SloDefinition[]> {
  const inManifests = (await servingReleases(db)).filter((one) => app === undefined || one.app === app).flatMap((one) => manifestSlos(one.app, one.environment, one.manifest))
  const declared = new Set(inManifests.map(placeKey))
  const own = (await db.query<{ app: string; environment: string; service: string; spec: unknown }>('SELECT app, environment, service, spec FROM slos WHERE $1::text IS NULL OR app = $1', [app ?? null]))
    .map((row): SloDefinition => ({ ...row, spec: sloSpecSchema.parse(row.spec), origin: 'own', declared: declared.has(placeKey(row)) }))
  const taken = new Set(own.map(placeKey))
  return [...own, ...inManifests.filter((one) => !taken.has(placeKey(one)))].sort((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1))
}

export async function readSeries(db: Db): Promise<SeriesRow[]> {
  return db.query('SELECT * FROM slo_series ORDER BY id')
}

export async function environmentsMade(db: Db): Promise<Map<string, Date>> {
  const rows = await db.query<{ place: string; created_at: Date }>(`SELECT app || '/' || name AS place, created_at FROM environments`)
  return new Map(rows.map(({ place, created_at }) => [place, created_at]))
}

/** The sums of a series at each of these times, in their order: those of the newest row up to then, or nothing. */
export async function sumsAt(db: Db, asked: readonly { series: number; at: Date }[]): Promise<Count[]> {
  if (asked.length === 0) return []
  return db.query(
    `SELECT coalesce(p.total, 0) AS total, coalesce(p.bad, 0) AS bad FROM unnest($1::int[], $2::timestamptz[]) WITH ORDINALITY AS a (series, at, nth)
     LEFT JOIN LATERAL (SELECT total, bad FROM slo_points p WHERE p.series = a.series AND p.at <= a.at ORDER BY p.at DESC LIMIT 1) p ON true ORDER BY a.nth`,
    [asked.map(({ series }) => series), asked.map(({ at }) => at)],
  )
}

const names = Object.keys(windowMs) as (keyof typeof windowMs)[]

/** What each series counted in each window up to the time until which it is counted. */
export async function readCounts(db: Db, series: readonly { row: SeriesRow; wholeMs: number }[]): Promise<Counts[]> {
  const lengths = ({ wholeMs }: { wholeMs: number }) => [0, ...names.map((name) => windowMs[name]), wholeMs]
  const sums = await sumsAt(db, series.flatMap((one) => lengths(one).map((ms) => ({ series: one.row.id, at: new Date(one.row.counted_until.getTime() - ms) }))))
  const each = names.length + 2
  return series.map((_, nth) => {
    const mine = sums.slice(nth * each, (nth + 1) * each)
    const now = mine[0] as Count
    const counted = mine.slice(1).map((then) => ({ total: now.total - then.total, bad: now.bad - then.bad }))
    return { ...(Object.fromEntries(names.map((name, index) => [name, counted[index]])) as unknown as Record<keyof typeof windowMs, Count>), whole: counted.at(-1) as Count }
  })
}
