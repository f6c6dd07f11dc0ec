import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '#base/clock.ts'
import { type RuleSpec, ruleSpecSchema } from '#contract/alerting.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { Caller } from '#kernel/handlers.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { sealTurn } from '#watch/logs/loop.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { createLogReader } from '#watch/logs/read.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { batchOf, entry } from '#watch/logs/testing/log-corpus.ts'
import { type CountBudget, runsOf, turnBudget } from './counted-minutes.ts'
import { openLogLines } from './log-lines.ts'
import { rulesTurn } from './loop.ts'
import type { MetricQuery, QueryMetrics } from './model.ts'
import { observeRule } from './observe.ts'
import { putRule } from './service.ts'
import { assertSound } from './sound.ts'
import { tryRule } from './trial.ts'

const db = await fileDatabase()
const minute = 60_000
const start = Date.parse('2026-03-01T00:00:00Z')
const admin: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }
const place = (service = 'web', app = 'shop') => ({ app, environment: 'production', service })
/** Not used up by a machine that is slow. */
const amply: CountBudget = { askMs: 60_000, totalMs: 60_000, everyMs: 30_000 }
const rule = (more: object = {}, measure: object = {}): RuleSpec =>
  ruleSpecSchema.parse({ title: 'Timeouts', measure: { metric: logLinesMetric, logs: 'timeout', fn: 'increase', ...measure }, condition: { kind: 'threshold', is: '>', value: 5 }, summary: '{value} lines of {place}', ...more })

type Line = ReturnType<typeof place> & { atMs: number }

/** A log that a test holds; reads so many lines a question, newest first. */
function memoryLog(lines: readonly Line[], most = Number.POSITIVE_INFINITY) {
  const read: number[] = []
  const tally: LogReader['tally'] = async (_, { since, until, stepMs }) => {
    const inside = lines.filter(({ atMs }) => atMs >= since.getTime() && atMs < until.getTime()).sort((a, b) => b.atMs - a.atMs)
    const seen = inside.slice(0, most)
    read.push(...seen.map(({ atMs }) => atMs))
    const counts = [...Map.groupBy(seen, ({ atMs, ...where }) => JSON.stringify([Math.floor(atMs / stepMs) * stepMs, where.service]))].map(([, group]) => ({ ...(group[0] as Line), atMs: Math.floor((group[0] as Line).atMs / stepMs) * stepMs, lines: group.length }))
    return { counts, partialBefore: inside.length > most ? new Date(seen.at(-1)?.atMs as number) : null }
  }
  return { tally, read }
}

const asked = (since: number, until: number, stepMs: number, more: Partial<MetricQuery> = {}): MetricQuery => ({ ...rule().measure, since: new Date(since), until: new Date(until), stepMs, ...more })

test('what is counted minute by minute over many turns is what a plain count of the window finds, and each line is read a few times at most', async () => {
  const line = fc.record({ atMs: fc.integer({ min: start, max: start + 40 * minute - 1 }), service: fc.constantFrom('web', 'worker') })
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), async (given, windowMinutes) => {
      const lines = given.map(({ atMs, service }) => ({ ...place(service), atMs }))
      const { tally, read } = memoryLog(lines)
      const clock = manualClock(new Date(start))
      const query = openLogLines({ tally, clock, budget: turnBudget })
      const spec = rule({ windowMs: windowMinutes * minute })
      for (let turn = 0; turn < 80; turn++) {
        clock.advance(30_000)
        const now = clock.now()
        const observed = await observeRule(spec, { from: now, until: now, stepMs: spec.windowMs }, { query, apps: null, inScope: () => true })
        const end = Math.floor((now.getTime() - 10_000) / minute) * minute
        for (const service of ['web', 'worker']) {
          const plain = lines.filter((one) => one.service === service && one.atMs >= end - spec.windowMs && one.atMs < end).length
          assert.equal(observed.find(({ labels }) => labels['service'] === service)?.at[0]?.verdict.value ?? 0, plain)
        }
      }
      for (const [atMs, times] of Map.groupBy(read, (at) => at)) assert.ok(times.length <= 4 * lines.filter((one) => one.atMs === atMs).length, `a line was read ${times.length} times`)
    }),
    { numRuns: 40 },
  )
})

