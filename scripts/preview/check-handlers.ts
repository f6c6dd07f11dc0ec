/** Checks as a shop has them: one down, what it explains, one that warns, heartbeats, a window. */
import { AppError } from '#base/errors.ts'
import { controlKinds, machineKinds } from '#contract/check-kinds.ts'
import { type Check, type CheckHistory, type CheckRow, type CheckState, type MaintenanceWindow, kindViews } from '#contract/checks.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { isCrowd } from './crowd.ts'
import { noise, pick } from './noise.ts'
import type { World } from './world.ts'

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const minute = 60_000

function check(id: string, name: string, state: CheckState, because: string, more: Partial<Check> = {}): Check {
  const isFailing = state === 'down' || state === 'suppressed'
  const vantages = state === 'pending' || state === 'paused' ? [] : [{ vantage: 'control', status: isFailing ? ('err' as const) : state === 'warn' ? ('warn' as const) : ('ok' as const), message: because, at: ago(12_000), durationMs: 84, failures: isFailing ? 31 : 0, metrics: [{ name: 'rt', value: 84, unit: 'ms' }] }]
  return { id: `chk_${id}`, name, kind: 'http', config: { url: 'https://shop.example.com/checkout', status: '200-399', method: 'GET' }, secrets: [], everyMs: 30_000, timeoutMs: 10_000, retries: 2, from: ['control'], quorum: null, criteria: [], severity: 'critical', app: 'shop', environment: 'production', service: 'web', needs: [], declared: false, confined: false, pausedBy: null, state, because, since: ago(state === 'up' ? 9 * 24 * 60 * minute : 16 * minute), createdAt: ago(40 * 24 * 60 * minute), vantages, ...more }
}

function samples(): Check[] {
  return [
    check('checkout', 'checkout', 'up', '200 OK', { declared: true, confined: true, config: { url: '/checkout', status: '200-399', body: 'Pay' } }),
    check('search', 'search answers', 'down', 'answered 503 Service Unavailable, not 200-399: no index', { app: 'search', needs: ['chk_index'] }),
    check('suggest', 'suggestions', 'suppressed', 'search answers, which it depends on, is down; no answer within 10000 ms', { app: 'search', service: null }),
    check('certificate', 'shop.example.com', 'warn', 'the certificate of shop.example.com ends in 12 days, on 2026-12-10', { kind: 'tls', everyMs: 3_600_000, config: { address: 'shop.example.com:443', warn: 21, err: 7 }, service: null }),
    check('backup', 'nightly backup', 'up', 'it ran for 4 min 12 s', { kind: 'heartbeat', everyMs: 86_400_000, retries: 0, config: { grace: '30m', slug: 'backup', schedule: '30 2 * * *', timezone: 'Europe/Berlin' }, app: null, environment: null, service: null }),
    check('load', 'load of heron', 'up', 'LOAD OK - total load average: 0.31, 0.22, 0.19', { kind: 'plugin', from: ['machine:heron'], config: { plugin: 'check_load', args: ['-w', '4', '-c', '8'] }, criteria: ['load1 GT 4 warn'], app: null, environment: null, service: null }),
    check('db', 'jobs waiting', 'up', '1 row, the first value is 14', { kind: 'postgres', secrets: ['password'], config: { host: 'db', port: 5432, user: 'ro', query: 'SELECT count(*) FROM jobs' }, service: 'db' }),
    check('ping', 'office line', 'paused', 'rosa paused it', { kind: 'ping', pausedBy: 'rosa', config: { host: 'office.example.com', count: 3 }, app: null, environment: null, service: null }),
  ]
}

/** One for each of many services, and a certificate for each that is called from outside. */
function crowdChecks({ apps }: World['scene']): Check[] {
  return apps.flatMap(({ detail: { name: app, services } }) =>
    services.flatMap(({ name: service, health, because, urls }): Check[] => {
      const state = health === 'down' ? 'down' : health === 'degraded' ? 'warn' : 'up'
      const of = { app, service, config: { url: `https://${app}.example.com/${service}/up`, status: '200-399' } }
      const days = Math.floor(90 * pick(`${app}.tls`, 0, 1))
      return [
        check(`${app}_${service}`, `${app} ${service} answers`, state, state === 'up' ? '200 OK' : because, of),
        ...(urls.length === 0 ? [] : [check(`${app}_tls`, `${app}.example.com`, days < 4 ? 'warn' : 'up', `the certificate of ${app}.example.com ends in ${days} days`, { ...of, kind: 'tls', everyMs: 3_600_000, config: { address: `${app}.example.com:443`, warn: 21, err: 7 } })]),
      ]
    }),
  )
}

const worse: Partial<Record<CheckState, CheckState>> = { down: 'down', warn: 'warn', suppressed: 'suppressed', paused: 'paused' }

