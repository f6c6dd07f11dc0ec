/** Every question of this floor, asked by a caller who is limited to one app, of a database where another app has something of each kind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { ruleSpecSchema, sloSpecSchema } from '#contract/alerting.ts'
import { dashboardSpecSchema } from '#contract/dashboards.ts'
import { type EndpointId, type EndpointSpec, endpoints } from '#contract/endpoints.ts'
import { createBell } from '#kernel/bell.ts'
import type { Caller, HandlerContext, Handlers } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import { machineRoutes } from '#run/machines/routes.ts'
import { until } from '#test/harness/wait.ts'
import { operator, secret, withChecks } from './checks/testing/world.ts'
import { batchOf, entry } from './logs/testing/log-corpus.ts'
import { saveSlo } from './rules/slo/store.ts'
import { openTraces } from './traces/service.ts'
import { openWatch } from './watch.ts'

const stranger: Caller = { actor: { kind: 'token', name: 'ci' }, access: 'deploy', apps: ['blog'] }
/** In whatever the other app has. */
const word = 'wombat'
const trace = 'a'.repeat(32)
const metric = 'queue_depth'

/** What an endpoint must be asked; the rest is asked nothing. */
const queries: Partial<Record<EndpointId, Record<string, string>>> = {
  'search.read': { q: word }, 'selectors.match': { query: 'app:* or service:* or check:* or instance:* or machine:*' }, 'metrics.query': { metric, fn: 'last' }, 'metrics.values': { metric, label: 'path' },
}

test('a caller who is limited to one app learns nothing of another, and changes nothing of it, by whatever it asks', () =>
  withChecks(async ({ db, checks, call: make }) => {
    const now = new Date()
    const log = createLogger({ process: 'test', level: 'silent' })
    const reach = { apiUrl: () => 'http://localhost:1', ingressUrl: () => 'http://localhost:2', httpsPort: () => null }
    const watch = openWatch({ db, box: openSecretBox(secret), log, reach, changed: createBell() })
    const handlers: Handlers = { ...watch.handlers, ...checks.handlers, ...machineRoutes({ db, choose: watch.choose }) }
    async function ask(id: EndpointId, input: { params?: object; query?: object; body?: object }, caller: Caller): Promise<unknown> {
      const spec: EndpointSpec = endpoints[id]
      const context: HandlerContext = { caller, now: new Date(), signal: new AbortController().signal, lastEventId: undefined, upload: undefined }
      return (handlers[id] as (input: object, context: HandlerContext) => unknown)({ params: input.params ?? {}, query: spec.query?.parse(input.query ?? {}), body: spec.body?.parse(input.body ?? {}) }, context)
    }
    try {
      const rule = ruleSpecSchema.parse({ title: word, measure: { metric, where: { app: 'shop' } }, condition: { kind: 'threshold', is: '>', value: 1 }, summary: word })
      const dashboard = dashboardSpecSchema.parse({ title: word, app: 'shop', rows: [[{ title: word, lines: [{ metric, fn: 'last' }] }]] })
      const check = await make<{ id: string }>('checks.create', { body: { name: word, kind: 'heartbeat', config: { slug: word }, app: 'shop', every: '1h' } })
      const window = await make<{ id: string }>('windows.create', { body: { title: word, checks: [check.id], from: now.toISOString(), until: new Date(now.getTime() + 60_000).toISOString() } })
      await ask('rules.put', { params: { rule: 'theirs' }, body: rule }, operator)
      await ask('dashboards.save', { params: { dashboard: 'theirs' }, body: dashboard }, operator)
      const drain = (await ask('drains.add', { body: { app: 'shop', url: `https://${word}.example.com/` } }, operator)) as { id: string }
      await saveSlo(db, { app: 'shop', environment: 'production', service: word }, sloSpecSchema.parse({ availability: 0.99 }), 'rosa', now)
      await watch.intake.logs([batchOf('a', 0, [entry(`${word} ${trace}`)])])
      watch.metrics.write([{ name: metric, labels: { app: 'shop', path: word }, kind: 'gauge', atMs: now.getTime(), value: 1 }])
      const traces = openTraces(db, watch.lines)
      traces.add([{ traceId: trace, spanId: '1'.repeat(16), parentId: null, app: 'shop', environment: 'production', service: word, instance: null, name: word, kind: 'server', status: 'error', byProxy: false, slow: true, atMs: now.getTime(), durationMs: 5, attributes: {}, events: [] }], now)
      assert.equal(await traces.write(now, true), 1)
      await until(async () => ((await ask('metrics.values', { query: queries['metrics.values'] as object }, operator)) as string[]).length === 1, { because: 'the sample is stored' })
      await db.query('INSERT INTO machines (name, facts, connected, last_seen_at) VALUES ($1, $2, true, now())', [`${word}-1`, { driver: 'simulated', version: '1', os: 'linux', cpus: 1, memoryBytes: 1, limits: [] }])
      const { lines } = (await ask('logs.list', {}, operator)) as { lines: { cursor: string }[] }

      const theirs: Record<string, string> = { check: check.id, window: window.id, rule: 'theirs', dashboard: 'theirs', id: drain.id, trace }
      const bodies: Partial<Record<EndpointId, object>> = { 'rules.put': rule, 'rules.mode': { mode: 'off' }, 'dashboards.save': { ...dashboard, app: 'blog' }, 'checks.update': { name: 'mine' } }
      const contextOf: Record<string, string> = { cursor: lines[0]?.cursor as string }
      const known = [word, check.id, drain.id, window.id]
      const seen = new Set<string>()
      for (const id of Object.keys(handlers) as EndpointId[]) {
        const spec: EndpointSpec = endpoints[id]
        if (spec.stream || spec.access === 'admin' || spec.path.includes('{app}')) continue // refused to this caller, or asked of an app it does not see: surfaces/api/stranger.test.ts
        const names = [...spec.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
        if (spec.method !== 'GET' && names.length === 0) continue // makes what is new
        const params = Object.fromEntries(names.map((name) => [name, theirs[name]]))
        const input = { params, query: id === 'logs.context' ? contextOf : (queries[id] ?? {}), body: bodies[id] ?? {} }
        const answer = (caller: Caller) => ask(id, input, caller).then((found) => JSON.stringify(found), (error: unknown) => error)
        const own = await answer(stranger)
        if (names.length > 0 || id === 'logs.context') assert.ok(isAppError(own, 'not-found') || isAppError(own, 'forbidden') || isAppError(own, 'conflict'), `${id}: ${String(own)}`)
        else assert.equal(typeof own, 'string', `${id}: ${String(own)}`)
        for (const one of known) if (typeof own === 'string') assert.ok(!own.includes(one), `${id} tells of ${one}: ${own}`)
        if (spec.method !== 'GET') continue
        const all = await answer(operator)
        if (typeof all === 'string' && known.some((one) => all.includes(one))) seen.add(id)
      }
      // there was something to be hidden
      for (const id of ['checks.list', 'checks.read', 'windows.list', 'rules.list', 'rules.read', 'dashboards.list', 'dashboards.read', 'drains.list', 'slos.list', 'logs.list', 'logs.context', 'logs.patterns', 'metrics.query', 'metrics.values', 'traces.list', 'traces.read', 'search.read', 'selectors.match', 'events.list', 'machines.list', 'map.read']) assert.ok(seen.has(id), id)
    } finally {
      await watch.close()
    }
  }))
