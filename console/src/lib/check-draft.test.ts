import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration } from '#base/units.ts'
import { type Check, checkChangeSchema, kindViews, newCheckSchema, testCheckSchema } from '#contract/checks.ts'
import { checkKindSpecs, controlKinds, machineKinds } from '#contract/check-kinds.ts'
import { changeOf, draftOf, durationText, emptyDraft, newOf, testOf } from './check-draft.ts'

const kindOf = (name: string) => kindViews(machineKinds, controlKinds).find(({ kind }) => kind === name)!
const http = kindOf('http')
const known = [{ id: 'chk_db', name: 'db' }]
const check = {
  id: 'chk_a', name: 'checkout', kind: 'http', config: checkKindSpecs.http.config.parse({ url: '/checkout', status: 200, header: ['content-type: json', 'x-a'], headers: { accept: 'text/html' }, verify: false }), secrets: ['authorization'],
  everyMs: 90_000, timeoutMs: 2500, retries: 1, from: ['control', 'near'], quorum: 2, criteria: ['rt GT 500 warn'], severity: 'warning', app: 'shop', environment: 'production', service: 'web', needs: ['chk_db'],
} as unknown as Check

test('what is not touched in the form is what the check has already', () => {
  const change = checkChangeSchema.parse(changeOf(http, draftOf(http, check, [{ name: 'db' }]), known))
  assert.deepEqual(checkKindSpecs.http.config.parse(change.config), { ...check.config, status: '200' })
  assert.deepEqual({ ...change, config: null }, { name: 'checkout', config: null, every: '90s', timeout: '2500ms', retries: 1, from: ['control', 'near'], quorum: 2, criteria: ['rt GT 500 warn'], severity: 'warning', service: 'web', needs: ['chk_db'] })
})

test('what is emptied goes back to its default, and a check of no app has no service', () => {
  const { typed, common } = draftOf(http, { ...check, app: null, service: null, environment: null }, [])
  const change = checkChangeSchema.parse(changeOf(http, { typed: { ...typed, status: '' }, common: { ...common, timeout: '', quorum: '', criteria: '' } }, known))
  assert.deepEqual([change.timeout, change.quorum, change.criteria, change.needs, 'service' in change, change.config?.['status']], [null, null, [], [], false, undefined])
})

test('a new check takes what was typed, and is called as what it looks at', () => {
  const draft = { typed: { url: 'https://shop.test/' }, common: { ...emptyDraft.common, app: 'shop', service: 'web', needs: 'db, nothing' } }
  const made = newCheckSchema.parse(newOf(http, draft, known))
  assert.deepEqual([made.name, made.from, made.quorum, made.app, made.environment, made.service, made.needs], ['https://shop.test/', undefined, undefined, 'shop', 'production', 'web', ['chk_db', 'nothing']])
  const beat = kindOf('heartbeat')
  assert.equal(newCheckSchema.parse(newOf(beat, { ...emptyDraft, typed: { schedule: '0 3 * * *', timezone: 'Europe/Berlin' } }, [])).name, 'heartbeat')
})

test('a run before it is saved uses the secrets of the check, from one place', () => {
  const asked = testCheckSchema.parse(testOf(http, draftOf(http, check, []), check.id))
  assert.deepEqual([asked.check, asked.from, asked.timeout, asked.service, asked.config['authorization']], ['chk_a', ['control'], '2500ms', 'web', undefined])
})

test('a sealed field stays where nothing is typed, and goes where it is taken away', () => {
  const draft = draftOf(http, check, [])
  assert.equal(Object.hasOwn(changeOf(http, draft, [])['config'] as object, 'authorization'), false)
  for (const made of [changeOf(http, { ...draft, cleared: ['authorization'] }, []), testOf(http, { ...draft, cleared: ['authorization'] }, check.id)]) assert.equal((made['config'] as Record<string, unknown>)['authorization'], null)
})

test('a duration is written as it is read', () => fc.assert(fc.property(fc.integer({ min: 1, max: 400 * 86_400_000 }), (ms) => assert.equal(parseDuration(durationText(ms)), ms))))
