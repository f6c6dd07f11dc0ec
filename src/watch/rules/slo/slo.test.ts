import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { openSecretBox } from '#base/secretbox.ts'
import { manifestSchema } from '#contract/manifest.ts'
import { latencyBucketsMs } from '#contract/wire.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { openApps } from '#run/apps/service.ts'
import { createRelease } from '#run/releases/commands.ts'
import { setActiveRelease } from '#run/apps/commands.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { ingestTraffic } from '#watch/traffic/service.ts'
import { type Counts, budgetLeft, burnRate, burning, exhaustedInMs, leastBad, pairs, windowMs } from './burn.ts'
import { slowerThan, sumsOf } from './count.ts'
import { slosTurn } from './loop.ts'
import { manifestSlos } from './model.ts'
import { listSlos, putSlo, removeSlo, trySlo } from './service.ts'
import { thinSums } from './store.ts'

const minute = 60_000
const caller: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }

/** Requests and failures a minute, newest last. */
const history = fc.array(fc.record({ total: fc.integer({ min: 0, max: 50 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }).map(({ total, share }) => ({ total, bad: Math.round(total * share) })), { minLength: 1, maxLength: 500 })
const names = Object.keys(windowMs) as (keyof typeof windowMs)[]
const lastOf = (minutes: readonly { total: number; bad: number }[], ms: number) => minutes.slice(Math.max(0, minutes.length - ms / minute)).reduce((sum, one) => ({ total: sum.total + one.total, bad: sum.bad + one.bad }), { total: 0, bad: 0 })
const countsOf = (minutes: readonly { total: number; bad: number }[]): Counts => ({ ...(Object.fromEntries(names.map((name) => [name, lastOf(minutes, windowMs[name])])) as Record<keyof typeof windowMs, { total: number; bad: number }>), whole: lastOf(minutes, minutes.length * minute) })

describe('the error budget', () => {
  test('sums from the beginning give every window by a difference', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 500 }), (minutes, window) => {
        const sums = sumsOf({ total: 7, bad: 3 }, minutes.map((one, nth) => ({ ...one, atMs: (nth + 1) * minute })))
        const at = (ms: number) => sums.findLast(({ atMs }) => atMs <= ms) ?? { total: 7, bad: 3 }
        const [now, then] = [at(minutes.length * minute), at((minutes.length - window) * minute)]
        assert.deepEqual({ total: now.total - then.total, bad: now.bad - then.bad }, lastOf(minutes, window * minute))
      }),
    )
  })

  test('a burn rate of b for the whole window uses b budgets, and exhaustion is when the rest is used at this pace', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.9, max: 0.9999, noNaN: true }), (total, share, target) => {
        const count = { total, bad: total * share }
        assert.ok(Math.abs(1 - budgetLeft(count, target) - burnRate(count, target)) < 1e-6)
        const left = exhaustedInMs(0.5, count, target, 1000)
        assert.ok(left === null ? burnRate(count, target) <= 1 : Math.abs((left / 1000) * burnRate(count, target) - 0.5) < 1e-6)
      }),
    )
  })

  test('alerts are exactly the pairs of windows that both burn, with data for the long one and enough that was bad', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(0.9, 0.99, 0.999), fc.constantFrom('page', 'ticket' as const), fc.integer({ min: 0, max: 5000 }), (minutes, target, level, countedMinutes) => {
        const counts = countsOf(minutes)
        const naive = pairs.filter((pair) => {
          const [long, short] = [lastOf(minutes, windowMs[pair.long]), lastOf(minutes, windowMs[pair.short])]
          const tooFast = (one: { total: number; bad: number }) => one.total > 0 && one.bad / one.total / (1 - target) >= pair.factor
          return pair.level === level && countedMinutes * minute >= windowMs[pair.long] && long.bad >= leastBad && tooFast(long) && tooFast(short)
        })
        assert.equal(burning(counts, target, countedMinutes * minute, level as 'page' | 'ticket'), naive[0] ?? null)
      }),
      { numRuns: 500 },
    )
  })

  test('answers slower than a bound are those of the buckets above it', () => {
    const buckets = fc.array(fc.nat(50), { minLength: latencyBucketsMs.length + 1, maxLength: latencyBucketsMs.length + 1 })
    fc.assert(fc.property(buckets, fc.integer({ min: 0, max: latencyBucketsMs.length - 1 }), (latency, bound) => assert.equal(slowerThan(latency, latencyBucketsMs[bound] as number), latency.slice(bound + 1).reduce((sum, one) => sum + one, 0))))
    assert.equal(slowerThan([0, 0, 0, 0, 0, 0, 0, 0, 100], 350), 50, 'half of those between 200 and 500 ms')
  })
})

