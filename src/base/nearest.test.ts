import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

test('what was meant is near: of a short word one letter may differ, and two that changed places are one slip', () => {
  assert.equal(nearest('wbe', ['api', 'web']), 'web')
  assert.equal(nearest('comand', ['command', 'commit']), 'command')
  assert.equal(nearest('LOG_LEVLE', ['LOG_LEVEL']), 'LOG_LEVEL')
  assert.equal(nearest('intervall', ['interval']), 'interval')
  assert.equal(nearest('nope', ['notes']), undefined)
  assert.equal(nearest('xyz', []), undefined)
})
