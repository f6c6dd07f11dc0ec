import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storable } from './storable.ts'

test('what PostgreSQL cannot hold becomes a replacement character, in every depth, and all else stays', () => {
  const given = { 'a\0': ['x\ud83d', { deep: '\udc00' }], whole: '😀', number: 1.5, none: null, no: false, at: new Date(0) }
  assert.deepEqual(storable(given), { 'a\ufffd': ['x\ufffd', { deep: '\ufffd' }], whole: '😀', number: 1.5, none: null, no: false, at: new Date(0) })
})
