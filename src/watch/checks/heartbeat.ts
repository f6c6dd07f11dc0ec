/** What a job tells: began, ended well, failed, or just something. Becomes a result of the vantage point `push`. */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { newId } from '#base/ids.ts'
import { formatDuration } from '#base/units.ts'
import { checkKindSpecs } from '#contract/check-kinds.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { unknownApps } from '#run/apps/read.ts'
import { type CheckRowIn, type Seen, pushVantage } from './model.ts'
import { readBySlug, readByToken, readChecks } from './read.ts'
import { settle } from './settle.ts'
import * as store from './store.ts'

export type Ping = { action: 'success' | 'start' | 'fail' | 'log'; exitCode?: number | undefined; rid: string; /** Read only once the check is known: a stranger must not keep us waiting for it. */ body: () => Promise<string>; /** of Uptime Kuma's shape */ pingMs?: number | undefined }
export type PingAnswer = 'ok' | 'created' | 'unknown' | 'ambiguous' | 'limited'

const mostStarted = 20
const maxSlugged = 200

/** The key of `/ping/<key>/<slug>`: one for an app's checks, one for those of none. Made from the secret key, so that no table holds it. */
export function pingKey(secret: string, app: string | null): string {
  const mac = createHmac('sha256', secret).update(`ping key of ${app ?? ''}`).digest('base64url').slice(0, 22)
  return app === null ? mac : `${app}.${mac}`
}

/** The app of a key (null: none); undefined for a wrong one. */
export function appOfKey(secret: string, key: string): string | null | undefined {
  const dot = key.lastIndexOf('.')
  const app = dot < 0 ? null : key.slice(0, dot)
  const right = Buffer.from(pingKey(secret, app))
  const given = Buffer.from(key)
  return right.length === given.length && timingSafeEqual(right, given) ? app : undefined
}

export async function pingByToken(db: Database, token: string, ping: Ping, now: Date): Promise<PingAnswer> {
  const row = await readByToken(db, token)
  if (row === undefined) return 'unknown'
  await tell(db, row, ping, now)
  return 'ok'
}

/** `create`: a slug that is not known makes a check of one day, as Healthchecks does. */
export async function pingBySlug(db: Database, secret: string, { key, slug, create }: { key: string; slug: string; create: boolean }, ping: Ping, now: Date): Promise<PingAnswer> {
  const app = appOfKey(secret, key)
  if (app === undefined || !/^[a-z0-9][a-z0-9_-]{0,59}$/.test(slug)) return 'unknown'
  const rows = await readBySlug(db, slug, app)
  if (rows.length > 1) return 'ambiguous'
  if (rows[0] !== undefined) {
    await tell(db, rows[0], ping, now)
    return 'ok'
  }
  if (!create || (app !== null && (await unknownApps(db, [app])).length > 0)) return 'unknown'
  const row = await provision(db, app, slug, now)
  if (row === null) return 'limited'
  await tell(db, row, ping, now)
  return 'created'
}

async function provision(db: Database, app: string | null, slug: string, now: Date): Promise<CheckRowIn | null> {
  const actor: Actor = { kind: 'system', name: 'ping' }
  const config = checkKindSpecs.heartbeat.config.parse({ slug, grace: '1h' })
  const row: CheckRowIn = { id: newId('chk', now), name: slug, kind: 'heartbeat', config, secrets: null, every_ms: 86_400_000, timeout_ms: 10_000, retries: 0, vantages: ['control'], quorum: null, criteria: [], severity: 'critical', app, environment: app === null ? null : 'production', service: null, needs: [], declared: false, confined: true, paused_by: null, token: randomUUID(), slug, created_at: now }
  return db.transaction(async (tx) => {
    await store.lockStates(tx)
    const slugged = (await readChecks(tx)).filter((each) => each.slug !== null && each.app === app)
    if (slugged.length >= maxSlugged) return null
    const twin = slugged.find((each) => each.slug === slug)
    if (twin) return twin
    await store.insertCheck(tx, row)
    await record(tx, { at: now, kind: 'check.created', actor, app, environment: row.environment, summary: `a ping made the check ${slug}`, data: { check: row.id, kind: row.kind } })
    return row
  })
}

async function tell(db: Database, row: CheckRowIn, ping: Ping, now: Date): Promise<void> {
  if (row.paused_by !== null && ping.action !== 'log') return
  const words = (await ping.body()).replaceAll(/[\p{Cc}\s]+/gu, ' ').trim().slice(0, 200)
  if (ping.action === 'log') return db.transaction((tx) => store.insertResults(tx, [{ check: row.id, at: now.toISOString(), vantage: pushVantage, status: 'ok', message: words || 'log', duration_ms: 0 }]))
  const begunAt = await noteStart(db, row.id, ping, now)
  if (ping.action === 'start') return void (await settle(db, [], now))
  const tookMs = ping.pingMs ?? (begunAt === null ? 0 : now.getTime() - begunAt)
  const isFailed = ping.action === 'fail'
  const message = isFailed ? (ping.exitCode === undefined ? words || 'it said that it failed' : `it ended with ${ping.exitCode}${words === '' ? '' : `: ${words}`}`) : words || (begunAt === null ? 'it ran' : `it ran for ${formatDuration(tookMs)}`)
  await settle(db, [{ check: row.id, vantage: pushVantage, at: now.toISOString(), status: isFailed ? 'err' : 'ok', message, durationMs: tookMs, metrics: ping.exitCode === undefined ? [] : [{ name: 'exit_code', value: ping.exitCode }] }], now)
}

/** Remembers a start by its `rid`, or takes it away at its end. A time when there was a start. */
async function noteStart(db: Database, id: string, { action, rid }: Ping, now: Date): Promise<number | null> {
  return db.transaction(async (tx: Db) => {
    await store.lockStates(tx)
    const row = (await readChecks(tx, [id])).find((each) => each.id === id)
    const seen = row?.seen[pushVantage]
    const started = { ...seen?.started }
    const begun = started[rid] ?? null
    if (action === 'start' && Object.keys(started).length < mostStarted) started[rid] = now.getTime()
    else if (action !== 'start') delete started[rid]
    if (row === undefined || (action !== 'start' && begun === null)) return begun
    const blank: Seen = { status: 'ok', message: 'it began', at: now.getTime(), failingSince: null, failures: 0, durationMs: 0, metrics: [] }
    await store.writeSeen(tx, new Map([[id, { ...row.seen, [pushVantage]: { ...(seen ?? blank), started } }]]))
    return begun
  })
}
