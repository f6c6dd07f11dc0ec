import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AccessLog, quote } from './access-log.ts'
import { StateFile } from './state-file.ts'

const silent = () => {}

test('the log turns over by renaming, keeps a bounded number of files, and loses no line in between', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-log-'))
  const path = join(folder, 'access.log')
  const log = new AccessLog({ path, maxFileBytes: 1_000, files: 3, flushMs: 1, log: silent })
  for (let n = 0; n < 60; n++) {
    log.add(`{"n":${n},"pad":"${'x'.repeat(80)}"}\n`)
    if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 8))
  }
  await log.close()
  assert.deepEqual(readdirSync(folder).sort(), ['access.log', 'access.log.1', 'access.log.2', 'access.log.3'])
  const numbers = ['access.log.3', 'access.log.2', 'access.log.1', 'access.log'].flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { n: number }).n))
  assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, index) => 60 - numbers.length + index))
  assert.ok(statSync(path).size < 2_500)
  rmSync(folder, { recursive: true })
})

test('a line that was cut by a kill does not spoil the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-log-'))
  const path = join(folder, 'access.log')
  appendFileSync(path, '{"n":1}\n{"n":')
  const log = new AccessLog({ path, log: silent })
  log.add('{"n":3}\n')
  await log.close()
  assert.deepEqual(readFileSync(path, 'utf8').split('\n'), ['{"n":1}', '{"n":', '{"n":3}', ''])
  rmSync(folder, { recursive: true })
})

test('a log that cannot be written is said once and holds nobody up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-log-'))
  const said: string[] = []
  const log = new AccessLog({ path: join(folder, 'access.log'), flushMs: 1, log: (_level, message) => said.push(message) })
  rmSync(folder, { recursive: true })
  for (let n = 0; n < 5; n++) {
    log.add('{}\n')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await log.close()
  assert.equal(said.length, 1)
})

test('quoting is what JSON does', () => {
  for (const text of ['plain', '"', '\\', '\n', 'é', '\u2028', '', '/a?b=c']) assert.equal(JSON.parse(quote(text)), text)
})

test('a state file holds the newest value that was saved', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-state-'))
  const path = join(folder, 'state.json')
  const file = new StateFile<{ n: number }>(path, silent)
  assert.equal(file.read(), null)
  for (let n = 0; n < 50; n++) file.save({ n })
  await file.flush()
  assert.deepEqual(file.read(), { n: 49 })
  assert.deepEqual(readdirSync(folder), ['state.json'])
  rmSync(folder, { recursive: true })
})
