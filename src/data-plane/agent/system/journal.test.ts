/** The reader against journalctl and real journal files that grow, rotate and vanish. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { whyNoJournal, writeJournal } from '#test/harness/journal.ts'
import { createControlClient } from '../../control-client.ts'
import { logInto } from '../testing/agent-world.ts'
import { controlEnd } from '../testing/control.ts'
import { until } from '../testing/helpers.ts'
import { journalIn } from './journal-folder.ts'
import { startMachineLogs } from './machine-logs.ts'

if (whyNoJournal !== undefined) console.log(`# SKIPPED: ${whyNoJournal}`)
const journalTest = (name: string, run: (t: TestContext) => Promise<void>) => void test(name, { skip: whyNoJournal ?? false, timeout: 60_000 }, run)

async function world(t: TestContext) {
  const home = await tempHome()
  const control = await controlEnd()
  const client = createControlClient(control.url, control.token)
  const folder = join(home.home, 'journal')
  await mkdir(folder)
  const said: unknown[] = []
  const options = { home: home.home, machine: 'node-1', control: client, log: logInto(said as never), journalFolders: [folder], journalArgs: ['--directory', folder], files: [] }
  let running: { close(): Promise<void> } | undefined
  const stop = async () => {
    await running?.close()
    running = undefined
  }
  t.after(async () => {
    await stop()
    client.close()
    await control[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  })
  const lines = () => [...control.logs.values()].flatMap((one) => one.entries).map(({ at, text }) => ({ at, ...(JSON.parse(text) as { level: string; msg: string; program?: string; unit?: string }) }))
  return {
    control, folder, said, stop, lines,
    file: (name: string) => join(folder, `${name}.journal`),
    state: join(home.home, 'agent', 'journal-position.json'),
    start() {
      running = startMachineLogs(options)
    },
    shipped: () => lines().map(({ msg }) => msg),
    arrive: (count: number) => until(() => lines().length >= count, { because: `${count} lines are stored` }),
    async started() {
      this.start()
      await until(() => readFile(this.state).then(() => true, () => false), { because: 'it has looked' })
    },
  }
}

const numbered = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ message: `n ${from + at}` }))
const names = (from: number, count: number) => numbered(from, count).map(({ message }) => message)

journalTest('what is new is shipped as it was said, whatever bytes it has and however long it is, and nothing of before', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 3))
  await machine.started()
  const odd = ['two\nlines', 'a\u2028b \u0007\r\\"', 'x'.repeat(20_000), 'ü€😀']
  await writeJournal(machine.file('system'), [
    { message: 'disk full', fields: { PRIORITY: '3', SYSLOG_IDENTIFIER: 'db', _SYSTEMD_UNIT: 'db.service', COREDUMP: 'y'.repeat(100_000) } },
    { message: Buffer.from([0x62, 0xff, 0xfe, 0x21]) },
    ...odd.map((message) => ({ message })),
  ])
  await machine.arrive(2 + odd.length)
  const [first, bytes, ...rest] = machine.lines()
  assert.deepEqual([first?.level, first?.program, first?.unit, first?.msg], ['error', 'db', 'db.service', 'disk full'])
  assert.equal(bytes?.msg, 'b\ufffd\ufffd!')
  assert.deepEqual(rest.map(({ msg }) => msg), odd)
  assert.deepEqual(machine.control.faults, [])
})

journalTest('an agent that comes back goes on where it was, over a rotation, and over a boot', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 1))
  await machine.started()
  await writeJournal(machine.file('system'), numbered(1, 30))
  await machine.arrive(30)
  // while it follows, the file is rotated
  await rename(machine.file('system'), machine.file('system@old'))
  await writeJournal(machine.file('system'), numbered(31, 20))
  await machine.arrive(50)
  await machine.stop()
  // while it is away there is more than one screen of lines, and a boot
  await writeJournal(machine.file('system'), numbered(51, 1200))
  await writeJournal(machine.file('system@next'), numbered(1251, 20).map((one) => ({ ...one, boot: 'b'.repeat(32) })))
  machine.start()
  await machine.arrive(1270)
  await writeJournal(machine.file('system@next'), numbered(1271, 2).map((one) => ({ ...one, boot: 'b'.repeat(32) })))
  await machine.arrive(1272)
  assert.deepEqual(machine.shipped(), names(1, 1272))
  assert.deepEqual(machine.control.faults, [])
})

journalTest('when the entry of the cursor is gone, it goes on with the next one, and a cursor that is none costs nothing', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 1))
  await machine.started()
  await writeJournal(machine.file('system'), numbered(1, 3))
  await machine.arrive(3)
  await machine.stop()
  for (const name of await readdir(machine.folder)) await rm(join(machine.folder, name)) // as vacuuming does
  await writeJournal(machine.file('after'), numbered(4, 3))
  machine.start()
  await machine.arrive(6)
  await machine.stop()
  const state = JSON.parse(await readFile(machine.state, 'utf8')) as { cursor: string; pending: unknown }
  await writeFile(machine.state, JSON.stringify({ ...state, ...(state.pending === null ? {} : { pending: { ...(state.pending as object), cursor: 'torn' } }), cursor: 'torn' }))
  await writeJournal(machine.file('after'), numbered(7, 2))
  machine.start()
  await machine.arrive(8)
  assert.deepEqual(machine.shipped(), names(1, 8))
  assert.deepEqual(machine.control.faults, [])
})

journalTest('a batch that was under way when control went away, and the agent with it, is sent again as it was', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 1))
  await machine.started()
  machine.control.setAway(true)
  await writeJournal(machine.file('system'), numbered(1, 5))
  await until(async () => (JSON.parse(await readFile(machine.state, 'utf8')) as { pending: unknown }).pending !== null, { because: 'it is under way' })
  await machine.stop()
  await writeJournal(machine.file('system'), numbered(6, 5))
  machine.control.setAway(false)
  machine.start()
  await machine.arrive(10)
  assert.deepEqual(machine.shipped(), names(1, 10))
})

journalTest('journalctl is started again when it ends, and nothing is missing', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 1))
  await machine.started()
  await writeJournal(machine.file('system'), numbered(1, 2))
  await machine.arrive(2)
  const following = () => execFileSync('ps', ['-eo', 'pid=,args=']).toString().split('\n').filter((line) => line.includes('journalctl') && line.includes(machine.folder) && line.includes('--follow')).map((line) => Number.parseInt(line, 10))
  const [pid] = await until(() => following().length === 1 && following(), { because: 'it follows' }) as number[]
  process.kill(pid as number, 'SIGKILL')
  await writeJournal(machine.file('system'), numbered(3, 2))
  await machine.arrive(4)
  assert.deepEqual(machine.shipped(), names(1, 4))
  assert.ok(JSON.stringify(machine.said).includes('SIGKILL'), 'it is said how it ended')
})

journalTest('a journal that may not be read is said, with the way out', async (t) => {
  const machine = await world(t)
  await writeJournal(machine.file('system'), numbered(0, 1))
  await chmod(machine.folder, 0o755)
  await chmod(machine.file('system'), 0o600)
  assert.equal(await journalIn(machine.folder), 'readable')
  assert.equal(await journalIn(join(machine.folder, 'absent')), 'absent')
  if (process.getuid?.() !== 0) return
  await chmod(join(machine.folder, '..'), 0o755)
  process.seteuid?.(65_534)
  try {
    assert.equal(await journalIn(machine.folder), 'closed')
  } finally {
    process.seteuid?.(0)
  }
})
