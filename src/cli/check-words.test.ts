import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type CheckKind, checkKindSpecs } from '#contract/check-kinds.ts'
import { configOf } from './check-words.ts'

const kindOf = (kind: CheckKind) => ({ kind, title: '', about: '', main: checkKindSpecs[kind].main, schema: z.toJSONSchema(checkKindSpecs[kind].config, { io: 'input', unrepresentable: 'any' }) }) as unknown as Parameters<typeof configOf>[0]

test('fields are read as their kind wants them, and one without a value is taken away', () => {
  assert.deepEqual(configOf(kindOf('http'), ['https://shop.test/?a=b', 'status=200', 'verify=false', 'authorization=']), { url: 'https://shop.test/?a=b', status: 200, verify: false, authorization: null })
  assert.deepEqual(configOf(kindOf('mysql'), ['db:3306', 'user=', 'password=']), { address: 'db:3306', user: null, password: null })
  assert.deepEqual(configOf(kindOf('plugin'), ['check_load', 'args=-w,5']), { plugin: 'check_load', args: ['-w', '5'] })
  assert.throws(() => configOf(kindOf('http'), ['https://shop.test/', 'nonsense=1']), /not a field of http/)
  assert.throws(() => configOf(kindOf('heartbeat'), ['every=10s', 'grace=5s']), /"every" is not a field of heartbeat \(its fields: .*\); write --every 10s/)
  assert.throws(() => configOf(kindOf('tcp'), ['front', 'address=db:5432']), /address is given twice \(a first word without = is the address of tcp; a name is given with --name\)/)
  assert.throws(() => configOf(kindOf('http'), ['https://shop.test', 'status=200', 'status=204']), /^UsageError: status is given twice$/)
})
