import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EventKind, eventKinds } from '#contract/events.ts'
import { manifestSchema } from '#contract/manifest.ts'
import type { AppDetail, Machine } from '#contract/model.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { ingestTraffic } from '#watch/traffic/service.ts'
import { type PastRows, missingAt, pastApps, pastMachines } from './past.ts'
import { readMap } from './service.ts'

const manifest = manifestSchema.parse({ services: { web: { command: 'a', needs: { api: 'healthy' } }, api: { command: 'b' } } })
const row = (service: string, ordinal: number, newest: EventKind | null, more: Partial<PastRows['instances'][number]> = {}) => ({ id: `${service}${ordinal}`, app: 'shop', environment: 'production', service, ordinal, machine: 'm1', retired: false, newest, because: null, ...more })
const rows = (instances: PastRows['instances'], changing = false): PastRows => ({ releases: [{ app: 'shop', environment: 'production', number: 3, manifest, changing }], instances, lost: new Set(['m2']), machines: [{ name: 'm1' }, { name: 'm2' }] as Machine[] })
const healthOf = (instances: PastRows['instances'], changing = false) => pastApps(rows(instances, changing))[0]?.services.map(({ name, health, ready, wanted }) => `${name} ${health} ${ready}/${wanted}`)

test('a service was as the newest word on each of its instances', () => {
  assert.deepEqual(healthOf([row('web', 1, 'instance.ready'), row('web', 2, 'instance.exited'), row('api', 1, 'instance.held')]), ['web degraded 1/2', 'api down 0/1'])
  assert.deepEqual(healthOf([row('web', 1, 'instance.ready'), row('api', 1, 'instance.started')], true), ['web working 1/1', 'api working 0/1'])
  assert.deepEqual(healthOf([row('web', 1, 'instance.ready'), row('web', 9, 'instance.removed', { retired: true }), row('api', 1, 'instance.ready')]), ['web healthy 1/1', 'api healthy 1/1'])
})

test('the service that nobody declares but the manifest is open to the outside, and machines were lost or not', () => {
  const given = rows([row('web', 1, 'instance.ready')])
  assert.deepEqual(pastApps(given)[0]?.services.map(({ name, urls, needs }) => [name, urls.length, needs]), [['web', 1, ['api']], ['api', 0, []]])
  assert.deepEqual(pastMachines(given).map(({ name, state, instances }) => [name, state, instances]), [['m1', 'connected', 1], ['m2', 'lost', 0]])
})

test('whatever was told: no more ready than there are, every instance once, none that had gone', () => {
  const instance = fc.record({ service: fc.constantFrom('web', 'api'), newest: fc.option(fc.constantFrom(...eventKinds.filter((kind) => kind.startsWith('instance.'))), { nil: null }), retired: fc.boolean() })
  fc.assert(
    fc.property(fc.array(instance, { maxLength: 10 }), fc.boolean(), (given, changing) => {
      const instances = given.map((one, nth) => row(one.service, nth + 1, one.newest, { retired: one.retired }))
      for (const service of pastApps(rows(instances, changing))[0]?.services ?? []) {
        assert.ok(service.ready <= service.wanted && service.wanted <= given.length)
        const expected = instances.filter((one) => one.service === service.name && one.newest !== 'instance.stopped' && one.newest !== 'instance.vanished').map((one) => one.id)
        assert.deepEqual(service.instances.map((one) => one.id), expected)
      }
    }),
  )
})

test('what is not known of a moment is said', () => {
  const [noon, one] = [new Date('2026-03-01T12:00:00Z'), new Date('2026-03-01T13:00:00Z')]
  assert.deepEqual(missingAt(one, { journalSince: noon, trafficSince: noon, destroyed: [] }), [])
  assert.equal(missingAt(noon, { journalSince: one, trafficSince: null, destroyed: [{ app: 'blog', at: one }] }).length, 3)
})

