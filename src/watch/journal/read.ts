/** Questions to the journal: pages of the past, and what comes. */
import type { EventKind } from '#contract/events.ts'
import type { JournalEvent } from '#contract/model.ts'
import type { Bell } from '#kernel/bell.ts'
import type { Db } from '#kernel/db/db.ts'

export type EventFilter = {
  /** What the caller may see; null = all. Events of no app are seen only by callers who see all. */
  apps?: readonly string[] | null | undefined
  app?: string | undefined
  environment?: string | undefined
  /** Whole (`instance.exited`) or by its first word (`instance`); several with commas between. */
  kind?: string | undefined
}

type EventRow = Omit<JournalEvent, 'at'> & { at: Date; fact_id: string | null }

const columns = 'id, at, kind, actor, app, environment, service, instance, machine, release, cause, summary, data'
const filterSql = `($1::text[] IS NULL OR app = ANY ($1)) AND ($2::text IS NULL OR app = $2) AND ($3::text IS NULL OR environment = $3 OR environment IS NULL) AND ($4::text IS NULL OR kind = ANY (string_to_array($4, ',')) OR split_part(kind, '.', 1) = ANY (string_to_array($4, ',')))`

function parameters({ apps, app, environment, kind }: EventFilter): unknown[] {
  return [apps ?? null, app ?? null, environment ?? null, kind ?? null]
}

function view({ at, ...row }: EventRow): JournalEvent {
  return { ...row, at: at.toISOString() }
}

/** Newest first; of a span of time where one is given. */
export async function listEvents(db: Db, filter: EventFilter, page: { before?: number | undefined; since?: string | undefined; until?: string | undefined; limit: number }): Promise<JournalEvent[]> {
  const rows = await db.query<EventRow>(
    `SELECT ${columns} FROM events WHERE ${filterSql} AND ($5::bigint IS NULL OR id < $5) AND ($7::timestamptz IS NULL OR at >= $7) AND ($8::timestamptz IS NULL OR at < $8) ORDER BY id DESC LIMIT $6`,
    [...parameters(filter), page.before ?? null, page.limit, page.since ?? null, page.until ?? null],
  )
  return rows.map(view)
}

/** What somebody changed: the first suspects. */
export const changeKinds: ReadonlySet<EventKind> = new Set(['release.activated', 'config.changed', 'secret.changed', 'scale.changed', 'domain.added', 'domain.removed', 'certificate.changed', 'app.created', 'app.destroyed', 'app.stopped', 'app.started', 'app.restarted'])

/** Changes alone, newest first. */
export async function listChanges(db: Db, filter: EventFilter, page: { before?: number | undefined; limit: number }): Promise<JournalEvent[]> {
  const rows = await db.query<EventRow>(`SELECT ${columns} FROM events WHERE ${filterSql} AND ($5::bigint IS NULL OR id < $5) AND kind = ANY ($7) ORDER BY id DESC LIMIT $6`, [...parameters(filter), page.before ?? null, page.limit, [...changeKinds]])
  return rows.map(view)
}

/** All events since a time (and until another), oldest first, at most `limit` of the newest. */
export async function eventsSince(db: Db, filter: EventFilter, since: Date, limit = 2000, until: Date | null = null): Promise<JournalEvent[]> {
  const rows = await db.query<EventRow>(`SELECT ${columns} FROM events WHERE ${filterSql} AND at >= $5 AND ($7::timestamptz IS NULL OR at <= $7) ORDER BY id DESC LIMIT $6`, [...parameters(filter), since, limit, until])
  return rows.map(view).reverse()
}

/** How often agents started instances of a release again by a fault of their own (not: killed or stopped from outside), from `from` to `to`. */
export async function countRestarts(db: Db, where: { app: string; environment: string; release: number }, from: Date, to: Date): Promise<number> {
  const row = await db.one<{ n: number }>(
    `SELECT count(*)::int AS n FROM events WHERE app = $1 AND environment = $2 AND release = $3 AND at >= $4 AND at < $5
       AND kind IN ('instance.restarting', 'instance.held') AND actor ->> 'kind' = 'agent' AND coalesce(data ->> 'cause', 'crash') NOT IN ('killed', 'frozen')`,
    [where.app, where.environment, where.release, from, to],
  )
  return row.n
}

/** When instances that had stood for ten seconds were started again by their agent for a fault of their own (not: killed or stopped from outside), oldest first. */
export async function fallsSince(db: Db, since: Date): Promise<{ app: string; environment: string; service: string; release: number | null; at: Date }[]> {
  return db.query(
    `SELECT app, environment, service, release, at FROM events WHERE kind = 'instance.restarting' AND at >= $1 AND app IS NOT NULL
       AND actor ->> 'kind' = 'agent' AND coalesce(data ->> 'cause', 'crash') NOT IN ('killed', 'frozen') AND coalesce((data ->> 'ranMs')::numeric, 0) >= 10000 ORDER BY at`,
    [since],
  )
}

/** How often the proxies took each instance out of rotation, by its name. */
export async function ejectionsSince(db: Db, since: Date): Promise<{ app: string; environment: string; service: string; instance: string; n: number }[]> {
  return db.query(
    `SELECT app, environment, service, coalesce(data ->> 'name', instance) AS instance, count(*)::int AS n FROM events
     WHERE kind = 'instance.ejected' AND at >= $1 AND app IS NOT NULL AND service IS NOT NULL GROUP BY 1, 2, 3, 4`,
    [since],
  )
}

const pageSize = 200

/** Events with a higher id than `after` (default: from now on), in order and without gaps, until the signal aborts. */
export async function* streamEvents(deps: { db: Db; changed: Bell }, filter: EventFilter, after: number | undefined, signal: AbortSignal): AsyncGenerator<JournalEvent> {
  let last = after ?? (await deps.db.one<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM events')).id
  while (!signal.aborted) {
    const ring = deps.changed.next(5000, signal)
    const rows = await deps.db.query<EventRow>(`SELECT ${columns} FROM events WHERE ${filterSql} AND id > $5 ORDER BY id LIMIT $6`, [...parameters(filter), last, pageSize])
    for (const row of rows) {
      last = row.id
      yield view(row)
    }
    if (rows.length < pageSize) await ring
  }
}
