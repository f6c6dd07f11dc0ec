/**
 * The one way to ask of metrics. The level that is read follows from the question: samples while they are kept and the steps are small,
 * else sums of five minutes, else of an hour. Points that are not sealed yet are summed on the way, so each level is complete to now.
 * Series are read some hundred at a time and added to the lines that they belong to, so that an answer takes the memory of its lines.
 */
import { AppError } from '#base/errors.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { inOrder, samplesOf, widened } from './buckets.ts'
import { decodeBuckets, decodePoints, unpackPoints } from './codec.ts'
import type { Bucket, Labels, Point, SeriesKind } from './model.ts'
import { type Gathering, type MetricQuery, type MetricSeries, gathering, quantileOf, stepsOf } from './query.ts'
import { type Level, dayOf, levels } from './store.ts'
import { type Others, type Top, topOf } from './top.ts'

/** Lines of an answer. */
export const mostLines = 3000
/** Series that are read for an answer: 300 services on three machines, each bucket of a histogram one, are 9 000. */
export const mostSeries = 40_000
const mostSteps = 2000
/** Each costs about a microsecond of control. */
export const mostPoints = 8_000_000
/** Each is about 200 bytes while it is added, and control is small. */
const mostPointsAtOnce = 50_000
/** Each line holds one a step, of a percentile one for each bucket of its histogram: 12 bytes. */
const mostNumbers = 2_000_000
/** About how far apart samples are. */
const grainMs = 10_000
const defaultPoints = 120
/** A counter's rise needs the sample before the first step. */
const lookbackMs = 5 * 60_000
/** Samples are kept for two days; beside a step this large they say no more than sums. */
const rawKeptMs = 47 * 3_600_000
const fiveMinutesKeptMs = 30 * 86_400_000

type SeriesRow = { id: number; kind: SeriesKind; labels: Labels; sealedMs: number | null; sealedValue: number | null }

/** `apps`: what the caller may see; null: all, also what is of no app. Throws `invalid` for a question that is none, `limited` when it takes too much. */
export async function queryMetrics(db: Database, query: MetricQuery & { top?: Top | undefined }, apps: readonly string[] | null, now = new Date()): Promise<{ series: MetricSeries[]; others: Others | null }> {
  const steps = assertQuery(query)
  const isHistogram = quantileOf(query.fn) !== null
  const offsetMs = query.offsetMs ?? 0
  const first = (steps[0] as number) - offsetMs
  const span = { fromMs: first - lookbackMs, toMs: (steps.at(-1) as number) + query.stepMs - offsetMs }
  const series = await db.snapshot(async (tx) => {
    const rows = await seriesOf(tx, { ...query, metric: isHistogram ? `${query.metric}_bucket` : query.metric }, apps, span)
    if (rows.length > mostSeries) throw new AppError('limited', `${query.metric} has more than ${mostSeries} series here; name the app, the service or another label in "where"`)
    const level = levelOf(query.stepMs, first, now)
    const points = pointsFor(rows.length, level, span)
    if (points > mostPoints) throw new AppError('limited', `${query.metric} has ${rows.length} series here, which are too many points for so long a time; ask for less of it, with a step of 5m or whole hours, or name the app or the service in "where"`)
    const gathered = gathering(query)
    const atOnce = Math.max(1, Math.floor((rows.length * mostPointsAtOnce) / points))
    for (let at = 0; at < rows.length; at += atOnce) {
      const page = rows.slice(at, at + atOnce)
      const buckets = await bucketsOf(tx, page, level, span)
      for (const { id, labels } of page) gathered.add({ labels, buckets: buckets.get(id) ?? [] })
      assertSize(query, gathered)
    }
    return gathered.answer()
  })
  return query.top === undefined ? { series, others: null } : topOf(series, query.fn, query.top)
}

