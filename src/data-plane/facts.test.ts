import assert from 'node:assert/strict'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { controlEnd } from './agent/testing/control.ts'
import { until } from './agent/testing/helpers.ts'
import { createControlClient } from './control-client.ts'
import { openFacts } from './facts.ts'

const who = { app: 'shop', environment: 'production', service: 'web', instance: 'ins_web', release: 1, name: 'web.1' }

test('facts outlive the agent until control has them, and each is stored once', async () => {
  await using temporary = await tempHome()
  await using control = await controlEnd()
  control.setAway(true)
  const file = join(temporary.home, 'agent', 'facts.ndjson')
  const client = createControlClient(control.url, control.token)
  const open = () => openFacts({ file, machine: 'node-1', control: client, now: () => new Date(0), log: () => {} })
  const first = await open()
  for (let i = 0; i < 3; i++) first.note({ kind: 'instance.exited', who, about: `ins_web.1-${i}`, data: { code: i } })
  await first.close()
  const second = await open()
  assert.equal(second.waiting(), 3)
  second.note({ kind: 'instance.exited', who, about: 'ins_web.1-2', data: { code: 2 } })
  assert.equal(second.waiting(), 3, 'noted again after a crash, it is the same fact')
  control.setAway(false)
  await until(() => second.waiting() === 0, { because: 'control has them' })
  await second.close()
  assert.deepEqual(control.facts.map((fact) => [fact.kind, fact.data['code'], fact.data['name']]), [0, 1, 2].map((code) => ['instance.exited', code, 'web.1']))
  const third = await open()
  assert.equal(third.waiting(), 0)
  await third.close()
  client.close()
})

/** Facts of which control takes none, and their file. */
async function cutOff(temporary: { home: string }, mostFacts = 10) {
  const file = join(temporary.home, 'agent', 'facts.ndjson')
  await mkdir(dirname(file), { recursive: true })
  const away = { post: () => Promise.reject(new Error('control is away')) }
  return {
    file,
    open: () => openFacts({ file, machine: 'node-1', control: away, now: () => new Date(0), log: () => {}, mostFacts }),
    lines: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1),
  }
}

test('what is noted after a kill in the middle of a line outlives the next kill', async () => {
  await using temporary = await tempHome()
  const { file, open } = await cutOff(temporary)
  await appendFile(file, '{"id":"fct_torn","kind":"instance.exi')
  const first = await open()
  first.note({ kind: 'instance.exited', who, about: 'one', data: {} })
  await first.close()
  const second = await open()
  assert.equal(second.waiting(), 1)
  await second.close()
})

test('of a machine that is cut off for long, the newest facts are kept, on disk too', async () => {
  await using temporary = await tempHome()
  const { open, lines } = await cutOff(temporary)
  const facts = await open()
  for (let i = 0; i < 100; i++) {
    facts.note({ kind: 'instance.exited', who, about: `${i}`, data: { i } })
    if (i % 5 === 0) await until(async () => (await lines()).at(-1)?.includes(`"i":${i}`), { because: 'it is written' })
  }
  await facts.close()
  assert.equal(facts.waiting(), 10)
  const written = await lines()
  assert.ok(written.length <= 20, `${written.length} lines`)
  assert.ok(written.at(-1)?.includes('"i":99'))
})
