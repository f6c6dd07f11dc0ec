import assert from 'node:assert/strict'
import { appendFile, copyFile, mkdir, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { createControlClient } from '../../control-client.ts'
import { logInto } from '../testing/agent-world.ts'
import { controlEnd } from '../testing/control.ts'
import { until } from '../testing/helpers.ts'
import { journalEntry } from './journal-entry.ts'
import { startMachineLogs } from './machine-logs.ts'
import { startOwnLogs } from './own-logs.ts'

async function world(t: TestContext) {
  const home = await tempHome()
  const control = await controlEnd()
  const client = createControlClient(control.url, control.token)
  await mkdir(join(home.home, 'agent'))
  await mkdir(join(home.home, 'log'))
  t.after(async () => {
    client.close()
    await control[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  })
  const entries = (service: string) => [...control.logs.values()].filter(({ batch }) => batch.service === service).flatMap((one) => one.entries)
  return { home: home.home, control, entries, options: { home: home.home, machine: 'node-1', control: client, log: logInto([]) } }
}

test('what our own processes say is shipped with its time, over both ways in which their files are rotated', async (t) => {
  const { home, control, entries, options } = await world(t)
  const file = join(home, 'log', 'control.log')
  const line = (n: number) => `{"level":"info","time":"2026-11-28T03:12:00.000Z","process":"control","msg":"n ${n}"}\n`
  await writeFile(file, line(0))
  let own = startOwnLogs(options)
  t.after(() => own.close())
  const seen = () => entries('control').map(({ text }) => (JSON.parse(text) as { msg: string }).msg)
  await until(() => seen().length === 1, { because: 'the first is stored' })
  await own.close()
  await appendFile(file, line(1))
  await copyFile(file, `${file}.1`)
  await truncate(file, 0)
  await appendFile(file, line(2))
  own = startOwnLogs(options)
  await until(() => seen().length === 3, { because: 'the rest of the copy and what came after are stored' })
  await rename(file, `${file}.1`)
  await writeFile(file, line(3))
  await until(() => seen().length === 4, { because: 'the new file is stored' })
  await own.close()
  assert.deepEqual(seen(), ['n 0', 'n 1', 'n 2', 'n 3'])
  assert.deepEqual(control.faults, [])
  const [batch] = [...control.logs.values()].map((one) => one.batch)
  assert.deepEqual([batch?.app, batch?.environment, batch?.service, batch?.instance, entries('control')[0]?.at], ['nightshift', 'system', 'control', 'node-1', '2026-11-28T03:12:00.000Z'])
})

test('of the files of a syslog daemon only what is new is shipped', async (t) => {
  const { home, entries, options } = await world(t)
  const file = join(home, 'syslog')
  await writeFile(file, 'Nov 28 03:11:00 db01 sshd[12]: before\n')
  const machine = startMachineLogs({ ...options, journalFolders: [], files: [file, join(home, 'absent')] })
  t.after(() => machine.close())
  // when it has looked first is not to be seen: so something new comes until one of it is stored
  await until(async () => {
    await appendFile(file, 'Nov 28 03:12:00 db01 sshd[12]: Failed password\n')
    return entries('machine').length > 0
  }, { everyMs: 200, because: 'it is stored' })
  for (const { text } of entries('machine')) assert.deepEqual(JSON.parse(text), { level: 'info', program: 'sshd', pid: '12', facility: 'syslog', msg: 'Failed password' })
})

test('an entry of the journal is a line with its level, program and unit', () => {
  const entry = journalEntry(JSON.stringify({ __CURSOR: 's=1;i=2', __REALTIME_TIMESTAMP: '1795835520250000', PRIORITY: '3', SYSLOG_IDENTIFIER: 'kernel', _SYSTEMD_UNIT: 'a.service', _PID: '7', MESSAGE: 'oom' }))
  assert.deepEqual([entry?.cursor, entry?.entry.at, JSON.parse(entry?.entry.text ?? '')], ['s=1;i=2', '2026-11-28T03:12:00.250Z', { level: 'error', program: 'kernel', unit: 'a.service', pid: '7', msg: 'oom' }])
  assert.equal(JSON.parse(journalEntry('{"__CURSOR":"c","MESSAGE":[104,105]}')?.entry.text ?? '').msg, 'hi')
  assert.equal(JSON.parse(journalEntry('{"__CURSOR":"c","MESSAGE":["first","second"],"_PID":null}')?.entry.text ?? '').msg, 'first')
  assert.equal(journalEntry('-- No entries --'), null)
})