function assertSize({ metric, top }: { metric: string; top?: Top | undefined }, gathered: Gathering): void {
  const { groups, numbers } = gathered.size()
  const way = 'keep fewer labels apart ("by"), or name the app, the service or another label in "where"'
  if (top === undefined && groups > mostLines) throw new AppError('limited', `that is more than ${mostLines} lines of ${metric}; ask for the first of them ("top"), ${way}`)
  if (numbers > mostNumbers) throw new AppError('limited', `that is too many lines of ${metric} with so many steps (${groups} so far); ask with a larger step, ${way}`)
}

function assertQuery(query: MetricQuery): number[] {
  if (!(query.stepMs >= 1000)) throw new AppError('invalid', `a step of ${query.stepMs} ms is too small (1000 is the least)`)
  if (query.until <= query.since) throw new AppError('invalid', `since must be before until, and ${query.since.toISOString()} is not before ${query.until.toISOString()}`)
  if ((query.until.getTime() - query.since.getTime()) / query.stepMs > mostSteps) throw new AppError('limited', `that is more than ${mostSteps} steps; ask with a larger step or for less time`)
  return stepsOf(query)
}

/** `sinceMs`: start of the first step. Steps of whole sums lose nothing by them. */
export function levelOf(stepMs: number, sinceMs: number, now: Date): Level {
  const ageMs = now.getTime() - sinceMs
  const isWhole = (level: '5m' | '1h') => stepMs % levels[level] === 0 && sinceMs % levels[level] === 0
  if (ageMs > fiveMinutesKeptMs || stepMs >= 24 * levels['1h'] || isWhole('1h')) return ageMs < 3 * 86_400_000 ? '5m' : '1h'
  return ageMs > rawKeptMs || stepMs >= 2 * levels['5m'] || isWhole('5m') ? '5m' : 'raw'
}

/** About how many points are read. */
export function pointsFor(series: number, level: Level, { fromMs, toMs }: Span): number {
  return Math.ceil((series * (toMs - fromMs)) / (levels[level] || grainMs))
}

/** Whole grains, about `defaultPoints` of them in the span; where that is long, whole sums: those are read much sooner. */
export function stepFor(spanMs: number): number {
  const exact = spanMs / defaultPoints
  const grain = exact > levels['1h'] ? levels['1h'] : exact > levels['5m'] / 2 ? levels['5m'] : grainMs
  return Math.max(1, Math.ceil(exact / grain)) * grain
}

/** Names with how many series each has. */
export async function metricNames(db: Db, apps: readonly string[] | null, app?: string): Promise<{ name: string; kind: SeriesKind; series: number; labels: string[] }[]> {
  return db.query(
    `SELECT name, min(kind) AS kind, count(*) AS series, (SELECT coalesce(array_agg(DISTINCT k), '{}') FROM metric_series o, jsonb_object_keys(o.labels) k WHERE o.name = s.name AND ($1::text[] IS NULL OR o.app = ANY ($1)) AND ($2::text IS NULL OR o.app = $2)) AS labels
     FROM metric_series s WHERE ($1::text[] IS NULL OR app = ANY ($1)) AND ($2::text IS NULL OR app = $2) GROUP BY name ORDER BY name LIMIT 2000`,
    [apps, app ?? null],
  )
}

/** Values that a label has, over all series of a name. */
export async function labelValues(db: Db, metric: string, label: string, apps: readonly string[] | null): Promise<string[]> {
  const rows = await db.query<{ value: string }>(`SELECT DISTINCT labels ->> $2 AS value FROM metric_series WHERE name = $1 AND labels ? $2 AND ($3::text[] IS NULL OR app = ANY ($3)) ORDER BY 1 LIMIT 1000`, [metric, label, apps])
  return rows.map(({ value }) => value)
}

