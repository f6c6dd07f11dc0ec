/** What of the database is searched by words: bounded in rows looked at, so that a keystroke stays cheap. */
import type { Db } from '#kernel/db/db.ts'

/** Events further back are found by the journal's own filters. */
const eventsLookedAt = 10_000
const mostRows = 30

export type FoundEvent = { id: number; at: Date; kind: string; app: string | null; environment: string | null; service: string | null; summary: string }
export type FoundRelease = { app: string; environment: string; number: number; description: string; commit: string | null; created_at: Date }

/** Newest first. Every word is in the summary, the kind or a name. */
export async function findEvents(db: Db, words: readonly string[], apps: readonly string[] | null): Promise<FoundEvent[]> {
  return db.query(
    `SELECT id, at, kind, app, environment, service, summary FROM events
     WHERE id > (SELECT coalesce(max(id), 0) FROM events) - $4 AND ($2::text[] IS NULL OR app = ANY ($2))
       AND concat_ws(' ', summary, kind, app, environment, service, instance, machine) ILIKE ALL ($1)
     ORDER BY id DESC LIMIT $3`,
    [words.map(pattern), apps, mostRows, eventsLookedAt],
  )
}

/** Newest first. Every word is in the description, the number as `v12`, the commit or a name. */
export async function findReleases(db: Db, words: readonly string[], apps: readonly string[] | null): Promise<FoundRelease[]> {
  return db.query(
    `SELECT app, environment, number, description, commit, created_at FROM releases
     WHERE ($2::text[] IS NULL OR app = ANY ($2)) AND concat_ws(' ', description, 'v' || number, commit, app, environment) ILIKE ALL ($1)
     ORDER BY created_at DESC LIMIT $3`,
    [words.map(pattern), apps, mostRows],
  )
}

function pattern(word: string): string {
  return `%${word.replace(/[\\%_]/g, '\\$&')}%`
}
