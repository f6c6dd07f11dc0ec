import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleSpecSchema } from '#contract/alerting.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { createLogger } from '#kernel/log.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { queryMetrics } from '#watch/metrics/read.ts'
import { createMetricWriter } from '#watch/metrics/service.ts'
import { tryRule } from './trial.ts'

const minute = 60_000

test('rules see in the store of metrics what was written there, in windows that end when the rule looks', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  // no whole number of minutes: the store's steps begin elsewhere than the rule's windows
  const now = new Date(Math.floor(Date.now() / minute) * minute + 17_000)
  const writer = createMetricWriter({ db, log: createLogger({ process: 'test', level: 'silent' }), clock: { now: () => now } })
  const back = (minutes: number) => now.getTime() - minutes * minute
  const labels = { app: 'shop', environment: 'production', service: 'web' }
  try {
    const samples = Array.from({ length: 120 * 6 }, (_, nth) => {
      const atMs = back(120) + nth * 10_000
      const isLong = atMs >= back(60) && atMs < back(30)
      return [
        { name: 'queue_length', labels, kind: 'gauge' as const, atMs, value: isLong ? 500 : 3 },
        { name: 'nightshift_http_requests_total', labels: { ...labels, class: '2xx' }, kind: 'delta' as const, atMs, value: 10 },
        { name: 'nightshift_http_requests_total', labels: { ...labels, class: '5xx' }, kind: 'delta' as const, atMs, value: isLong ? 2 : 0 },
      ]
    }).flat()
    await db.transaction((tx) => writer.store(tx, samples))
    const ask = { query: (asked: Parameters<typeof queryMetrics>[1], apps: readonly string[] | null) => queryMetrics(db, asked, apps, now), apps: null, inScope: () => true }
    const long = ruleSpecSchema.parse({ title: 'Long', measure: { metric: 'queue_length', fn: 'avg' }, windowMs: minute, condition: { kind: 'threshold', is: '>', value: 400 }, summary: '{value}' })
    const trial = await tryRule(long, 2, now, ask)
    assert.deepEqual(trial.series.map((one) => [one.labels, one.fired.map(({ from, to }) => [from, to])]), [[labels, [[new Date(back(59)).toISOString(), new Date(back(29)).toISOString()]]]])

    const by = ['app', 'environment', 'service']
    const failing = ruleSpecSchema.parse({
      title: 'Failing', summary: '{value} of {place}', windowMs: 5 * minute, perAtLeast: 100, condition: { kind: 'threshold', is: '>', value: 0.16 },
      measure: { metric: 'nightshift_http_requests_total', where: { class: ['5xx', 'failed'] }, fn: 'increase', by }, per: { metric: 'nightshift_http_requests_total', fn: 'increase', by },
    })
    const errors = await tryRule(failing, 2, now, ask)
    assert.deepEqual(errors.series[0]?.fired.map(({ from, to, because }) => [from, to, because]), [[new Date(back(55)).toISOString(), new Date(back(25)).toISOString(), '16.7 % of shop/web (> 16 %)']])
    assert.equal(errors.series[0]?.points.at(-1)?.[1], 0, 'nothing failed, which is 0 and not nothing')
    assert.deepEqual((await tryRule(failing, 2, now, { ...ask, apps: ['blog'] })).series, [])
  } finally {
    await writer.close()
    await db.close()
  }
})