test('the SLO of a manifest is that of production; another environment has what it says itself', () => {
  const manifest = manifestSchema.parse({ services: { web: { slo: { p99: '300ms' } } }, slo: { availability: '99.9%', p99: '500ms', window: '28d' }, environments: { staging: { slo: { availability: '99%' } } } })
  assert.deepEqual(manifestSlos('shop', 'production', manifest).map(({ service, spec }) => [service, spec]), [['', { alerts: true, windowMs: 28 * 86_400_000, availability: 0.999, p99Ms: 500 }], ['web', { alerts: true, windowMs: 30 * 86_400_000, p99Ms: 300 }]])
  assert.deepEqual(manifestSlos('shop', 'staging', manifest).map(({ service, spec }) => [service, spec]), [['', { alerts: true, windowMs: 30 * 86_400_000, availability: 0.99 }]])
  assert.deepEqual(manifestSlos('shop', 'preview', manifest), [])
  assert.equal(manifestSchema.safeParse({ services: { web: {} }, slo: { availability: '100%' } }).success, false)
  assert.equal(manifestSchema.safeParse({ services: { web: {} }, slo: { window: '30d' } }).success, false)
})

async function withShop(work: (db: Database) => Promise<void>): Promise<void> {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    const command = { app: 'shop', environment: 'production', actor: caller.actor, now: new Date(start) }
    await openApps({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')) }).create(command)
    await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:1', '{}', '{}', now())`)
    const manifest = manifestSchema.parse({ services: { web: {}, api: { slo: { availability: '99%' } } }, slo: { availability: '99.9%', p99: '500ms' } })
    await db.transaction(async (tx) => {
      await createRelease(tx, { ...command, artifactId: 'slug:1', manifest, manifestSource: 'test', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null })
      await setActiveRelease(tx, 'shop', 'production', 1)
    })
    await work(db)
  } finally {
    await db.close()
  }
}

const start = Math.floor(Date.now() / minute) * minute - 20 * 60 * minute
const at = (minutes: number) => new Date(start + minutes * minute)

async function traffic(db: Database, minutes: number, { service = 'web', from = null as string | null, good = 0, bad = 0, slow = 0 } = {}): Promise<void> {
  const latency = latencyBucketsMs.map(() => 0).concat(0)
  latency[3] = good + bad - slow
  latency[10] = slow
  const status = { '1xx': 0, '2xx': good, '3xx': 0, '4xx': 0, '5xx': bad, aborted: 0, failed: 0 }
  const begin = at(minutes)
  await ingestTraffic(db, { id: `${minutes}${service}${from}${good}${bad}${slow}`, machine: 'm1', from: begin.toISOString(), to: new Date(begin.getTime() + 9000).toISOString(), counts: [{ key: `k${service}${from}`, app: 'shop', environment: 'production', service, from, requests: good + bad, connections: 0, bytesIn: 1, bytesOut: 1, status, latency, releases: [] }] } as never, at(minutes + 1))
}

test('what callers see is counted, and a budget that burns too fast raises one alert until it does not', () =>
  withShop(async (db) => {
    for (let minutes = 0; minutes < 90; minutes++) await traffic(db, minutes, { good: 100 })
    for (let minutes = 0; minutes < 90; minutes++) await traffic(db, minutes, { service: 'api', from: 'web', good: 10 })
    await slosTurn(db, at(90))
    const [whole, api] = await listSlos(db, { apps: null }, at(90))
    assert.deepEqual([whole?.service, whole?.origin, whole?.objectives.map(({ kind, total, bad, budgetLeft: left }) => [kind, total, bad, left])], [null, 'manifest', [['availability', 8900, 0, 1], ['latency', 8900, 0, 1]]], 'the last minute is not complete yet')
    assert.deepEqual([api?.service, api?.objectives[0]?.total], ['api', 890], 'a service counts all its callers')
    assert.deepEqual(await listSlos(db, { apps: ['blog'] }, at(90)), [])

    for (let minutes = 90; minutes < 120; minutes++) await traffic(db, minutes, { good: 90, bad: 10 })
    await slosTurn(db, at(120))
    await slosTurn(db, at(121))
    const open = await listAlerts(db, { apps: null, open: true, limit: 10 })
    assert.deepEqual(open.map(({ target, severity, app, service }) => [target, severity, app, service]), [['rule:slo:shop/production/*:availability:page', 'critical', 'shop', null]])
    assert.match(open[0]?.because ?? '', /% of \d+ requests failed in 1 h and 10 % of 500 in 5 min: the error budget burns .* times too fast; nothing of it is left/)
    assert.equal((await listSlos(db, { apps: null }, at(121)))[0]?.objectives[0]?.firing, 'critical')

    for (let minutes = 121; minutes < 190; minutes++) await traffic(db, minutes, { good: 100 })
    await slosTurn(db, at(180))
    await slosTurn(db, at(186))
    assert.deepEqual(await listAlerts(db, { apps: null, open: true, limit: 10 }), [])
  }))

test('slow answers burn the budget of latency, and what comes late is still counted', () =>
  withShop(async (db) => {
    for (let minutes = 0; minutes < 100; minutes++) await traffic(db, minutes, { good: 50 })
    await slosTurn(db, at(100))
    await traffic(db, 80, { good: 40, slow: 40 })
    await slosTurn(db, at(101))
    const latency = (await listSlos(db, { apps: null }, at(101)))[0]?.objectives[1]
    assert.deepEqual([latency?.bad, latency?.total, latency?.thresholdMs], [40, 5040, 500])
    assert.ok(Math.abs((latency?.budgetLeft ?? 0) - (1 - 40 / 50.4)) < 1e-9)
  }))

test('thinned sums answer the same for whole hours, and long windows stay right', () =>
  withShop(async (db) => {
    for (let minutes = 0; minutes < 600; minutes += 7) await traffic(db, minutes, { good: 10, bad: minutes % 3 })
    await slosTurn(db, at(600))
    const before = (await listSlos(db, { apps: null }, at(600)))[0]?.objectives[0]
    assert.ok((await thinSums(db, at(600 - 420), at(-1e6))) > 10)
    const after = (await listSlos(db, { apps: null }, at(600)))[0]?.objectives[0]
    assert.deepEqual([after?.total, after?.bad, after?.burn], [before?.total, before?.bad, before?.burn])
    assert.equal(await thinSums(db, at(600 - 420), at(-1e6)), 0, 'twice is once')
  }))

test('people set an SLO over the manifest, and take it away again', () =>
  withShop(async (db) => {
    await putSlo(db, { app: 'shop', environment: 'production', service: 'web' }, { availability: 0.95, windowMs: 7 * 86_400_000, alerts: true }, caller, at(1))
    await putSlo(db, { app: 'shop', environment: 'production', service: 'api' }, { availability: 0.95, windowMs: 7 * 86_400_000, alerts: true }, caller, at(1))
    assert.deepEqual((await listSlos(db, { apps: null }, at(1))).map(({ service, origin, declared }) => [service, origin, declared]), [[null, 'manifest', true], ['api', 'own', true], ['web', 'own', false]])
    await removeSlo(db, { app: 'shop', environment: 'production', service: 'api' }, caller, at(1))
    assert.deepEqual((await listSlos(db, { apps: null }, at(1))).map(({ service, origin }) => [service, origin]), [[null, 'manifest'], ['api', 'manifest'], ['web', 'own']])
    await assert.rejects(removeSlo(db, { app: 'shop', environment: 'production', service: 'api' }, caller, at(1)), /shop\/api has no SLO that was set by people/)
    await assert.rejects(putSlo(db, { app: 'shop', environment: 'production', service: 'wbe' }, { availability: 0.9, windowMs: 7 * 86_400_000, alerts: true }, caller, at(1)), /shop has no service "wbe" \(did you mean web\?\)/)
    const events = await db.query<{ summary: string }>(`SELECT summary FROM events WHERE kind = 'slo.changed' ORDER BY id`)
    assert.equal(events[0]?.summary, 'rosa set the SLO of shop/web: 95 % available over 7 days')
  }))

test('an SLO whose alerts are off is counted, its alert is over at once, and comes back when they are on', () =>
  withShop(async (db) => {
    const place = { app: 'shop', environment: 'production', service: '' }
    const spec = { availability: 0.999, windowMs: 30 * 86_400_000, alerts: true }
    const open = async () => (await listAlerts(db, { apps: null, open: true, limit: 10 })).length
    for (let minutes = 0; minutes < 90; minutes++) await traffic(db, minutes, { good: 90, bad: 10 })
    await putSlo(db, place, spec, caller, at(90))
    await slosTurn(db, at(90))
    assert.equal(await open(), 1)
    await putSlo(db, place, { ...spec, alerts: false }, caller, at(90))
    await slosTurn(db, at(90))
    assert.equal(await open(), 0)
    const [muted] = await listSlos(db, { apps: null, app: 'shop' }, at(90))
    assert.deepEqual([muted?.alerts, muted?.declared, muted?.objectives[0]?.bad, muted?.objectives[0]?.firing], [false, true, 890, null])
    await putSlo(db, place, spec, caller, at(90))
    await slosTurn(db, at(90))
    assert.equal(await open(), 1)
  }))

test('an SLO is tried on what callers saw, of this place alone, and nothing is kept of it', () =>
  withShop(async (db) => {
    for (let minutes = 0; minutes < 90; minutes++) await traffic(db, minutes, { good: 100, bad: minutes >= 70 ? 20 : 0 })
    for (let minutes = 0; minutes < 90; minutes++) await traffic(db, minutes, { service: 'api', from: 'web', good: 10, slow: 5 })
    const spec = { availability: 0.999, p99Ms: 500, windowMs: 30 * 86_400_000, alerts: true }
    const whole = await trySlo(db, { app: 'shop', environment: 'production', service: '' }, spec, at(91))
    assert.deepEqual(whole.objectives.map(({ kind, total, bad }) => [kind, total, bad]), [['availability', 9400, 400], ['latency', 9400, 0]])
    assert.deepEqual(whole.objectives[0]?.fired.map(({ severity, to }) => [severity, to]), [['critical', null]])
    const api = await trySlo(db, { app: 'shop', environment: 'production', service: 'api' }, spec, at(91))
    assert.deepEqual(api.objectives.map(({ total, bad }) => [total, bad]), [[900, 0], [900, 450]])
    await assert.rejects(trySlo(db, { app: 'shop', environment: 'production', service: 'wbe' }, spec, at(91)), /no service "wbe"/)
    assert.deepEqual((await listSlos(db, { apps: null }, at(91))).map(({ origin }) => origin), ['manifest', 'manifest'])
  }))
