import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ManifestInput, manifestSchema } from '#contract/manifest.ts'
import { manifestFindings } from '#contract/manifest-findings.ts'
import { openSecretBox } from '#base/secretbox.ts'
import { openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { setActiveRelease } from '#run/apps/commands.ts'
import { openApps } from '#run/apps/service.ts'
import { createRelease } from '#run/releases/commands.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { manifestRules } from './declared.ts'
import { rulesTurn } from './loop.ts'
import { putRule, removeRule, setRuleMode } from './service.ts'
import { memoryMetrics } from './testing/memory-metrics.ts'

const queue = { name: 'queue', measure: { metric: 'queue_length', where: { service: 'worker' } }, condition: { kind: 'threshold', is: '>', value: 100 }, for: '10m', summary: 'The queue of {place} holds {value}' }
const parse = (rules: ManifestInput['rules']) => manifestSchema.parse({ services: { web: {} }, rules })

test('rules of a manifest are about its own app and environment, and named by them', () => {
  const manifest = parse([queue])
  const { rules, refused } = manifestRules([{ app: 'shop', environment: 'production', manifest }, { app: 'shop', environment: 'staging', manifest }])
  assert.deepEqual(refused, [])
  assert.deepEqual(rules.map(({ id, origin, spec }) => [id, origin, spec.title, spec.forMs, spec.measure.where]), [
    ['shop.queue', 'manifest', 'queue', 600_000, { service: 'worker', app: 'shop', environment: 'production' }],
    ['shop.staging.queue', 'manifest', 'queue', 600_000, { service: 'worker', app: 'shop', environment: 'staging' }],
  ])
})

test('a manifest whose rules are none, or are about another app, is refused before it is deployed', () => {
  const faults = (rules: ManifestInput['rules']) => manifestFindings(parse(rules)).faults.map(({ message }) => message)
  assert.deepEqual(faults([queue]), [])
  assert.match(faults([{ ...queue, condition: { kind: 'often' } }])[0] ?? '', /the rule "queue": condition/)
  assert.match(faults([{ ...queue, measure: { metric: 'm', where: { app: 'billing' } } }])[0] ?? '', /is about its own/)
  assert.deepEqual(faults([queue, queue]), ['two rules are called "queue"'])
})

test('a rule that this version cannot read is refused with its reason, and the others hold', () => {
  const manifest = parse([{ ...queue, condition: { kind: 'of a later time' } }, { ...queue, name: 'other' }])
  const { rules, refused } = manifestRules([{ app: 'shop', environment: 'production', manifest }])
  assert.deepEqual(rules.map(({ id }) => id), ['shop.other'])
  assert.deepEqual(refused.map(({ app, name }) => [app, name]), [['shop', 'queue']])
  assert.match(refused[0]?.because ?? '', /condition/)
})

const minute = 60_000
const start = Date.parse('2026-03-01T00:00:00Z')
const at = (minutes: number) => new Date(start + minutes * minute)
const admin: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }

test('a rule comes with the release that declares it, is switched but not changed by people, and goes with the next', async (t) => {
  const database = await testDatabase()
  const db = openDatabase(database.url)
  t.after(async () => {
    await db.close()
    await database[Symbol.asyncDispose]()
  })
  const place = { app: 'shop', environment: 'production', actor: admin.actor, now: at(0) }
  await openApps({ db, box: openSecretBox(Buffer.alloc(32).toString('base64')) }).create(place)
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:1', '{}', '{}', now())`)
  let release = 0
  const deploy = (rules: ManifestInput['rules']) =>
    db.transaction(async (tx) => {
      await createRelease(tx, { ...place, artifactId: 'slug:1', manifest: parse(rules), manifestSource: 'test', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null })
      await setActiveRelease(tx, 'shop', 'production', ++release)
    })
  const query = memoryMetrics([{ metric: 'queue_length', labels: { app: 'shop', environment: 'production', service: 'worker' }, valueAt: () => 500 }])
  const turn = async (minutes: number) => {
    await rulesTurn(db, query, at(minutes))
    return (await listAlerts(db, { apps: null, open: true, limit: 10 })).map(({ target }) => target)
  }
  const fires = ['rule:shop.queue:app=shop,environment=production,service=worker']
  await deploy([{ ...queue, for: '1m' }])
  assert.deepEqual(await turn(1), [], 'not for long enough')
  assert.deepEqual(await turn(2), fires)
  await assert.rejects(putRule(db, 'shop.queue', manifestRules([{ app: 'shop', environment: 'production', manifest: parse([queue]) }]).rules[0]?.spec as never, admin, at(3)), /manifest/)
  await assert.rejects(putRule(db, 'shop.queu', manifestRules([{ app: 'shop', environment: 'production', manifest: parse([queue]) }]).rules[0]?.spec as never, admin, at(3)), /"shop\.queu" is no id for a rule that is made here/, 'one that no manifest has')
  await assert.rejects(removeRule(db, 'shop.queue', admin, at(3)), /manifest/)
  await setRuleMode(db, 'shop.queue', { mode: 'off', forMs: 2 * minute }, admin, at(3))
  assert.deepEqual(await turn(3), [])
  await turn(5)
  assert.deepEqual(await turn(6), fires, 'on again by itself')
  // what a release of an earlier version may hold
  await db.query(`UPDATE releases SET manifest = jsonb_set(manifest, '{rules,0,condition}', '{"kind": "of a later time"}') WHERE number = 1`)
  assert.deepEqual(await turn(7), ['rule:declared:shop/production/queue'])
  await deploy([])
  assert.deepEqual(await turn(8), [])
})
