import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { locks } from './locks.ts'

test('each lock has a key of its own', () => {
  const keys = Object.values(locks)
  assert.equal(new Set(keys).size, keys.length)
})

test('no advisory lock is taken with a key that stands elsewhere', async () => {
  const src = path.join(import.meta.dirname, '../..')
  const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts') && !name.startsWith('test/'))
  const taking = await Promise.all(files.map(async (name) => ({ name, text: await readFile(path.join(src, name), 'utf8') })))
  const found = taking.filter(({ text }) => /advisory_(xact_)?lock\(\d/.test(text)).map(({ name }) => name)
  assert.deepEqual(found, [])
})