async function seriesOf(tx: Db, { metric, where = {}, with: label }: Pick<MetricQuery, 'metric' | 'where' | 'with'>, apps: readonly string[] | null, { fromMs }: { fromMs: number }): Promise<SeriesRow[]> {
  const patterns = Object.entries(where).map(([label, wanted]) => ({ label, like: [wanted].flat().map(likeOf) }))
  return tx.query<SeriesRow>(
    `SELECT id, kind, labels, sealed_ms AS "sealedMs", sealed_value AS "sealedValue" FROM metric_series s
     WHERE name = $1 AND ($2::text[] IS NULL OR app = ANY ($2)) AND (last_ms >= $3 OR EXISTS (SELECT FROM metric_hot h WHERE h.series = s.id))
       AND NOT EXISTS (SELECT FROM jsonb_to_recordset($4::jsonb) AS p (label text, "like" text[]) WHERE NOT coalesce(s.labels ->> p.label, '') LIKE ANY (p."like"))
       AND ($6::text IS NULL OR coalesce(s.labels ->> $6, '') <> '')
     ORDER BY id LIMIT $5`,
    [metric, apps, fromMs, JSON.stringify(patterns), mostSeries + 1, label ?? null],
  )
}

const likeOf = (wanted: string) => wanted.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%')

type Span = { fromMs: number; toMs: number }

async function bucketsOf(tx: Db, rows: readonly SeriesRow[], level: Level, span: Span): Promise<Map<number, Bucket[]>> {
  const ids = rows.map(({ id }) => id)
  // a counter goes on where its sealed points end, so all that came after those is needed
  const hot = await hotPoints(tx, ids, level === 'raw' ? span : { ...span, fromMs: 0 })
  if (level === 'raw') {
    const sealed = Map.groupBy(await chunksOf(tx, ids, 'raw', span), ({ series }) => series)
    return new Map(rows.map(({ id, kind }) => [id, samplesOf(kind, inOrder([...(sealed.get(id) ?? []).flatMap(({ data }) => decodePoints(data)), ...(hot.get(id) ?? [])]).filter(within(span)), null)]))
  }
  // what is not yet summed by the hour is summed from five minutes
  const wide = level === '1h' ? Map.groupBy(await chunksOf(tx, ids, '1h', span), ({ series }) => series) : new Map<number, { data: Buffer; toMs: number }[]>()
  const narrow = Map.groupBy(await chunksOf(tx, ids, '5m', span), ({ series }) => series)
  return new Map(rows.map((row) => {
    const hours = (wide.get(row.id) ?? []).flatMap(({ data }) => decodeBuckets(data, levels['1h']))
    const summedDays = new Set(hours.map(({ atMs }) => dayOf(atMs)))
    const minutes = (narrow.get(row.id) ?? []).flatMap(({ data }) => decodeBuckets(data, levels['5m'])).filter(({ atMs }) => !summedDays.has(dayOf(atMs)))
    const fresh = samplesOf(row.kind, inOrder(hot.get(row.id) ?? []), row.sealedValue)
    const all = [...hours, ...widened([...minutes, ...fresh].sort((a, b) => a.atMs - b.atMs), levels[level] as number)].sort((a, b) => a.atMs - b.atMs)
    return [row.id, widened(all, levels[level]).filter(within({ ...span, fromMs: span.fromMs - levels[level] }))]
  }))
}

const within = ({ fromMs, toMs }: Span) => ({ atMs }: { atMs: number }) => atMs >= fromMs && atMs < toMs

/** Packed by the database: a row a point would take longer to read than all else. */
async function hotPoints(tx: Db, ids: readonly number[], { fromMs, toMs }: Span): Promise<Map<number, Point[]>> {
  const rows = await tx.query<{ series: number; packed: Buffer }>(
    `SELECT series, string_agg(int8send(at_ms) || float8send(value), ''::bytea) AS packed FROM metric_hot WHERE series = ANY ($1) AND at_ms >= $2 AND at_ms < $3 GROUP BY series`, [ids, fromMs, toMs],
  )
  return new Map(rows.map(({ series, packed }) => [series, unpackPoints(packed)]))
}

/** In the order in which they were written. */
async function chunksOf(tx: Db, ids: readonly number[], level: Level, { fromMs, toMs }: Span): Promise<{ series: number; toMs: number; data: Buffer }[]> {
  return tx.query('SELECT series, to_ms AS "toMs", data FROM metric_chunks WHERE series = ANY ($1) AND level = $2 AND to_ms >= $3 AND from_ms < $4 ORDER BY id', [ids, level, fromMs - levels[level], toMs])
}