test('minutes that are not settled are asked for in spans, newest first', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (settled) => {
      const minutes = new Map(settled.map((is, nth) => [start + nth * minute, { settled: is }]))
      const runs = runsOf(minutes, start, start + settled.length * minute)
      const asked = runs.flatMap(({ fromMs, toMs }) => Array.from({ length: (toMs - fromMs) / minute }, (_, nth) => (fromMs - start) / minute + nth))
      assert.deepEqual(asked.sort((a, b) => a - b), settled.flatMap((is, nth) => (is ? [] : [nth])))
      runs.forEach((run, nth) => assert.ok(nth === 0 || run.toMs < (runs[nth - 1]?.fromMs ?? 0)))
    }),
  )
})

test('a flood that cannot be counted in time is at least so much: enough to say "more than", never "less than"; the rest is counted turn by turn', async () => {
  const lines = Array.from({ length: 300 }, (_, nth) => ({ ...place(), atMs: start + nth * 1000 }))
  const { tally } = memoryLog(lines, 100)
  const query = openLogLines({ tally, clock: manualClock(new Date(start + 10 * minute)), budget: turnBudget })
  const look = async (condition: object) => {
    const spec = rule({ condition })
    const now = new Date(start + 5 * minute + 15_000)
    return (await observeRule(spec, { from: now, until: now, stepMs: spec.windowMs }, { query, apps: null, inScope: () => true }))[0]?.at[0]?.verdict
  }
  const more = await look({ kind: 'threshold', is: '>', value: 50 })
  assert.deepEqual([more?.value, more?.holds, more?.because], [100, true, 'at least 100 (> 50)'])
  assert.equal((await look({ kind: 'threshold', is: '<', value: 50_000 }))?.holds, null)
  let verdict = more
  for (let turn = 0; turn < 10 && verdict?.holds !== false; turn++) verdict = await look({ kind: 'threshold', is: '>', value: 300 })
  assert.deepEqual([verdict?.value, verdict?.holds], [300, false])
})

test('reading lines has a time that all rules share; when it is used up, nothing is read until the next', async () => {
  let asks = 0
  const clock = manualClock(new Date(start + 60 * minute))
  const budget: CountBudget = { askMs: 1000, totalMs: 0, everyMs: 30_000 }
  const tally: LogReader['tally'] = async () => (asks++, { counts: [], partialBefore: null })
  const none = await openLogLines({ tally, clock, budget })(asked(start, start + 5 * minute, 5 * minute), null)
  assert.deepEqual([asks, none.series, none.atLeast], [0, [], [start]])
  await openLogLines({ tally, clock, budget: { ...budget, totalMs: 1 } })(asked(start, start + 5 * minute, 5 * minute), null)
  assert.equal(asks, 1)
})

test('a rule that counts lines says how, by what the log knows of each, with a threshold or a change', () => {
  const fault = (spec: RuleSpec, because: RegExp) => assert.throws(() => assertSound(spec), because)
  assertSound(rule())
  assertSound(rule({ condition: { kind: 'change', overMs: 3_600_000, is: '>', value: 100 }, per: { metric: 'nightshift_http_requests_total', fn: 'increase', by: ['app', 'environment', 'service'] } }))
  fault(rule({}, { logs: undefined }), /together with logs/)
  fault(rule({}, { metric: 'queue_length' }), /together with logs/)
  fault(rule({}, { logs: 'level:loud' }), /"loud" is not a level/)
  fault(rule({}, { fn: 'avg' }), /no avg of them/)
  fault(rule({}, { where: { instance: 'web.1' } }), /not by instance/)
  fault(rule({}, { by: ['app', 'class'] }), /not by class/)
  fault(rule({ condition: { kind: 'absence' } }), /a count of 0/)
  fault(rule({ condition: { kind: 'unusual' } }), /a threshold or a change/)
  fault(rule({ windowMs: 90_000 }), /whole minutes/)
  fault(rule({ windowMs: 31 * minute }), /steps of five minutes/)
})

