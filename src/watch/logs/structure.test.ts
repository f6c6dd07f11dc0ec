import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flatFields, messageOfFields, structureOf, traceOfFields, valuesAt } from './structure.ts'

test('JSON lines have fields, a message and a trace, by the names that loggers use', () => {
  const pino = structureOf('{"level":30,"msg":"paid","user":{"id":42,"tags":["a","b"]},"trace_id":"abc"}')
  assert.ok(pino)
  assert.deepEqual([messageOfFields(pino), traceOfFields(pino)], ['paid', 'abc'])
  assert.deepEqual(flatFields(pino.fields), { level: 30, msg: 'paid', 'user.id': 42, 'user.tags': '["a","b"]', trace_id: 'abc' })
  assert.deepEqual([valuesAt(pino.fields, 'user.id'), valuesAt(pino.fields, 'user.tags'), valuesAt(pino.fields, 'user.x')], [[42], ['a', 'b'], []])
  assert.deepEqual(valuesAt({ 'user.id': 1, list: [{ id: 2 }, { id: 3 }] }, 'user.id'), [1])
  assert.deepEqual(valuesAt({ list: [{ id: 2 }, { id: 3 }] }, 'list.id'), [2, 3])
  const traced = structureOf('{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","body":"x"}')
  assert.ok(traced)
  assert.equal(traceOfFields(traced), '0af7651916cd43dd8448eb211c80319c')
  assert.equal(traceOfFields({ kind: 'json', fields: { trace_id: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }), '0af7651916cd43dd8448eb211c80319c')
})

test('pairs are fields too, unless it is prose with one equals sign', () => {
  const line = structureOf('ts=2026-11-20 level=warn msg="took \\"long\\"" dur=12ms')
  assert.ok(line)
  assert.deepEqual(line.fields, { ts: '2026-11-20', level: 'warn', msg: 'took "long"', dur: '12ms' })
  assert.equal(messageOfFields(line), 'took "long"')
  assert.deepEqual(structureOf('GET /x status=200 user=5')?.fields, { status: '200', user: '5' })
  assert.equal(structureOf('we found x=5 here'), null)
  assert.equal(structureOf('{not json'), null)
  assert.equal(structureOf('[1,2]'), null)
})

test('whatever a line holds, taking it apart ends and stays within bounds', () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)), fc.string().map((text) => `a=${text} b="${text}`)), (text) => {
      const structure = structureOf(text)
      if (structure === null) return
      const flat = flatFields(structure.fields)
      assert.ok(Object.keys(flat).length <= 60)
      for (const name of Object.keys(flat)) valuesAt(structure.fields, name)
      messageOfFields(structure)
      traceOfFields(structure)
    }),
  ))
