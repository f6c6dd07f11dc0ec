import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import { defaultKeeping, keepings } from './plan.ts'

const day = 86_400_000

test('a setting goes before the manifests, the longest manifest before the others, and an app that says nothing has no entry', () => {
  const all = keepings(
    [{ app: 'shop', keepMs: 2 * day, maxBytes: null }],
    [{ app: 'shop', keep: '14d', size: '1GB' }, { app: 'shop', keep: '30d' }, { app: 'blog', keep: '1d' }, { app: 'blog', keep: '3d', size: '4GB' }],
  )
  assert.deepEqual(all.get('shop'), { keepMs: 2 * day, keepFrom: 'setting', maxBytes: 1024 ** 3, sizeFrom: 'manifest' })
  assert.deepEqual(all.get('blog'), { keepMs: 3 * day, keepFrom: 'manifest', maxBytes: 4 * 1024 ** 3, sizeFrom: 'manifest' })
  assert.equal(all.get('other'), undefined)
  assert.deepEqual(keepings([{ app: 'a', keepMs: null, maxBytes: 5 }], []).get('a'), { ...defaultKeeping, maxBytes: 5, keepFrom: 'default', sizeFrom: 'setting' })
})

test('a manifest that would empty its log while it is read is refused', () => {
  const manifest = (keep: string) => manifestSchema.safeParse({ services: { web: {} }, logs: { keep } })
  assert.deepEqual(manifest('14d').data?.logs, { keep: '14d' })
  assert.equal(manifest('5m').error?.issues[0]?.message, 'must be 1h at least')
  assert.equal(manifest('soon').success, false)
})
