/** A full disk ends no app, hides no end, and keeps none from being stopped or started again. */
import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bench } from '#test/conformance/task-world.ts'
import { smallDisk, whyNoSmallDisk } from '#test/harness/small-disk.ts'
import { until } from '#test/harness/wait.ts'
import { createProcessDriver } from './driver.ts'
import { paths } from './record.ts'

const skip = await whyNoSmallDisk()
const shell = (line: string) => ({ shell: line, simulate: {} })
const waits = 'exec sleep 1000'

async function open() {
  const disk = await smallDisk(64)
  const dir = join(disk.path, 'tasks')
  const bench = await Bench.open(() => ({ open: () => createProcessDriver({ dir, reserveBytes: 1024 ** 2 }), async cleanUp() {} }))
  return {
    bench,
    disk,
    dir,
    hasReserve: () => stat(join(dir, '.reserve')).then(({ size }) => size === 1024 ** 2, () => false),
    async [Symbol.asyncDispose]() {
      await bench[Symbol.asyncDispose]()
      await disk[Symbol.asyncDispose]()
    },
  }
}

test('an app that ends while the disk is full is seen to end, and its end is written down once there is room', { skip }, async () => {
  await using here = await open()
  const { bench, disk, dir } = here
  const { id } = await bench.run(shell(`trap 'exit 3' TERM; while :; do sleep 0.05; done`))
  disk.fill()
  process.kill((await until(async () => (await bench.status(id))?.pid, { because: 'it runs' })), 'SIGTERM')
  assert.equal((await bench.ended(id)).exit?.code, 3)
  assert.deepEqual((await readdir(join(dir, id))).filter((name) => name.startsWith('ended')), [], 'nothing is left over')
  await bench.reopen()
  assert.equal((await bench.ended(id)).exit?.code, 3, 'another driver finds it out again')
  disk.free()
  await until(() => stat(paths.ended(join(dir, id))), { because: 'it is written down' })
})

test('on a full disk an app is stopped, removed, and started again with the room that was kept', { skip }, async () => {
  await using here = await open()
  const { bench, disk } = here
  const { id } = await bench.run(shell(waits))
  await until(here.hasReserve, { because: 'there is a reserve' })
  disk.fill()
  const exit = await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 1000 })
  assert.equal(exit?.signal, 'SIGTERM')
  const next = await bench.run(shell(waits))
  assert.equal((await bench.status(next.id))?.state, 'running')
  assert.equal(await here.hasReserve(), false)
  await bench.driver.remove(id)
  disk.free()
  await until(here.hasReserve, { because: 'the reserve is made again' })
})

test('an app that writes to its output while the disk is full does not notice: the oldest is dropped, and counted', { skip }, async () => {
  await using here = await open()
  const { bench, disk, dir } = here
  const { id } = await bench.run(shell(`while :; do yes | head -c 20000 || exit 9; sleep 0.1; done`))
  const log = paths.log(join(dir, id), 'stdout')
  await until(async () => (await stat(log)).blocks * 512 > 512 * 1024, { because: 'room is taken ahead' })
  disk.fill()
  await until(async () => (await bench.status(id))?.exit !== null || (await stat(log)).size > 1_200_000, { because: 'it has written more than was taken ahead' })
  assert.equal((await bench.status(id))?.exit, null)
  assert.ok((await bench.driver.logs(id, undefined, 1000)).dropped > 0)
})
