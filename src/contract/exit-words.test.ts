import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitWords } from './exit-words.ts'

test('an end is told by what is known of it, memory first', () => {
  const told = (code: number | null, signal: string | null, oom = false) => exitWords({ code, signal, oom })
  assert.deepEqual([told(0, null), told(3, null), told(null, 'SIGTERM'), told(null, 'SIGKILL', true), told(null, null)], ['exit code 0', 'exit code 3', 'SIGTERM', 'out of memory', 'nobody knows how'])
})
