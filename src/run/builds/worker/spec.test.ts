import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerResult } from './spec.ts'

test('a result that no database could keep is malformed, so that its build ends', () => {
  const slug = { kind: 'slug', manifest: { services: { web: {} } }, manifestSource: 'none', builder: 'node', because: 'it is', processes: { web: 'run' }, runtime: '', path: [], files: 1, bytes: 1 }
  assert.equal(workerResult.safeParse(slug).success, true)
  for (const bad of ['a\0b', 'a\ud800']) {
    assert.equal(workerResult.safeParse({ ...slug, processes: { web: bad } }).success, false)
    assert.equal(workerResult.safeParse({ ...slug, processes: { [bad]: 'run' } }).success, false)
    assert.equal(workerResult.safeParse({ kind: 'failed', because: bad, step: '' }).success, false)
  }
})
