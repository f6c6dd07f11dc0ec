import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ManifestInput, manifestSchema } from '#contract/manifest.ts'
import { checkManifest } from '#run/manifest/check.ts'
import { manifestRules } from './declared.ts'

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
  const faults = (rules: ManifestInput['rules']) => checkManifest(parse(rules)).faults.map(({ message }) => message)
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
