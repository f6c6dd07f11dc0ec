/** Reading checks: rows for judging them, and the views of the API. */
import { AppError } from '#base/errors.ts'
import { secretFields } from '#contract/check-kinds.ts'
import type { Check, CheckHistory, CheckRow, CheckState, MaintenanceWindow, Plugin } from '#contract/checks.ts'
import type { Db } from '#kernel/db/db.ts'
import type { CheckRowIn, PluginRow, StateRow, WindowRow } from './model.ts'
import { graveness } from './state.ts'
import { isOpen } from './windows.ts'

export type WithState = CheckRowIn & Omit<StateRow, 'check'>

/** All, or these and all that depend on others or are depended on. */
export async function readChecks(db: Db, ids: readonly string[] | null = null): Promise<WithState[]> {
  return db.query(
    `SELECT c.*, s.state, s.because, s.since, s.alerted, s.vantages AS seen FROM checks c JOIN check_states s ON s."check" = c.id
     WHERE $1::text[] IS NULL OR c.id = ANY ($1) OR cardinality(c.needs) > 0 OR c.id IN (SELECT unnest(needs) FROM checks) ORDER BY c.name, c.id`,
    [ids],
  )
}

/** What the caller may see. `not-found` tells of what is unknown and unseen alike. `which`: an id, or a name where only one has it. */
export async function findCheck(db: Db, which: string, apps: readonly string[] | null): Promise<WithState> {
  const rows = await db.query<WithState>(
    `SELECT c.*, s.state, s.because, s.since, s.alerted, s.vantages AS seen FROM checks c JOIN check_states s ON s."check" = c.id WHERE (c.id = $1 OR c.name = $1) AND ($2::text[] IS NULL OR c.app = ANY ($2)) ORDER BY c.id = $1 DESC LIMIT 2`,
    [which, apps],
  )
  const [first, second] = rows
  if (first === undefined) throw new AppError('not-found', `there is no check "${which}" (see: nightshift checks)`)
  if (second !== undefined && first.id !== which) throw new AppError('conflict', `several checks are called "${which}": use an id (see: nightshift checks --long)`)
  return first
}

export async function listChecks(db: Db, filter: { apps: readonly string[] | null; app?: string | undefined; environment?: string | undefined; state?: CheckState | undefined }): Promise<WithState[]> {
  return db.query(
    `SELECT c.*, s.state, s.because, s.since, s.alerted, s.vantages AS seen FROM checks c JOIN check_states s ON s."check" = c.id
     WHERE ($1::text[] IS NULL OR c.app = ANY ($1)) AND ($2::text IS NULL OR c.app = $2) AND ($3::text IS NULL OR c.environment = $3) AND ($4::text IS NULL OR s.state = $4) ORDER BY c.name, c.id LIMIT 5000`,
    [filter.apps, filter.app ?? null, filter.environment ?? null, filter.state ?? null],
  )
}

/** The id of the one with this name in this place; null stands for none. */
export async function readNamed(db: Db, { name, app, environment }: { name: string; app: string | null; environment: string | null }): Promise<string | undefined> {
  return (await db.maybe<{ id: string }>('SELECT id FROM checks WHERE name = $1 AND app IS NOT DISTINCT FROM $2 AND environment IS NOT DISTINCT FROM $3 ORDER BY id LIMIT 1', [name, app, environment]))?.id
}

export async function readByToken(db: Db, token: string): Promise<CheckRowIn | undefined> {
  return db.maybe('SELECT * FROM checks WHERE token = $1', [token])
}

export async function readBySlug(db: Db, slug: string, app: string | null): Promise<CheckRowIn[]> {
  return db.query(`SELECT * FROM checks WHERE slug = $1 AND app IS NOT DISTINCT FROM $2 LIMIT 2`, [slug, app])
}

export async function countChecks(db: Db): Promise<number> {
  return (await db.one<{ n: number }>('SELECT count(*)::int AS n FROM checks')).n
}

export async function readWindows(db: Db): Promise<WindowRow[]> {
  return db.query('SELECT * FROM check_windows ORDER BY starts_at, id')
}

const pluginColumns = `name, digest, signature, added_by, added_at, octet_length(content) AS bytes, (SELECT count(*)::int FROM checks c WHERE c.kind = 'plugin' AND c.config->>'plugin' = p.name) AS used_by`

export async function readPlugins(db: Db): Promise<PluginRow[]> {
  return db.query(`SELECT ${pluginColumns} FROM check_plugins p ORDER BY name`)
}

export async function readPluginContent(db: Db, digest: string): Promise<Buffer | undefined> {
  return (await db.maybe<{ content: Buffer }>('SELECT content FROM check_plugins WHERE digest = $1', [digest]))?.content
}

export async function alertIdOf(db: Db, target: string): Promise<string | undefined> {
  return (await db.maybe<{ id: string }>('SELECT id FROM alerts WHERE target = $1 AND cleared_at IS NULL', [target]))?.id
}

// ---------------------------------------------------------------- views

export function checkView(row: WithState): Check {
  const seen = Object.entries(row.seen).sort(([a], [b]) => a.localeCompare(b))
  return {
    id: row.id, name: row.name, kind: row.kind, config: row.config, secrets: row.secrets === null ? [] : secretFields(row.kind),
    everyMs: row.every_ms, timeoutMs: row.timeout_ms, retries: row.retries, from: row.vantages, quorum: row.quorum, criteria: row.criteria, severity: row.severity,
    app: row.app, environment: row.environment, service: row.service, needs: row.needs, declared: row.declared, confined: row.confined, pausedBy: row.paused_by,
    state: row.state, because: row.because, since: row.since.toISOString(), createdAt: row.created_at.toISOString(),
    vantages: seen.map(([vantage, { status, message, at, durationMs, failures, metrics }]) => ({ vantage, status, message, at: new Date(at).toISOString(), durationMs, failures, metrics })),
  }
}

