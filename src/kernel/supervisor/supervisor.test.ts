import assert from 'node:assert/strict'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep, systemClock } from '#base/clock.ts'
import { tempHome } from '#test/harness/home.ts'
import { smallDisk, whyNoSmallDisk } from '#test/harness/small-disk.ts'
import { until } from '#test/harness/wait.ts'
import { createLogger } from '../log.ts'
import { identityOf, isAlive, signal } from './identity.ts'
import { holderOf, takeLock } from './lock.ts'
import type { Managed } from './managed.ts'
import { findRecorded, lockFileOf, nodeProcess, recordFile } from './node-process.ts'
import { type Supervisor, supervise } from './supervisor.ts'

const serveStatus = new URL('./status-socket.ts', import.meta.url).href
const lock = new URL('./lock.ts', import.meta.url).href

/** A home with one process that is ready at once and does nothing, and the supervisors of it. */
async function openWorld(folder?: { home: string } & AsyncDisposable): Promise<{ home: string; start(fingerprint?: string, change?: (managed: Managed) => Managed): Supervisor } & AsyncDisposable> {
  folder ??= await tempHome()
  const { home } = folder
  for (const name of ['run', 'log']) await mkdir(join(home, name), { recursive: true })
  const script = join(home, 'process.mjs')
  await writeFile(script, `import { serveStatus } from ${JSON.stringify(serveStatus)}
import { takeLock } from ${JSON.stringify(lock)}
if ('heldBy' in await takeLock(process.argv[3])) process.exit(1)
await serveStatus(process.argv[2], () => ({ pid: process.pid, ready: true, ports: {} }))
setInterval(() => {}, 1000)
`)
  const args = [script, join(home, 'run', 'thing.status.sock'), lockFileOf(home, 'thing')]
  const make = (fingerprint: string): Managed => ({
    ...nodeProcess({ home, name: 'thing', version: '1', command: process.execPath, args, env: process.env, fingerprint, needs: [], graceMs: 5000 }),
    hangMs: 1500,
    probeEveryMs: 100,
  })
  const supervisors: Supervisor[] = []
  return {
    home,
    start(fingerprint = 'one', change = (managed) => managed) {
      const managed = change(make(fingerprint))
      const supervisor = supervise({ managed: () => [managed], clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }), onChange() {} })
      supervisors.push(supervisor)
      return supervisor
    },
    async [Symbol.asyncDispose]() {
      for (const supervisor of supervisors) await supervisor.stop()
      await make('one').kill()
      await folder?.[Symbol.asyncDispose]()
    },
  }
}

const pidOf = (supervisor: Supervisor) => supervisor.view()[0]?.pid ?? undefined
const readyPid = (supervisor: Supervisor, not?: number) =>
  until(() => supervisor.view()[0]?.health === 'ready' && pidOf(supervisor) !== not && pidOf(supervisor), { because: 'the process is ready' })

test('a process that is killed is started again', async () => {
  await using world = await openWorld()
  const supervisor = world.start()
  await supervisor.ready
  const first = await readyPid(supervisor)
  process.kill(first, 'SIGKILL')
  const second = await readyPid(supervisor, first)
  assert.notEqual(second, first)
  assert.equal(supervisor.view()[0]?.restarts, 1)
  await supervisor.stop()
  assert.ok(identityOf(second), 'it outlives its supervisor')
})

test('a process that is killed while the disk is full is started again, and written down once there is room', { skip: await whyNoSmallDisk() }, async () => {
  const disk = await smallDisk(2)
  await using world = await openWorld({ home: disk.path, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() })
  const supervisor = world.start()
  const first = await readyPid(supervisor)
  disk.fill()
  process.kill(first, 'SIGKILL')
  const second = await readyPid(supervisor, first)
  assert.equal(findRecorded(world.home, 'thing'), undefined, 'there was no room to write it down')
  assert.equal(holderOf(lockFileOf(world.home, 'thing'))?.pid, second, 'others find it by its lock')
  disk.free()
  await until(() => findRecorded(world.home, 'thing')?.pid === second, { because: 'it is written down' })
  assert.deepEqual([pidOf(supervisor), supervisor.view()[0]?.restarts], [second, 1], 'and not started again for it')
  assert.deepEqual((await readdir(join(world.home, 'run'))).sort(), ['thing.json', 'thing.lock', 'thing.status.sock'])
})

test('a new supervisor adopts what runs and leaves it alone', async () => {
  await using world = await openWorld()
  const one = world.start()
  const pid = await readyPid(one)
  await one.stop()
  const other = world.start()
  await other.ready
  assert.equal(pidOf(other), pid)
  assert.equal(other.view()[0]?.restarts, 0)
})

test('a process that nobody wrote down is found by its lock, and replaced', async () => {
  await using world = await openWorld()
  const one = world.start()
  const pid = await readyPid(one)
  await one.stop()
  await rm(recordFile(world.home, 'thing'))
  const other = world.start()
  await other.ready
  assert.equal(identityOf(pid), undefined)
  assert.equal(findRecorded(world.home, 'thing')?.pid, pidOf(other))
})

test('what was seen before an action ended is not acted on', async () => {
  await using world = await openWorld()
  let starts = 0
  const supervisor = world.start('one', (managed) => ({
    ...managed,
    async find() {
      const found = await managed.find()
      await sleep(300) // the start below ends in the middle of the second look
      return found
    },
    async start(wake) {
      starts++
      wake()
      await sleep(50)
      await managed.start(wake)
    },
  }))
  await supervisor.ready
  assert.equal(starts, 1)
})

test('a process with other settings is replaced, gracefully', async () => {
  await using world = await openWorld()
  const one = world.start('one')
  const pid = await readyPid(one)
  await one.stop()
  const other = world.start('two')
  await readyPid(other, pid)
  assert.equal(identityOf(pid), undefined)
  assert.equal(findRecorded(world.home, 'thing')?.fingerprint, 'two')
})

test('a process that lives and answers nothing is killed and started again', async () => {
  await using world = await openWorld()
  const supervisor = world.start()
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
