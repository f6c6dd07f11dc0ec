import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { tempHome } from '#test/harness/home.ts'
import { until } from '#test/harness/wait.ts'
import { createLogger } from '../log.ts'
import { identityOf, isAlive, signal } from './identity.ts'
import { holderOf, takeLock } from './lock.ts'
import type { Managed } from './managed.ts'
import { findRecorded, nodeProcess } from './node-process.ts'
import { type Supervisor, supervise } from './supervisor.ts'

const serveStatus = new URL('./status-socket.ts', import.meta.url).href

/** A process that is ready at once and does nothing. */
async function fixture(t: TestContext, home: string, fingerprint = 'one'): Promise<Managed> {
  for (const folder of ['run', 'log']) await mkdir(join(home, folder), { recursive: true })
  const script = join(home, 'process.mjs')
  await writeFile(script, `import { serveStatus } from ${JSON.stringify(serveStatus)}
await serveStatus(process.argv[2], () => ({ pid: process.pid, ready: true, ports: {} }))
setInterval(() => {}, 1000)
`)
  const args = [script, join(home, 'run', 'thing.status.sock')]
  const made = nodeProcess({ home, name: 'thing', version: '1', command: process.execPath, args, env: process.env, fingerprint, needs: [], graceMs: 5000 })
  t.after(() => made.kill())
  return { ...made, hangMs: 1500, probeEveryMs: 100 }
}

function start(t: TestContext, managed: Managed): Supervisor {
  const supervisor = supervise({ managed: () => [managed], clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }), onChange() {} })
  t.after(() => supervisor.stop())
  return supervisor
}

const pidOf = (supervisor: Supervisor) => supervisor.view()[0]?.pid ?? undefined
const readyPid = (supervisor: Supervisor, not?: number) =>
  until(() => supervisor.view()[0]?.health === 'ready' && pidOf(supervisor) !== not && pidOf(supervisor), { because: 'the process is ready' })

test('a process that is killed is started again', async (t) => {
  await using folder = await tempHome()
  const supervisor = start(t, await fixture(t, folder.home))
  await supervisor.ready
  const first = await readyPid(supervisor)
  process.kill(first, 'SIGKILL')
  const second = await readyPid(supervisor, first)
  assert.notEqual(second, first)
  assert.equal(supervisor.view()[0]?.restarts, 1)
  await supervisor.stop()
  assert.ok(identityOf(second), 'it outlives its supervisor')
})

test('a new supervisor adopts what runs and leaves it alone', async (t) => {
  await using folder = await tempHome()
  const managed = await fixture(t, folder.home)
  const one = start(t, managed)
  const pid = await readyPid(one)
  await one.stop()
  const other = start(t, managed)
  await other.ready
  assert.equal(pidOf(other), pid)
  assert.equal(other.view()[0]?.restarts, 0)
})

test('a process with other settings is replaced, gracefully', async (t) => {
  await using folder = await tempHome()
  const one = start(t, await fixture(t, folder.home, 'one'))
  const pid = await readyPid(one)
  await one.stop()
  const other = start(t, await fixture(t, folder.home, 'two'))
  await readyPid(other, pid)
  assert.equal(identityOf(pid), undefined)
  assert.equal(findRecorded(folder.home, 'thing')?.fingerprint, 'two')
})

test('a process that lives and answers nothing is killed and started again', async (t) => {
  await using folder = await tempHome()
  const supervisor = start(t, await fixture(t, folder.home))
  const pid = await readyPid(supervisor)
  process.kill(pid, 'SIGSTOP')
  await readyPid(supervisor, pid)
  assert.equal(identityOf(pid), undefined)
})

test('a lock has one living holder, and is taken over from a dead one', async () => {
  await using folder = await tempHome()
  const file = join(folder.home, 'lock')
  const lock = await takeLock(file)
  assert.ok('release' in lock)
  assert.deepEqual(await takeLock(file), { heldBy: identityOf(process.pid) })
  lock.release()
  assert.equal(holderOf(file), undefined)

  const me = identityOf(process.pid)
  await writeFile(file, JSON.stringify({ pid: me?.pid, startTime: 'another life of this pid' }))
  assert.equal(holderOf(file), undefined)
  const results = await Promise.all(Array.from({ length: 8 }, () => takeLock(file)))
  assert.equal(results.filter((each) => 'release' in each).length, 1, 'of several takers one wins')
})

test('a pid that was given to another process is not taken for the first one', () => {
  const me = identityOf(process.pid)
  assert.ok(me && isAlive(me))
  const earlier = { pid: process.pid, startTime: 'before' }
  assert.equal(isAlive(earlier), false)
  assert.equal(signal(earlier, 'SIGKILL'), false)
  assert.equal(identityOf(2 ** 22 + 1), undefined)
})
