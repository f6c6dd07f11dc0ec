import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tails, tellingLine } from './tails.ts'

const node = `/app/server.js:3
throw new Error('DATABASE_URL is not set')
^

Error: DATABASE_URL is not set
    at Object.<anonymous> (/app/server.js:3:7)
    at Module._compile (node:internal/modules/cjs/loader:1554:14)

Node.js v26.10.0`

const python = `Traceback (most recent call last):
  File "/app/app.py", line 3, in <module>
    import flask
ModuleNotFoundError: No module named 'flask'`

test('the telling line of a crash is the fault, not the end of its stack', () => {
  assert.equal(tellingLine(node.split('\n')), 'Error: DATABASE_URL is not set')
  assert.equal(tellingLine(python.split('\n')), "ModuleNotFoundError: No module named 'flask'")
  assert.equal(tellingLine(['listening on 8080', 'bye', '']), 'bye')
  assert.equal(tellingLine(['', '  ']), null)
})

test('lines of all attempts of an instance count, bounded, until it is gone', () => {
  const tails = new Tails()
  tails.note('ins_a', Array.from({ length: 1_000 }, (_, n) => `line ${n}`))
  tails.note('ins_a', ['x'.repeat(10_000)])
  assert.equal(tails.telling('ins_a')?.length, 201)
  assert.equal(tails.telling('ins_b'), null)
  tails.keep(new Set())
  assert.equal(tails.telling('ins_a'), null)
})
