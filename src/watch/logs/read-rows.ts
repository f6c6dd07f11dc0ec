/** The reading SQL of the log store: hot lines, heads and bodies of chunks, who wrote. No decisions. */
import { to as copyTo } from 'pg-copy-streams'
import type { Database, Db } from '#kernel/db/db.ts'
import { type LineFilter } from './filter.ts'
import { type LogQuery, type Position, type SourceLabels, type StoredLine, bitMask } from './model.ts'
import { type LineTest, conditionOf } from './query/prune.ts'
import type { CountWindow, LevelCounts } from './port.ts'
import { needleGrams } from './grams.ts'

/** Collects `$n` parameters beside the text that names them. */
class Parameters {
  readonly values: unknown[] = []
  add(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

export type HotLine = StoredLine & SourceLabels

/** Lines in hot partitions, and what was stored when they were read: all below `sealedBelow` is in chunks, the newest line is `top`. */
export type HotPage = { sealedBelow: number; top: number; lines: HotLine[] }

export type Bounds = {
  /** Excluded, in the order of time. */
  below?: Position | undefined
  above?: Position | undefined
  /** Included. */
  sinceMs?: number | undefined
  untilMs?: number | undefined
  /** By arrival; excluded and included. */
  afterLine?: number | undefined
  maxLine?: number | undefined
}

/**
 * One statement on purpose: its snapshot holds the lines and the boundary to the chunks together. (It is taken after the
 * lock on `log_hot`, which the sealing transaction needs alone.) Lines may be more than fit: test them with `fitsLine`.
 */
export async function hotLines(db: Db, query: LogQuery, filter: LineFilter, bounds: Bounds, order: 'newest' | 'arrival', limit: number): Promise<HotPage> {
  const $ = new Parameters()
  const where = sourceConditions($, query, 's')
  if (filter.levels) where.push(`h.level = ANY(${$.add(filter.levels)})`)
  if (filter.streams) where.push(`h.stream = ANY(${$.add(filter.streams)})`)
  if (filter.text !== null) where.push(...roughText($, filter.text))
  const must = conditionOf(filter.must, (test) => hotCondition($, test))
  if (must !== null) where.push(must())
  const { below, above } = bounds
  if (below) where.push(`h.at_ms <= ${$.add(below.atMs)} AND (h.at_ms, h.line) < (${$.add(below.atMs)}, ${$.add(below.line)})`)
  if (above) where.push(`h.at_ms >= ${$.add(above.atMs)} AND (h.at_ms, h.line) > (${$.add(above.atMs)}, ${$.add(above.line)})`)
  if (bounds.sinceMs !== undefined) where.push(`h.at_ms >= ${$.add(bounds.sinceMs)}`)
  if (bounds.untilMs !== undefined) where.push(`h.at_ms <= ${$.add(bounds.untilMs)}`)
  if (bounds.afterLine !== undefined) where.push(`h.line > ${$.add(bounds.afterLine)}`)
  if (bounds.maxLine !== undefined) where.push(`h.line <= ${$.add(bounds.maxLine)}`)
  const rows = await db.query<{ sealed_below: number; top: number } & { [K in keyof HotLine]: HotLine[K] | null }>(
    `SELECT (SELECT min(first_line) FROM log_parts) AS sealed_below, state.next_line - 1 AS top, hot.*
     FROM log_state state LEFT JOIN LATERAL (
       SELECT h.line, h.at_ms AS "atMs", h.source, h.stream, h.level, h.text, s.id, s.app, s.environment, s.service, s.instance, s.release, s.machine
       FROM log_hot h JOIN log_sources s ON s.id = h.source
       ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
       ORDER BY ${order === 'newest' ? 'h.at_ms DESC, h.line DESC' : 'h.line'} LIMIT ${$.add(limit)}
     ) hot ON true ORDER BY ${order === 'newest' ? 'hot."atMs" DESC, hot.line DESC' : 'hot.line'}`,
    $.values,
  )
  const first = rows[0]
  if (!first) throw new Error('log_state has no row')
  return { sealedBelow: first.sealed_below, top: first.top, lines: rows.filter((row) => row.line !== null) as unknown as HotLine[] }
}

/**
 * Leaves out what surely has not the needle; `fitsLine` decides. PostgreSQL's lower case differs from ours beyond ASCII,
 * so it is asked about ASCII needles only, and lines with the two letters that fold into ASCII pass.
 */
function roughText($: Parameters, needle: string): string[] {
  if (!isAscii(needle)) return []
  const has = [`position(${$.add(needle)} in lower(h.text COLLATE "C")) > 0`]
  if (needle.includes('i')) has.push(`position('\u0130' in h.text) > 0`)
  if (needle.includes('k')) has.push(`position('\u212a' in h.text) > 0`)
  return [`(${has.join(' OR ')})`]
}

const isAscii = (text: string) => /^[\x20-\x7e]+$/.test(text)

/** A condition, made when it is surely part of the statement. */
type Say = () => string

/** What a search needs of who wrote a line, of the line, and of a chunk that may hold it; null where that place cannot say. */
function sourceCondition($: Parameters, test: LineTest): Say | null {
  if (test.kind === 'release') return () => `s.release ${test.op} ${$.add(test.release)}`
  return test.kind === 'label' ? labelCondition($, test, 's') : null
}

function labelCondition($: Parameters, test: Extract<LineTest, { kind: 'label' }>, alias: string): Say | null {
  const column = `${alias}.${test.label}`
  // names are ASCII, so that both lower cases agree; whatever else is in there is left to the test of the line
  if (!test.glob.every((piece) => /^[\x20-\x7e]*$/.test(piece))) return null
  if (test.glob.length === 1) return () => `lower(${column}) = ${$.add(test.glob[0])}`
  return () => `lower(${column}) LIKE ${$.add(test.glob.map((piece) => piece.replaceAll(/[\\%_]/g, '\\$&')).join('%'))}`
}

function hotCondition($: Parameters, test: LineTest): Say | null {
  if (test.kind === 'needle') return isAscii(test.text) ? () => roughText($, test.text).join(' AND ') : null
  if (test.kind === 'level') return () => `h.level = ANY(${$.add(test.places)})`
  if (test.kind === 'stream') return () => `h.stream = ANY(${$.add(test.places)})`
  return sourceCondition($, test)
}

function chunkCondition($: Parameters, test: LineTest): Say | null {
  if (test.kind === 'needle') return gramCondition($, test.text)
  if (test.kind === 'level') return () => `levels & ${$.add(bitMask(test.places))} <> 0`
  if (test.kind === 'stream') return () => `streams & ${$.add(bitMask(test.places))} <> 0`
  if (test.kind === 'label' && test.glob.length === 1 && (test.label === 'app' || test.label === 'environment')) return () => `${test.label} = ${$.add(test.glob[0])}`
  return null
}

/** Each test reads one slice of a map. */
function gramCondition($: Parameters, needle: string): Say | null {
  const hashes = needleGrams(needle)
  const test = (hash: number): string => {
    const place = `(${$.add(hash)}::bigint & (octet_length(grams)::bigint * 8 - 1))`
    return `(get_byte(substr(grams, (${place} >> 3)::int + 1, 1), 0) & ${1 << (hash & 7)}) <> 0`
  }
  return hashes.length === 0 ? null : () => `(${hashes.map(test).join(' AND ')})`
}

function sourceConditions($: Parameters, query: LogQuery, alias: string): string[] {
  const where: string[] = []
  if (query.apps != null) where.push(`${alias}.app = ANY(${$.add(query.apps)})`)
  for (const name of ['app', 'environment', 'service', 'instance', 'release', 'source'] as const)
    if (query[name] !== undefined) where.push(`${alias}.${name} = ${$.add(query[name])}`)
  return where
}

// ---------------------------------------------------------------- chunks

export type ChunkHead = { id: number; firstLine: number; lastLine: number; firstMs: number; lastMs: number; lines: number }

/**
 * Chunks that may hold what is asked for, below the boundary to the hot lines; one that was merged since those
 * were read may reach beyond it. `newest`: by end, latest first, going on after `from` (the last head of the page before). `arrival`: by first line.
 */
function chunkHeads(
  run: Db['query'],
  query: LogQuery,
  filter: LineFilter,
  sources: readonly number[] | null,
  bounds: Bounds & { sealedBelow: number },
  order: 'newest' | 'arrival',
  limit: number,
  from?: ChunkHead,
): Promise<ChunkHead[]> {
  const $ = new Parameters()
  const where = [`first_line < ${$.add(bounds.sealedBelow)}`]
  if (query.apps != null) where.push(`app = ANY(${$.add(query.apps)})`)
  if (query.app !== undefined) where.push(`app = ${$.add(query.app)}`)
  if (query.environment !== undefined) where.push(`environment = ${$.add(query.environment)}`)
  if (sources !== null) where.push(`sources && ${$.add(sources)}::int[]`)
  if (filter.levels) where.push(`levels & ${$.add(bitMask(filter.levels))} <> 0`)
  if (filter.streams) where.push(`streams & ${$.add(bitMask(filter.streams))} <> 0`)
  if (bounds.below) where.push(`first_ms <= ${$.add(bounds.below.atMs)}`)
  if (bounds.above) where.push(`last_ms >= ${$.add(bounds.above.atMs)}`)
  if (bounds.sinceMs !== undefined) where.push(`last_ms >= ${$.add(bounds.sinceMs)}`)
  if (bounds.untilMs !== undefined) where.push(`first_ms <= ${$.add(bounds.untilMs)}`)
  if (bounds.afterLine !== undefined) where.push(`last_line > ${$.add(bounds.afterLine)}`)
  if (bounds.maxLine !== undefined) where.push(`first_line <= ${$.add(bounds.maxLine)}`)
  if (from && order === 'newest') where.push(`(last_ms, id) < (${$.add(from.lastMs)}, ${$.add(from.id)})`)
  if (from && order === 'arrival') where.push(`(first_line, id) > (${$.add(from.firstLine)}, ${$.add(from.id)})`)
  const must = conditionOf(filter.must, (test) => chunkCondition($, test))
  // the cheapest tests first: each of these reads one slice of a map
  const grams = filter.text === null ? null : gramCondition($, filter.text)
  if (grams !== null) where.push(grams())
  if (must !== null) where.push(must())
  return run<ChunkHead>(
    `SELECT id, first_line AS "firstLine", last_line AS "lastLine", first_ms AS "firstMs", last_ms AS "lastMs", lines FROM log_chunks
     WHERE ${where.join(' AND ')} ORDER BY ${order === 'newest' ? 'last_ms DESC, id DESC' : 'first_line, id'} LIMIT ${$.add(limit)}`,
    $.values,
  )
}

export type ChunkBody = { rawBytes: number; data: Buffer }

export type ChunkSnapshot = {
  /** The boundary: lines from here on are hot ones, even where a chunk has them, too. */
  sealedBelow: number
  heads(bounds: Bounds, order: 'newest' | 'arrival', limit: number, from?: ChunkHead): Promise<ChunkHead[]>
  /** The data, by binary COPY: as text a byte costs two and a parser. `rawBytes`: what it will be when it is opened. */
  bodies(heads: readonly ChunkHead[]): Promise<ChunkBody[]>
  /** Sources that the query names; null when it names no more than apps and environment, which chunks know themselves. */
  sources: readonly number[] | null
}

/**
 * The chunks below a boundary as they are at this moment, whatever is merged or removed while `work` runs. (Hot lines
 * cannot be read so: a dropped table is gone from every snapshot.)
 */
export async function withChunks<T>(db: Database, query: LogQuery, filter: LineFilter, sealedBelow: number, work: (chunks: ChunkSnapshot) => Promise<T>): Promise<T> {
  const client = await db.connect()
  const on: Db['query'] = async (text, values) => (await client.query(text, values as unknown[])).rows
  let broken = true
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const sources = await querySources(on, query, filter)
    const result = await work({
      sealedBelow,
      sources,
      heads: (bounds, order, limit, from) => chunkHeads(on, query, filter, sources, { ...bounds, sealedBelow }, order, limit, from),
      async bodies(some) {
        const copy = client.query(copyTo(`COPY (SELECT raw_bytes, data FROM log_chunks WHERE id IN (${some.map(({ id }) => Number(id)).join(',')})) TO STDOUT (FORMAT binary)`))
        const parts: Buffer[] = []
        for await (const part of copy) parts.push(part as Buffer)
        return parseCopy(Buffer.concat(parts))
      },
    })
    await client.query('COMMIT')
    broken = false
    return result
  } finally {
    client.release(broken)
  }
}

/** PostgreSQL's documentation, COPY, "Binary Format": 11 bytes of signature, flags, extension; then tuples of length-prefixed fields. */
function parseCopy(copied: Buffer): ChunkBody[] {
  const bodies: ChunkBody[] = []
  let at = 15 + 4 + copied.readInt32BE(15)
  while (copied.readInt16BE(at) !== -1) {
    const width = copied.readInt32BE(at + 2)
    const rawBytes = copied.readIntBE(at + 6, 4)
    at += 6 + width
    const length = copied.readInt32BE(at)
    bodies.push({ rawBytes, data: copied.subarray(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return bodies
}

// ---------------------------------------------------------------- who wrote

/** Those who wrote what a query may find; null when it names no more than apps and environment. */
export async function querySources(run: Db['query'], query: LogQuery, filter: LineFilter): Promise<number[] | null> {
  const $ = new Parameters()
  const must = conditionOf(filter.must, (test) => sourceCondition($, test))
  if (must === null && query.service === undefined && query.instance === undefined && query.release === undefined && query.source === undefined) return null
  const where = [...sourceConditions($, query, 's'), ...(must === null ? [] : [must()])]
  return (await run<{ id: number }>(`SELECT id FROM log_sources s WHERE ${where.join(' AND ')}`, $.values)).map((row) => row.id)
}

export function sourceLabels(db: Db, ids: readonly number[]): Promise<SourceLabels[]> {
  return db.query<SourceLabels>('SELECT id, app, environment, service, instance, release, machine FROM log_sources WHERE id = ANY($1)', [ids])
}

// ---------------------------------------------------------------- counts

type Levels = Omit<LevelCounts, 'at'>

/** Lines per step and level, oldest first; steps without lines are left out. Hot lines included. For queries that `isCounted`. */
export async function minuteCounts(db: Db, query: LogQuery, filter: LineFilter, window: CountWindow): Promise<LevelCounts[]> {
  const rows = await countRows<{ at_ms: number }>(db, query, filter, window, 0, [])
  return rows.map(({ at_ms: atMs, ...counts }) => ({ at: new Date(atMs), ...counts }))
}

/** The same by service; steps begin at `since`. */
export async function placeCounts(db: Db, query: LogQuery, filter: LineFilter, window: CountWindow): Promise<(Levels & { atMs: number; app: string; environment: string; service: string })[]> {
  const rows = await countRows<{ at_ms: number; app: string; environment: string; service: string }>(db, query, filter, window, window.since.getTime(), ['app', 'environment', 'service'])
  return rows.map(({ at_ms: atMs, ...row }) => ({ atMs, ...row }))
}

function countRows<Row>(db: Db, query: LogQuery, filter: LineFilter, { since, until, stepMs }: CountWindow, originMs: number, by: readonly string[]): Promise<(Row & Levels)[]> {
  const $ = new Parameters()
  const [from, to, step, origin] = [$.add(since.getTime()), $.add(until.getTime()), $.add(stepMs), $.add(originMs)]
  const conditions = (alias: string) => {
    const must = conditionOf(filter.must, (test) => (test.kind === 'stream' ? () => `${alias === 's' ? 'h' : alias}.stream = ANY(${$.add(test.places)})` : test.kind === 'label' ? labelCondition($, test, alias) : null))
    return [...sourceConditions($, query, alias), ...(filter.streams ? [`${alias === 's' ? 'h' : alias}.stream = ANY(${$.add(filter.streams)})`] : []), ...(must === null ? [] : [must()])]
  }
  const [sealed, hot] = [conditions('c'), conditions('s')]
  const places = (alias: string) => by.map((name) => `, ${alias === '' ? '' : `${alias}.`}${name}`).join('')
  return db.query<Row & Levels>(
    `SELECT ((at_ms - ${origin}::bigint) / ${step}::bigint) * ${step}::bigint + ${origin}::bigint AS at_ms${places('')}, sum(unknown)::int AS unknown, sum(debug)::int AS debug, sum(info)::int AS info, sum(warn)::int AS warn, sum(error)::int AS error FROM (
       SELECT (extract(epoch FROM minute) * 1000)::bigint AS at_ms${places('c')}, unknown, debug, info, warn, error FROM log_counts c
       WHERE ${[`minute >= to_timestamp(${from}::bigint / 1000.0)`, `minute < to_timestamp(${to}::bigint / 1000.0)`, ...sealed].join(' AND ')}
       UNION ALL
       SELECT h.at_ms${places('s')}, (h.level = 0)::int, (h.level = 1)::int, (h.level = 2)::int, (h.level = 3)::int, (h.level = 4)::int
       FROM log_hot h JOIN log_sources s ON s.id = h.source
       WHERE ${[`h.at_ms >= ${from}::bigint`, `h.at_ms < ${to}::bigint`, ...hot].join(' AND ')}
     ) lines GROUP BY 1${places('')} ORDER BY 1`,
    $.values,
  )
}

/** The newest line there is, by arrival; 0 before the first. */
export async function topLine(db: Db): Promise<number> {
  return (await db.one<{ top: number }>('SELECT next_line - 1 AS top FROM log_state')).top
}
