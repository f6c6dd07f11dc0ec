import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whatChanged } from './what-changed.ts'

const base = { artifact: 'slug:aaaaaaaaaa', commit: '1111111222', config: { LOG: 'info', OLD: 'x' }, secrets: ['A', 'B'], manifest: { services: { web: { scale: 2 } } } }
const texts = (to: Partial<typeof base>) => whatChanged(base, { ...base, ...to }).map((change) => `${change.what} ${change.text}`)

test('the same release changed nothing', () => assert.deepEqual(texts({}), []))

test('new code is named by its commits, or by its artifact where there are none', () => {
  assert.deepEqual(texts({ artifact: 'slug:bbbbbbbbbb', commit: '3333333444' }), ['code 1111111 → 3333333'])
  assert.deepEqual(texts({ artifact: 'slug:bbbbbbbbbb' }), ['code slug aaaaaaa → slug bbbbbbb'])
})

test('config is told with old and new value, secrets by name only', () => {
  assert.deepEqual(texts({ config: { LOG: 'debug', NEW: '' } as never, secrets: ['B', 'C'] }), ['config LOG: info → debug', 'config NEW = "" (new)', 'config OLD unset (was x)', 'secret C (new)', 'secret A unset'])
})

test('the manifest is compared by path', () => {
  assert.deepEqual(texts({ manifest: { services: { web: { scale: 3 }, api: { scale: 1 } } } as never }), ['manifest services.api.scale = 1 (new)', 'manifest services.web.scale: 2 → 3'])
})