test('rules count lines in the log: by stored counts where these tell, else by reading, sealed or not, and alerts come and go', async (t) => {
  const [writer, reader] = [createLogWriter(db), createLogReader(db)]
  t.after(async () => (reader.close(), await writer.close()))
  const end = Math.floor(Date.now() / minute) * minute - 30 * minute
  const at = (minutes: number) => new Date(end + minutes * minute + 20_000)
  const write = async (texts: readonly string[], atMs: number, service = 'web', app = 'shop') => {
    await writer.ingest([batchOf(`${app}/${service}/${atMs}`, 0, texts.map((text, nth) => entry(text, atMs + nth * 100)), { app, service })])
  }
  const many = (count: number, text: string) => Array.from({ length: count }, () => text)
  for (let nth = 0; nth < 10; nth++) await write([...many(20, 'INFO all is well'), 'ERROR one'], end - (10 - nth) * minute)
  await write([...many(8, 'ERROR upstream timeout'), 'INFO timeout is 5 s'], end - 2 * minute + 1000)
  await write(many(3, 'ERROR upstream timeout'), end - minute, 'worker')
  await write(many(9, 'ERROR upstream timeout'), end - minute, 'web', 'blog')
  await sealTurn(db, new Date(), { maxLines: 1 })
  await write(many(2, 'ERROR upstream timeout'), end - minute + 5000, 'worker')

  const clock = manualClock(at(0))
  const lines = openLogLines({ tally: reader.tally, clock, budget: amply })
  const query: QueryMetrics = async (one, apps) => (one.metric === logLinesMetric ? lines(one, apps) : { series: [] })
  await putRule(db, 'timeouts', rule({}, { logs: 'level:error timeout' }), admin, at(0))
  await putRule(db, 'errors', rule({ condition: { kind: 'threshold', is: '>=', value: 13 } }, { logs: 'level>=error', where: { app: 'shop' }, by: ['app'] }), admin, at(0))
  await putRule(db, 'silent', rule({ condition: { kind: 'threshold', is: '<', value: 1 } }, { logs: '"backup done"', where: { app: 'shop' }, by: ['app'] }), admin, at(0))
  const words = async () => (await listAlerts(db, { apps: null, open: true, limit: 50 })).map(({ target, because }) => `${target} ${because}`).sort()
  const report = await rulesTurn(db, query, clock.now())
  assert.deepEqual(report.waiting, [])
  assert.deepEqual(await words(), [
    'rule:errors:app=shop 18 lines of shop (>= 13)',
    'rule:silent:app=shop 0 lines of shop (< 1)',
    'rule:timeouts:app=blog,environment=production,service=web 9 lines of blog/web (> 5)',
    'rule:timeouts:app=shop,environment=production,service=web 8 lines of shop/web (> 5)',
  ])
  await write(['backup done'], end + 3 * minute)
  clock.advance(6 * minute)
  await rulesTurn(db, query, clock.now())
  assert.deepEqual(await words(), [], 'no lines are none, and what fired is over')

  const trial = await tryRule(rule({}, { logs: 'level:error timeout' }), 1, at(0), { query: openLogLines({ tally: reader.tally, clock, budget: amply }), apps: ['shop'], inScope: () => true })
  assert.deepEqual(trial.series.map((one) => [one.labels['service'], one.labels['app'], one.fired.length]), [['web', 'shop', 1], ['worker', 'shop', 0]])
  assert.ok(trial.series.every(({ points }) => points.every(([, value]) => value !== null)), 'moments without lines are 0')
})
