/**
 * The writing SQL of the log store. Invariants:
 * - Every ingest holds the row of `log_state` until it commits, so line ids have no gaps and become visible in order.
 * - A line is in a hot partition or in a chunk, never in both and never in neither: chunks are written in the transaction
 *   that drops their partition, oldest partition first. So `min(log_parts.first_line)` parts sealed from hot lines.
 */
import { finished } from 'node:stream/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Database, Db } from '#kernel/db/db.ts'
import { locks } from '#kernel/db/locks.ts'
import { type SealedChunk, maxChunkMs } from './chunk.ts'
import type { Keeping } from './keeping/plan.ts'
import type { StoredLine } from './model.ts'
import type { NewLine, SourceChange } from './plan.ts'

export const logsChannel = 'logs'

/** The stored positions of these sources, and the lock on everything that gives out line ids. */
export async function lockForIngest(client: PoolClient, sources: string[]): Promise<{ nextLine: number; part: number; stored: Map<string, { id: number; position: number }> }> {
  const state = await client.query<{ next_line: number; part: number }>('SELECT next_line, part FROM log_state FOR UPDATE')
  const known = await client.query<{ id: number; source: string; position: number }>('SELECT id, source, position FROM log_sources WHERE source = ANY($1)', [sources])
  const { next_line: nextLine, part } = state.rows[0] as { next_line: number; part: number }
  return { nextLine, part, stored: new Map(known.rows.map(({ source, ...row }) => [source, row])) }
}

/** Writes new positions, and rows for sources that have none yet. The ids of all of them. */
export async function saveSources(client: PoolClient, changes: readonly SourceChange[], known: ReadonlyMap<string, { id: number }>, now: Date): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  const old = changes.filter((change) => known.has(change.source))
  const fresh = changes.filter((change) => !known.has(change.source))
  if (old.length > 0) {
    for (const { source } of old) ids.set(source, (known.get(source) as { id: number }).id)
    await client.query(
      `UPDATE log_sources s SET position = c.position, dropped = s.dropped + c.dropped, updated_at = $4
       FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS c (id, position, dropped) WHERE s.id = c.id`,
      [old.map(({ source }) => ids.get(source)), old.map((change) => change.position), old.map((change) => change.dropped), now],
    )
  }
  for (const { source, labels, position, dropped } of fresh) {
    // a source may name its instance by id; people know it as web.1
    const row = await client.query<{ id: number }>(
      `INSERT INTO log_sources (source, app, environment, service, instance, release, machine, position, dropped, updated_at)
       VALUES ($1, $2, $3, $4, coalesce((SELECT i.service || '.' || i.ordinal FROM instances i WHERE i.id = $5), $5), $6, $7, $8, $9, $10) RETURNING id`,
      [source, labels.app, labels.environment, labels.service, labels.instance, labels.release, labels.machine, position, dropped, now],
    )
    ids.set(source, (row.rows[0] as { id: number }).id)
  }
  return ids
}

/**
 * Appends lines to the hot partition by COPY, moves the counter and wakes the readers.
 * The data go out in one piece: a COPY that is broken off in the middle would leave the connection hanging.
 */
export async function appendLines(client: PoolClient, part: number, firstLine: number, lines: readonly NewLine[], ids: ReadonlyMap<string, number>): Promise<void> {
  const rows = new Array<string>(lines.length)
  lines.forEach(({ source, atMs, stream, level, text }, at) => {
    rows[at] = `${firstLine + at}\t${atMs}\t${part}\t${ids.get(source)}\t${stream}\t${level}\t${escapeCopy(text)}\n`
  })
  const copy = client.query(copyFrom(`COPY log_hot_${part} (line, at_ms, part, source, stream, level, text) FROM STDIN`))
  copy.end(Buffer.from(rows.join('')))
  await finished(copy)
  await client.query('UPDATE log_state SET next_line = $1', [firstLine + lines.length])
  await client.query('SELECT pg_notify($1, $2)', [logsChannel, String(firstLine + lines.length - 1)])
}

const special = /[\\\n\r\t]/
const everySpecial = new RegExp(special, 'g')
const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escapeCopy(text: string): string {
  return special.test(text) ? text.replace(everySpecial, (character) => escapes[character] as string) : text
}

// ---------------------------------------------------------------- hot partitions

export type HotState = { part: number; lines: number; createdAt: Date; sealable: number[] }

export async function readHotState(db: Db): Promise<HotState> {
  const rows = await db.query<{ part: number; lines: number; created_at: Date; is_current: boolean }>(
    'SELECT p.part, s.next_line - p.first_line AS lines, p.created_at, p.part = s.part AS is_current FROM log_parts p, log_state s ORDER BY p.part',
  )
  const current = rows.find((row) => row.is_current)
  if (!current) throw new Error('log_parts has no row for the partition that log_state names')
  return { part: current.part, lines: current.lines, createdAt: current.created_at, sealable: rows.filter((row) => !row.is_current).map((row) => row.part) }
}

