import assert from 'node:assert/strict'
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { logInto } from '../testing/agent-world.ts'
import { type ControlEnd, controlEnd } from '../testing/control.ts'
import { until } from '../testing/helpers.ts'
import { startAccessLog } from './access-log.ts'
import { createControlClient } from '../../control-client.ts'

const line = (service: string, n: number) => `${JSON.stringify({ at: '2026-01-01T00:00:00.000Z', app: 'shop', environment: 'production', service, n })}\n`
const sourceOf = (control: ControlEnd, service: string) => [...control.logs].find(([source]) => source.startsWith('access:node-1:') && source.endsWith(`:shop/production/${service}`))?.[1]
const numbers = (control: ControlEnd, service: string) => (sourceOf(control, service)?.entries ?? []).map((entry) => JSON.parse(entry.text).n as number)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

async function world() {
  const temporary = await tempHome()
  const control = await controlEnd()
  const client = createControlClient(control.url, control.token)
  const folder = join(temporary.home, 'proxy')
  await mkdir(folder)
  const file = join(folder, 'access.log')
  const tails: { close(): Promise<void> }[] = []
  return {
    control,
    file,
    tail() {
      const tail = startAccessLog({ file, stateFile: join(temporary.home, 'access-position.json'), machine: 'node-1', control: client, log: logInto([]) })
      tails.push(tail)
      return tail
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(tails.map((tail) => tail.close()))
      client.close()
      await control[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

test('each line goes to the service it names, and lines of no service go nowhere', async () => {
  await using here = await world()
  await writeFile(here.file, line('web', 0) + line('api', 0) + '{"app":null,"host":"unknown"}\nnot json\n' + line('web', 1) + '{"app":"shop","half')
  const tail = here.tail()
  await until(() => numbers(here.control, 'web').length === 2 && numbers(here.control, 'api').length === 1, { because: 'all are stored' })
  await tail.close()
  const { batch, entries } = sourceOf(here.control, 'web')!
  assert.deepEqual([batch.app, batch.environment, batch.service, entries[0]?.stream, entries[0]?.at], ['shop', 'production', 'web', 'access', '2026-01-01T00:00:00.000Z'])
})

test('lines are stored once over rotations, restarts, and a control plane that is away', async () => {
  await using here = await world()
  let n = 0
  const write = async (count: number) => appendFile(here.file, upTo(count).map(() => line('web', n++)).join(''))
  await write(2_000)
  let tail = here.tail()
  await until(() => numbers(here.control, 'web').length > 0, { because: 'the first are stored' })
  await tail.close()
  await write(100)
  await rename(here.file, `${here.file}.1`)
  await write(100)
  here.control.setAway(true)
  tail = here.tail()
  await write(50)
  await rename(`${here.file}.1`, `${here.file}.2`)
  await rename(here.file, `${here.file}.1`)
  await write(50)
  await tail.close()
  here.control.setAway(false)
  tail = here.tail()
  await until(() => numbers(here.control, 'web').length === n, { because: 'all are stored' })
  await tail.close()
  assert.deepEqual(numbers(here.control, 'web'), upTo(n))
  assert.deepEqual(here.control.faults, [])
})

test('when the file it was in is rotated away, what is left is stored', async () => {
  await using here = await world()
  await writeFile(here.file, line('web', 0))
  const first = here.tail()
  await until(() => numbers(here.control, 'web').length === 1, { because: 'the first is stored' })
  await first.close()
  await rm(here.file)
  await writeFile(`${here.file}.1`, line('web', 1))
  await writeFile(here.file, line('web', 2))
  here.tail()
  await until(() => numbers(here.control, 'web').length === 3, { because: 'all are stored' })
  assert.deepEqual(numbers(here.control, 'web'), upTo(3))
  assert.deepEqual(here.control.faults, [])
})
