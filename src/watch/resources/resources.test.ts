import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import type { InstanceStat, StatBatch } from '#contract/wire.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { samplesOfStats } from '#watch/metrics/collect.ts'
import { newestStats, readResources } from './read.ts'
import { ingestStats } from './service.ts'
import { dropOldStats } from './store.ts'

async function withDatabase(work: (db: Database) => Promise<void>) {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    await work(db)
  } finally {
    await db.close()
  }
}

const now = new Date('2026-05-01T12:00:05Z')
const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000)
const stat = (instance: string, cpu: number, extra: Partial<InstanceStat> = {}): InstanceStat => ({ instance, app: 'shop', environment: 'production', service: 'web', name: 'web.1', cpu, memoryBytes: cpu * 1e6, memoryLimitBytes: 512e6, threads: 4, openFiles: null, ...extra })
const batch = (ago: number, ...instances: InstanceStat[]): StatBatch => ({ machine: 'm1', at: secondsAgo(ago).toISOString(), instances })

test('samples come back as a series per instance; the same batch again changes nothing', () =>
  withDatabase(async (db) => {
    const batches = [batch(30, stat('ins_a', 1), stat('ins_b', 3, { name: 'web.2' })), batch(20, stat('ins_a', 2)), batch(10, stat('ins_a', 4))]
    for (const each of [...batches, ...batches]) await ingestStats(db, each, now)
    const series = await readResources(db, 'shop', 'production', 5, now)
    assert.deepEqual(series.map((one) => [one.instance, one.name, one.service, one.points.map((point) => [point.cpu, point.memoryBytes])]), [
      ['ins_a', 'web.1', 'web', [[1, 1e6], [2, 2e6], [4, 4e6]]],
      ['ins_b', 'web.2', 'web', [[3, 3e6]]],
    ])
    assert.deepEqual(await readResources(db, 'shop', 'staging', 5, now), [])
  }))

test('a wide window gives the mean of CPU and the height of memory', () =>
  withDatabase(async (db) => {
    for (let ago = 7200; ago > 0; ago -= 10) await ingestStats(db, batch(ago, stat('ins_a', ago % 20 === 0 ? 1 : 3)), now)
    const [series] = await readResources(db, 'shop', 'production', 120, now)
    assert.ok(series && series.points.length > 100 && series.points.length <= 121)
    assert.deepEqual(series.points.slice(1, -1).find((point) => point.cpu !== 2 || point.memoryBytes !== 3e6), undefined)
  }))

test('the newest sample is the newest by time, whatever the order of arrival, and grows old', () =>
  withDatabase(async (db) => {
    await ingestStats(db, batch(10, stat('ins_a', 2)), now)
    await ingestStats(db, batch(40, stat('ins_a', 9)), now)
    await ingestStats(db, batch(90, stat('ins_old', 5)), now)
    assert.deepEqual(await newestStats(db, now), new Map([['ins_a', { cpu: 2, memoryBytes: 2e6, memoryLimitBytes: 512e6 }]]))
    assert.equal((await newestStats(db, now, { app: 'other' })).size, 0)
  }))

test('samples of a clock that is known to be off are of when they were taken', () =>
  withDatabase(async (db) => {
    const told: (string | null)[] = []
    const also = async (_: unknown, { at, clockOffsetMs }: StatBatch) => void told.push(`${at} ${clockOffsetMs}`)
    await ingestStats(db, { ...batch(620, stat('ins_behind', 1)), clockOffsetMs: -600_000.4 }, now, also)
    await ingestStats(db, { ...batch(-3600 + 30, stat('ins_ahead', 2)), clockOffsetMs: 3_600_000 }, now, also)
    await ingestStats(db, { ...batch(15, stat('ins_right', 3)), clockOffsetMs: 1_900 }, now, also)
    assert.deepEqual(told, [`${secondsAgo(20).toISOString()} -600000.4`, `${secondsAgo(30).toISOString()} 3600000`, `${secondsAgo(15).toISOString()} 1900`])
    assert.deepEqual([...(await newestStats(db, now)).keys()].sort(), ['ins_ahead', 'ins_behind', 'ins_right'])
  }))

test('samples that make no sense are left out; a batch without a time is refused', () =>
  withDatabase(async (db) => {
    assert.equal(await ingestStats(db, batch(10, stat('ins_a', Number.NaN), stat('', 1), stat('ins_b', 1), { ...stat('ins_c', 1), memoryBytes: -1 }), now), 1)
    await assert.rejects(ingestStats(db, { ...batch(1), at: 'soon' }, now), (error: unknown) => isAppError(error, 'invalid'))
  }))

test('what is meant to run is told as 1 or 0, and the clock in seconds; what makes no sense of them is left out', () =>
  withDatabase(async (db) => {
    const up = (name: string, is: unknown) => ({ app: 'shop', environment: 'production', service: 'web', name, up: is as boolean })
    const given: StatBatch = { ...batch(10), ups: [up('web.1', true), up('web.2', false), up('web.3', 'yes'), up('', true)], clockOffsetMs: -1500 }
    const told: unknown[] = []
    const also = async (_: unknown, taken: StatBatch) => void told.push(...samplesOfStats(taken).map(({ name, labels, value }) => [name, labels['instance'] ?? labels['machine'], value]))
    await ingestStats(db, given, now, also)
    assert.deepEqual(told, [['nightshift_instance_up', 'web.1', 1], ['nightshift_instance_up', 'web.2', 0], ['nightshift_machine_clock_offset_seconds', 'm1', -1.5]])
    told.length = 0
    await ingestStats(db, { ...batch(5), ups: null as unknown as [], clockOffsetMs: 'late' as unknown as number }, now, also)
    assert.deepEqual(told, [])
  }))

test('samples older than a day go, and instances with them', () =>
  withDatabase(async (db) => {
    await ingestStats(db, batch(3600, stat('ins_a', 1)), now)
    await ingestStats(db, batch(10, stat('ins_b', 1)), now)
    assert.equal(await dropOldStats(db, secondsAgo(1800)), 1)
    assert.deepEqual((await readResources(db, 'shop', 'production', 1440, now)).map((one) => one.instance), ['ins_b'])
  }))