/** New lines go to a new partition from now on; nothing if `part` is not the current one any more. */
export async function rotateHot(tx: Db, part: number, now: Date): Promise<void> {
  const state = await tx.one<{ next_line: number; part: number }>('SELECT next_line, part FROM log_state FOR UPDATE')
  if (state.part !== part) return
  const next = part + 1
  // made apart and attached, because CREATE … PARTITION OF would wait for every reader while ingest waits for us
  await tx.query(`CREATE TABLE log_hot_${next} (LIKE log_hot INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`)
  await tx.query(`ALTER TABLE log_hot ATTACH PARTITION log_hot_${next} FOR VALUES IN (${next})`)
  await tx.query('INSERT INTO log_parts (part, first_line, created_at) VALUES ($1, $2, $3)', [next, state.next_line, now])
  await tx.query('UPDATE log_state SET part = $1', [next])
}

/** False: somebody is at it, such as the loop that merges. Held until the transaction ends. */
export async function lockSealing(tx: Db): Promise<boolean> {
  return (await tx.one<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS got', [locks.logSealing])).got
}

/** The oldest partition that takes no more lines. */
export async function oldestSealable(tx: Db): Promise<number | undefined> {
  return (await tx.maybe<{ part: number }>('SELECT part FROM log_parts WHERE part < (SELECT part FROM log_state) ORDER BY part LIMIT 1'))?.part
}

/** Lines of a partition in order of arrival, a page at a time. */
export async function* partitionLines(tx: Db, part: number, pageLines = 5000): AsyncGenerator<StoredLine[]> {
  for (let after = 0; ; ) {
    const rows = await tx.query<StoredLine>(
      `SELECT line, at_ms AS "atMs", source, stream, level, text FROM log_hot_${part} WHERE line > $1 ORDER BY line LIMIT $2`,
      [after, pageLines],
    )
    if (rows.length > 0) yield rows
    if (rows.length < pageLines) return
    after = (rows.at(-1) as StoredLine).line
  }
}

/** Forgets a partition whose lines are in chunks. Last in its transaction: readers wait from here to the commit. */
export async function dropPartition(tx: Db, part: number): Promise<void> {
  await tx.query("SET LOCAL lock_timeout = '3s'")
  await tx.query(`DROP TABLE log_hot_${part}`)
  await tx.query('DELETE FROM log_parts WHERE part = $1', [part])
}

// ---------------------------------------------------------------- chunks

export async function insertChunk(tx: Db, app: string, environment: string, chunk: SealedChunk): Promise<void> {
  await tx.query(
    `INSERT INTO log_chunks (app, environment, first_line, last_line, first_ms, last_ms, lines, raw_bytes, stored_bytes, streams, levels, sources, grams, data)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [app, environment, chunk.firstLine, chunk.lastLine, chunk.firstMs, chunk.lastMs, chunk.lines, chunk.rawBytes, chunk.data.length + chunk.grams.length,
      chunk.streams, chunk.levels, chunk.sources, chunk.grams, chunk.data],
  )
}

export type MinuteCount = { app: string; environment: string; service: string; minute: Date; stream: number; counts: number[] }

export async function addCounts(tx: Db, counts: readonly MinuteCount[]): Promise<void> {
  if (counts.length === 0) return
  const column = (place: number) => counts.map((row) => row.counts[place] ?? 0)
  await tx.query(
    `INSERT INTO log_counts AS c (app, environment, service, minute, stream, unknown, debug, info, warn, error)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[])
     ON CONFLICT (app, environment, service, minute, stream) DO UPDATE SET unknown = c.unknown + excluded.unknown, debug = c.debug + excluded.debug,
       info = c.info + excluded.info, warn = c.warn + excluded.warn, error = c.error + excluded.error`,
    [counts.map((row) => row.app), counts.map((row) => row.environment), counts.map((row) => row.service), counts.map((row) => row.minute), counts.map((row) => row.stream),
      column(0), column(1), column(2), column(3), column(4)],
  )
}

export type SmallChunk = { id: number; app: string; environment: string; lines: number; rawBytes: number; firstMs: number; lastMs: number }

/** Chunks with few lines that end between two times, in order of arrival by environment, where there are several. */
export function smallChunks(db: Db, maxLines: number, since: Date, before: Date): Promise<SmallChunk[]> {
  return db.query<SmallChunk>(
    `SELECT id, app, environment, lines, raw_bytes AS "rawBytes", first_ms AS "firstMs", last_ms AS "lastMs" FROM (
       SELECT *, count(*) OVER (PARTITION BY app, environment) AS together FROM log_chunks WHERE lines <= $1 AND last_ms >= $2 AND last_ms < $3
     ) small WHERE together >= 8 ORDER BY app, environment, first_line LIMIT 2000`,
    [maxLines, since.getTime(), before.getTime()],
  )
}

export function takeChunks(tx: Db, ids: readonly number[]): Promise<{ data: Buffer }[]> {
  return tx.query<{ data: Buffer }>('DELETE FROM log_chunks WHERE id = ANY($1) RETURNING data', [ids])
}

/** Some of all chunks, the oldest first. */
export function takeAnyChunks(tx: Db, most: number): Promise<{ app: string; environment: string; data: Buffer }[]> {
  return tx.query('DELETE FROM log_chunks WHERE id IN (SELECT id FROM log_chunks ORDER BY id LIMIT $1) RETURNING app, environment, data', [most])
}

// ---------------------------------------------------------------- retention

/** What each app keeps. */
export type Limits = { own: ReadonlyMap<string, Keeping>; others: Keeping }

/** The limits as a table `own (app, keep_ms, max_bytes)`; its parameters are $1 to $3. */
const ownLimits = 'own AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS own (app, keep_ms, max_bytes))'

function limitValues({ own }: Limits): unknown[] {
  const rows = [...own]
  return [rows.map(([app]) => app), rows.map(([, { keepMs }]) => Math.round(keepMs)), rows.map(([, { maxBytes }]) => Math.round(maxBytes))]
}

/** Removes at most `most` chunks that are older than their app keeps lines. How many it removed. */
export async function dropOldChunks(db: Db, limits: Limits, now: Date, most = 500): Promise<number> {
  const gone = await db.query(
    `WITH ${ownLimits} DELETE FROM log_chunks WHERE id IN (
       SELECT c.id FROM log_chunks c LEFT JOIN own ON own.app = c.app WHERE c.last_ms < $5::bigint - coalesce(own.keep_ms, $4::bigint) ORDER BY c.last_ms LIMIT $6
     ) RETURNING id`,
    [...limitValues(limits), limits.others.keepMs, now.getTime(), most],
  )
  return gone.length
}

/** Removes the oldest chunks of each app that holds more than it may, at most `most` of them, and the counts of what is gone. How many it removed. */
export async function dropExcessChunks(db: Database, limits: Limits, most = 500): Promise<number> {
  return db.transaction(async (tx) => {
    const gone = await tx.query<{ app: string; last_ms: number }>(
      `WITH ${ownLimits}, held AS (SELECT app, sum(stored_bytes) AS bytes FROM log_chunks GROUP BY app),
         over AS (SELECT held.app, coalesce(own.max_bytes, $4::bigint) AS max_bytes FROM held LEFT JOIN own USING (app) WHERE held.bytes > coalesce(own.max_bytes, $4::bigint))
       DELETE FROM log_chunks WHERE id IN (
         SELECT id FROM (
           SELECT c.id, c.last_ms, over.max_bytes, sum(c.stored_bytes) OVER (PARTITION BY c.app ORDER BY c.last_ms DESC, c.id DESC) AS held FROM log_chunks c JOIN over USING (app)
         ) sized WHERE held > max_bytes ORDER BY last_ms LIMIT $5
       ) RETURNING app, last_ms`,
      [...limitValues(limits), limits.others.maxBytes, most],
    )
    const apps = [...new Set(gone.map((chunk) => chunk.app))]
    // with no chunk left, what is counted is older than what is still hot
    if (apps.length > 0)
      await tx.query(
        `DELETE FROM log_counts c WHERE app = ANY($1) AND minute < to_timestamp(coalesce((SELECT min(first_ms) FROM log_chunks l WHERE l.app = c.app), $2::bigint) / 60000 * 60)`,
        [apps, Math.max(0, ...gone.map((chunk) => chunk.last_ms))],
      )
    return gone.length
  })
}

/**
 * Forgets counts of minutes that are older than their app keeps lines, and sources that can neither write again nor have
 * a line left: a chunk spans a day at most, and the hot lines are younger. A source of an instance is its task,
 * `<instance>.<generation>-<attempt>`; that of a build its id.
 */
export async function dropOldMeta(db: Db, limits: Limits, now: Date): Promise<void> {
  const values = [...limitValues(limits), limits.others.keepMs, now.getTime()]
  const oldest = (app: string) => `to_timestamp(($5::bigint - coalesce((SELECT own.keep_ms FROM own WHERE own.app = ${app}), $4::bigint)) / 1000.0)`
  await db.query(`WITH ${ownLimits} DELETE FROM log_counts c WHERE minute < ${oldest('c.app')}`, values)
  await db.query(
    `WITH ${ownLimits} DELETE FROM log_sources s WHERE s.updated_at < ${oldest('s.app')} - $6 * interval '1 millisecond'
       AND (starts_with(s.source, 'ins_') OR starts_with(s.source, 'bld_'))
       AND (SELECT min(created_at) FROM log_parts) > ${oldest('s.app')} - $6 * interval '1 millisecond'
       AND NOT EXISTS (SELECT FROM instances i WHERE i.id = split_part(s.source, '.', 1) AND i.wanted <> 'gone')
       AND NOT EXISTS (SELECT FROM builds b WHERE b.id = s.source AND b.state IN ('queued', 'running'))`,
    [...values, maxChunkMs + 3_600_000],
  )
}
