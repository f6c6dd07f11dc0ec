import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCloudkick } from './cloudkick.ts'
import { parsePerfdata, readNagios } from './nagios.ts'

test('what a Nagios plugin says is read: status, text, performance data of both parts', () => {
  assert.deepEqual(readNagios("DISK WARNING - free: / 3 GB | /=12GB;10;20;0;40\nmore text\n'a ''b'' c'=1.5s;;;;|'/home dir'=U 'x=y'=7c;~:5;@1:2", 1), {
    status: 'warn', message: 'DISK WARNING - free: / 3 GB', metrics: [{ name: '/', value: 12, unit: 'GB' }, { name: 'x=y', value: 7, counter: true }],
  })
  assert.equal(readNagios('', 0).status, 'ok')
  assert.deepEqual([3, 127, null].map((code) => readNagios('hm', code).message), ['unknown: hm', 'the plugin ended with 127: hm', 'the plugin ended with a signal: hm'])
  assert.deepEqual(parsePerfdata("'it''s'=-1.5e3%;1:2;@3;0;9 nonsense =5 b=U"), [
    { label: "it's", value: -1500, unit: '%' },
    { label: 'b', value: null, unit: '' },
  ])
})

test('what a Cloudkick plugin says is read, and one that fails is an error', () => {
  const output = 'status warn load is high\nmetric load float 4.2\nmetric requests gauge 1200\nmetric disk int64 5 GB\nmetric who string root and others\nmetric bad int x\nrubbish\n'
  assert.deepEqual(readCloudkick(output, 0), {
    status: 'warn', message: 'load is high',
    metrics: [{ name: 'load', value: 4.2 }, { name: 'requests', value: 1200, counter: true }, { name: 'disk', value: 5, unit: 'GB' }, { name: 'who', value: 'root and others' }],
  })
  assert.equal(readCloudkick(output, 1).status, 'err')
  assert.equal(readCloudkick('hello', 0).status, 'err')
})

test('no output of a plugin makes reading it fail', () => {
  fc.assert(fc.property(fc.string({ maxLength: 500 }), fc.integer({ min: 0, max: 255 }), (output, code) => void [readNagios(output, code), readCloudkick(output, code), readNagios(`x | ${output}`, code)]))
})
