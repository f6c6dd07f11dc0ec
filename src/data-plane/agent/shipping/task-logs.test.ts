import assert from 'node:assert/strict'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSimulatedDriver } from '#drivers/task/simulated/driver.ts'
import { tempHome } from '#test/harness/home.ts'
import { identityOf, labelsOf, readTask, type TaskView } from '../identity.ts'
import { logInto } from '../testing/agent-world.ts'
import { controlEnd } from '../testing/control.ts'
import { until } from '../testing/helpers.ts'
import { instanceSpec } from '../testing/specs.ts'
import { createControlClient } from '../../control-client.ts'
import { openTaskLogs } from './task-logs.ts'

async function world() {
  const temporary = await tempHome()
  const control = await controlEnd()
  const client = createControlClient(control.url, control.token)
  const driver = createSimulatedDriver({ dir: join(temporary.home, 'tasks') })
  const folder = join(temporary.home, 'logs')
  const shipped: string[] = []
  const said: string[] = []
  const opened: { close(): Promise<void> }[] = []
  return {
    control,
    driver,
    folder,
    shipped,
    said,
    async open() {
      const logs = await openTaskLogs({ folder, machine: 'node-1', driver, control: client, onShipped: (task) => shipped.push(task), log: logInto(said) })
      opened.push(logs)
      return logs
    },
    async start(id: string, simulate: object): Promise<void> {
      const spec = instanceSpec(id)
      const who = identityOf(spec, 1, null)
      await driver.start({ ...spec, id: who.task, labels: labelsOf(who), slugPath: null, port: null, stopSignal: 'SIGTERM', env: { SIMULATE: JSON.stringify(simulate) } })
    },
    views: async (): Promise<TaskView[]> => (await driver.list()).flatMap((status) => readTask(status) ?? []),
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((logs) => logs.close()))
      client.close()
      await driver.close()
      await control[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

test('an ended task counts as shipped once its last line is stored, and not while control is away', async () => {
  await using here = await world()
  const logs = await here.open()
  here.control.setAway(true)
  await here.start('ins_a', { lines: ['first'], flood: 30_000, exitAfterMs: 50 })
  await until(async () => {
    const views = await here.views()
    logs.watch(views) // what it is told, not what is so a moment later
    return views[0]?.status.state === 'exited'
  }, { because: 'it has ended' })
  assert.deepEqual(here.shipped, [])
  here.control.setAway(false)
  await until(() => here.shipped.length === 1, { because: 'it is shipped' })
  const { entries, batch } = here.control.logs.get('ins_a.1-1')!
  assert.deepEqual([entries.length, entries[0]?.text, entries.at(-1)?.text], [30_001, 'first', 'line 29999 of a flood'])
  assert.deepEqual([batch.instance, batch.app, batch.release, batch.machine], ['web.1', 'shop', 1, 'node-1'])
  assert.deepEqual(here.control.faults, [])
})

test('a flood of one task does not keep the lines of another waiting', async () => {
  await using here = await world()
  const logs = await here.open()
  await here.start('ins_loud', { flood: 400_000, exitAfterMs: 1 })
  await here.start('ins_quiet', { lines: ['here I am'] })
  logs.watch(await here.views())
  await until(() => here.control.logs.has('ins_quiet.1-1'), { because: 'the quiet one is heard' })
  assert.ok((here.control.logs.get('ins_loud.1-1')?.position ?? 0) < 400_000)
})

test('the position of a task that has been quiet for long is kept, that of one that vanished goes', async () => {
  await using here = await world()
  const first = await here.open()
  await here.start('ins_a', { lines: ['one'] })
  first.watch(await here.views())
  await until(() => here.control.logs.get('ins_a.1-1')?.position === 1, { because: 'its line is stored' })
  await first.close()
  await mkdir(here.folder, { recursive: true })
  await writeFile(join(here.folder, 'ins_gone.1-1.json'), '{}')
  for (const name of await readdir(here.folder)) await utimes(join(here.folder, name), new Date(0), new Date(0))
  const second = await here.open()
  second.watch(await here.views())
  await until(async () => (await readdir(here.folder)).join() === 'ins_a.1-1.json', { because: 'only its position is left' })
  assert.deepEqual([...here.control.logs.keys()], ['ins_a.1-1'])
})

test('a task that is removed while a list of before still names it is not read again, and stays removable until it is gone', async () => {
  await using here = await world()
  const logs = await here.open()
  await here.start('ins_a', { lines: ['bye'], exitAfterMs: 1 })
  await until(async () => {
    logs.watch(await here.views())
    return logs.shipped().has('ins_a.1-1')
  }, { because: 'it is shipped' })
  const before = await here.views()
  await logs.forget('ins_a.1-1')
  await here.driver.remove('ins_a.1-1')
  logs.watch(before)
  assert.ok(logs.shipped().has('ins_a.1-1'))
  logs.watch([])
  assert.equal(logs.shipped().size, 0)
  // what reads would have failed by now, and said so
  await here.start('ins_b', { lines: ['hello'], exitAfterMs: 1 })
  await until(async () => {
    logs.watch(await here.views())
    return logs.shipped().has('ins_b.1-1')
  }, { because: 'another is read' })
  assert.deepEqual(here.said, [])
})