test('the map of an hour ago is made of what was kept, and shows what came later to nobody', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const now = new Date()
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
  const note = (kind: EventKind, at: Date, more: object) => db.transaction((tx) => record(tx, { at, kind, actor: { kind: 'agent', name: 'm1' }, app: 'shop', environment: 'production', service: 'web', summary: kind, ...more }))
  try {
    await db.query("INSERT INTO apps VALUES ('shop', $1)", [ago(180)])
    await db.query("INSERT INTO environments (app, name, created_at, active_release) VALUES ('shop', 'production', $1, 2)", [ago(180)])
    await db.query("INSERT INTO artifacts VALUES ('slug:1', '{}', 1, '{}', $1)", [ago(180)])
    for (const [number, minutes] of [[1, 120], [2, 30]] as const) {
      await db.query("INSERT INTO releases VALUES ('shop', 'production', $1, 'slug:1', $2, '', '{}', '{}', '', null, null, 'me', $3)", [number, manifest, ago(minutes)])
      await db.query("INSERT INTO rollouts VALUES ($1, 'shop', 'production', $2, null, 'finished', '', '[]', $3, $4)", [`r${number}`, number, ago(minutes), ago(minutes - 1)])
    }
    for (const [id, release, made, gone] of [['ins_1', 1, 120, 29], ['ins_2', 2, 30, null]] as const) {
      await db.query("INSERT INTO instances (id, app, environment, kind, service, ordinal, release, machine, wanted, because, created_at, gone_at) VALUES ($1, 'shop', 'production', 'service', 'web', 1, $2, 'm1', 'run', '', $3, $4)", [id, release, ago(made), gone === null ? null : ago(gone)])
    }
    await note('instance.ready', ago(119), { instance: 'web.1', data: { id: 'ins_1' } })
    await note('instance.unhealthy', ago(61), { instance: 'web.1', data: { id: 'ins_1' } })
    await note('instance.ready', ago(50), { instance: 'web.1', data: { id: 'ins_1' } })
    const latency = Array.from({ length: 15 }, () => 0)
    latency[3] = 60
    await ingestTraffic(db, { machine: 'm1', id: 't1', from: ago(60.5).toISOString(), to: ago(60.4).toISOString(), counts: [{ key: 'route:1', app: 'shop', environment: 'production', service: 'web', from: null, requests: 60, status: { '1xx': 0, '2xx': 30, '3xx': 0, '4xx': 0, '5xx': 30, aborted: 0, failed: 0 }, latency, bytesIn: 1, bytesOut: 1, connections: 0, releases: [] }] }, ago(60))
    const map = (at: Date | null, apps: string[] | null = null) => readMap(db, async () => [] as AppDetail[], { at, apps, now })

    const then = await map(ago(60))
    assert.deepEqual([then.live, then.missing.length], [false, 0])
    assert.deepEqual(then.services.map((one) => [one.service, one.health, one.release, one.instances.map((each) => each.id)]), [['api', 'stopped', 1, []], ['web', 'down', 1, ['ins_1']]])
    assert.deepEqual(then.edges.map((edge) => [edge.from, edge.to, edge.requestRate, edge.errorShare]), [[null, 'web', 1, 0.5], ['web', 'api', 0, 0]])
    assert.deepEqual(then.marks.map((mark) => mark.kind), ['fault'])
    assert.deepEqual((await map(ago(40))).services.map((one) => one.health), ['stopped', 'degraded'], 'it is ready again, and needs what was never scaled')
    assert.deepEqual((await map(ago(10))).services.map((one) => [one.release, one.instances[0]?.id]), [[2, undefined], [2, 'ins_2']])
    const before = await map(ago(200))
    assert.equal(before.services.length, 0)
    assert.equal(before.missing.length, 2)
    assert.deepEqual((await map(ago(60), ['blog'])).services, [])
    await assert.rejects(() => map(new Date(now.getTime() + 60_000)), /is not in the past/)
    assert.equal((await map(null)).live, true)
  } finally {
    await db.close()
  }
})
