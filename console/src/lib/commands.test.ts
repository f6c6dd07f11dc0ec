import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCommand } from './commands.ts'

test('a way out is a command when it can be typed', () => {
  assert.equal(isCommand('nightshift secrets set INDEX_KEY --app search'), true)
  assert.equal(isCommand('raise services.web.resources.memory in nightshift.yml'), false)
  assert.equal(isCommand('nightshift'), false)
})