const slotMs = 30 * 60_000
const stripSlots = 48
const sparkPoints = 24
export const pointMs = 5 * 60_000

/** Rows of the list: with the worst state of each half hour of a day, and the latency of two hours. */
export async function withStrips(db: Db, rows: readonly WithState[], now: Date): Promise<CheckRow[]> {
  const ids = rows.map(({ id }) => id)
  const end = Math.floor(now.getTime() / slotMs + 1) * slotMs
  const start = end - stripSlots * slotMs
  const segments = await db.query<{ check: string; state: CheckState; since: Date; until: Date | null }>(`SELECT "check", state, since, until FROM check_segments WHERE "check" = ANY ($1) AND (until IS NULL OR until > $2)`, [ids, new Date(start)])
  const lastPoint = Math.floor(now.getTime() / pointMs) * pointMs
  const points = await db.query<{ check: string; at: Date; avg: number }>(`SELECT "check", at, sum_ms / runs AS avg FROM check_points WHERE "check" = ANY ($1) AND at > $2 AND at <= $3`, [ids, new Date(lastPoint - sparkPoints * pointMs), new Date(lastPoint)])
  const strips = new Map(ids.map((id) => [id, new Array<CheckState | null>(stripSlots).fill(null)]))
  for (const segment of segments) {
    const strip = strips.get(segment.check)
    const last = Math.ceil(((segment.until ?? now).getTime() - start) / slotMs)
    for (let slot = Math.max(0, Math.floor((segment.since.getTime() - start) / slotMs)); strip && slot < Math.min(stripSlots, last); slot++) {
      const before = strip[slot] ?? null
      if (before === null || graveness.indexOf(segment.state) < graveness.indexOf(before)) strip[slot] = segment.state
    }
  }
  const sparks = new Map(ids.map((id) => [id, new Array<number | null>(sparkPoints).fill(null)]))
  for (const { check, at, avg } of points) {
    const spark = sparks.get(check)
    if (spark) spark[sparkPoints - 1 - Math.round((lastPoint - at.getTime()) / pointMs)] = Math.round(avg * 10) / 10
  }
  return rows.map((row) => ({ ...checkView(row), strip: strips.get(row.id) ?? [], spark: sparks.get(row.id) ?? [] }))
}

/** States that are no time of watching. */
const unwatched: readonly CheckState[] = ['paused', 'maintenance', 'unknown', 'pending']

export async function readHistory(db: Db, id: string, since: Date, now: Date): Promise<CheckHistory> {
  const [segments, points, results] = await Promise.all([
    db.query<{ state: CheckState; because: string; since: Date; until: Date | null }>(`SELECT state, because, since, until FROM check_segments WHERE "check" = $1 AND (until IS NULL OR until > $2) ORDER BY since DESC LIMIT 1000`, [id, since]),
    db.query<{ at: Date; runs: number; failed: number; sum_ms: number; max_ms: number }>(`SELECT at, runs, failed, sum_ms, max_ms FROM check_points WHERE "check" = $1 AND at >= $2 ORDER BY at`, [id, since]),
    db.query<{ at: Date; vantage: string; status: 'ok' | 'warn' | 'err'; message: string; duration_ms: number }>(`SELECT at, vantage, status, message, duration_ms FROM check_results WHERE "check" = $1 AND at >= $2 ORDER BY at DESC, id DESC LIMIT 200`, [id, since]),
  ])
  let [watchedMs, upMs] = [0, 0]
  for (const segment of segments) {
    if (unwatched.includes(segment.state)) continue
    const ms = (segment.until ?? now).getTime() - Math.max(since.getTime(), segment.since.getTime())
    watchedMs += ms
    if (segment.state === 'up' || segment.state === 'warn') upMs += ms
  }
  return {
    segments: segments.map((one) => ({ ...one, since: one.since.toISOString(), until: one.until?.toISOString() ?? null })),
    points: points.map(({ at, runs, failed, sum_ms, max_ms }) => ({ at: at.toISOString(), runs, failed, avgMs: Math.round((sum_ms / runs) * 10) / 10, maxMs: Math.round(max_ms * 10) / 10 })),
    results: results.map(({ duration_ms, at, ...one }) => ({ ...one, at: at.toISOString(), durationMs: duration_ms })),
    uptime: watchedMs > 0 ? upMs / watchedMs : null,
  }
}

export function windowView(row: WindowRow, now: Date): MaintenanceWindow {
  return { id: row.id, title: row.title, checks: row.checks, apps: row.apps, from: row.starts_at.toISOString(), until: row.ends_at.toISOString(), repeat: row.repeat, timezone: row.timezone, active: isOpen(row, now), by: row.by_name }
}

export function pluginView(row: PluginRow): Plugin {
  return { name: row.name, digest: row.digest, bytes: row.bytes, addedBy: row.added_by, addedAt: row.added_at.toISOString(), usedBy: row.used_by }
}

/** `app/environment` of every environment that exists. */
export async function servedEnvironments(db: Db): Promise<Set<string>> {
  return new Set((await db.query<{ place: string }>(`SELECT app || '/' || name AS place FROM environments`)).map(({ place }) => place))
}