function rowOf(one: Check): CheckRow {
  const strip = Array.from({ length: 48 }, (_, nth): CheckState => (nth === 47 ? (worse[one.state] ?? 'up') : one.id === 'chk_search' && nth === 20 ? 'down' : one.state === 'paused' ? 'paused' : 'up'))
  return { ...one, strip, spark: Array.from({ length: 24 }, (_, nth) => Math.round(60 + 50 * noise(one.id, nth * 300_000, 900_000))) }
}

function historyOf(one: Check, hours: number): CheckHistory {
  const step = 300_000
  const now = Math.floor(Date.now() / step) * step
  const count = Math.min(hours * 12, 400)
  const points = Array.from({ length: count }, (_, nth) => ({ at: new Date(now - (count - 1 - nth) * step).toISOString(), runs: 10, failed: 0, avgMs: 60 + 50 * noise(one.id, nth * step, 900_000), maxMs: 130 + 90 * noise(`${one.id}.max`, nth * step, 900_000) }))
  const before = { state: 'up' as const, because: '200 OK', since: ago(13 * 60 * minute), until: one.since }
  const segments = one.state === 'up' ? [{ state: one.state, because: one.because, since: one.since, until: null }] : [{ state: one.state, because: one.because, since: one.since, until: null }, before]
  return { segments, points, results: one.vantages.map((seen) => ({ at: one.since, vantage: seen.vantage, status: seen.status, message: seen.message, durationMs: seen.durationMs })), uptime: one.state === 'down' ? 0.9889 : 1 }
}

export function checkHandlers(world: World): Handlers {
  const all = world.scene.apps.length === 0 ? [] : isCrowd(world.name) ? crowdChecks(world.scene) : samples()
  const find = (which: string): Check => {
    const found = all.find((one) => one.id === which || one.name === which)
    if (!found) throw new AppError('not-found', `there is no check "${which}" (see: nightshift checks)`)
    return found
  }
  const windows: MaintenanceWindow[] = [
    { id: 'win_line', title: 'new line in the office', checks: ['chk_ping'], apps: [], from: ago(20 * minute), until: ago(-40 * minute), repeat: 'once', timezone: 'UTC', active: true, by: 'rosa' },
    { id: 'win_move', title: 'database move', checks: ['chk_checkout', 'chk_db'], apps: ['search'], from: ago(-9 * 60 * minute), until: ago(-10 * 60 * minute), repeat: 'weekly', timezone: 'Europe/Berlin', active: false, by: 'rosa' },
  ]
  return {
    'checks.kinds': async () => kindViews(machineKinds, controlKinds),
    'checks.list': async ({ query }) => all.filter((one) => query.app === undefined || one.app === query.app).map(rowOf),
    'checks.read': async ({ params }) => {
      const one = find(params.check)
      const ping = one.kind === 'heartbeat' ? { url: 'https://nightshift.example.com/ping/5b1b2c3d-0000-4000-8000-000000000001', slugUrl: 'https://nightshift.example.com/ping/kN2v8s0Qw3Xy7Zb1Lp4RtA/backup', pushUrl: 'https://nightshift.example.com/api/push/5b1b2c3d-0000-4000-8000-000000000001' } : null
      return { ...one, ping, dueAt: ping === null ? null : ago(-7 * 60 * minute), needNames: [], windows: [] }
    },
    'checks.history': async ({ params, query }) => historyOf(find(params.check), query.hours),
    'checks.create': async ({ body }) => (all.push(check(`made${all.length}`, body.name, 'pending', 'it has not run yet', { kind: body.kind, config: body.config })), all.at(-1) as Check),
    'checks.update': async ({ params, body }) => Object.assign(find(params.check), body.name === undefined ? {} : { name: body.name }, body.config === undefined ? {} : { config: body.config }),
    'checks.test': async () => ({ status: 'ok', message: '200 OK', durationMs: 84.2, metrics: [{ name: 'code', value: 200 }, { name: 'rt', value: 84.2, unit: 'ms' }] }),
    'checks.delete': async ({ params }) => (all.splice(all.indexOf(find(params.check)), 1), {}),
    'checks.pause': async ({ params }) => Object.assign(find(params.check), { state: 'paused', because: 'rosa paused it', pausedBy: 'rosa' } as const),
    'checks.resume': async ({ params }) => Object.assign(find(params.check), { state: 'pending', because: 'it has not run yet', pausedBy: null } as const),
    'windows.list': async () => (all.length === 0 ? [] : windows),
    'windows.create': async ({ body }) => (windows.unshift({ ...body, id: `win_made${windows.length}`, active: Date.parse(body.from) <= Date.now(), by: 'rosa' }), windows[0] as MaintenanceWindow),
    'windows.delete': async ({ params }) => (windows.splice(windows.findIndex(({ id }) => id === params.window), 1), {}),
    'plugins.list': async () => [],
    'plugins.put': async () => Promise.reject(new AppError('internal', 'the preview does not do this')),
    'plugins.delete': async () => ({}),
  }
}
