import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { callsSource } from './calls-source.ts'

test('calls.ts is what the endpoint table says (npm run generate)', async () => {
  assert.equal(await readFile(new URL('calls.ts', import.meta.url), 'utf8'), callsSource())
})
