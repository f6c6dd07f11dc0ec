/** The disk fills up: apps answer all the while, what is killed comes back with the disk still full, and with room all is as before. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { type ProcessName, bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { smallDisk, whyNoSmallDisk } from '#test/harness/small-disk.ts'
import { until } from '#test/harness/wait.ts'

const hello = join(import.meta.dirname, '../../../examples/hello-node')

test('on a full disk apps answer, and what is killed comes back; with room all is as before', { skip: await whyNoSmallDisk(), timeout: 120_000 }, async (t) => {
  const disk = await smallDisk(64)
  await using nightshift = await bootNightshift({ folder: { home: disk.path, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() } })
  for (const args of [['deploy', hello, '--app', 'hello-node'], ['scale', 'web=2', '-a', 'hello-node']]) {
    const { code, stdout, stderr } = await nightshift.cli(args)
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  }
  const instances = async () => {
    const app = await nightshift.client.call('apps.read', { params: { app: 'hello-node' }, query: { environment: 'production' } })
    return app.services.flatMap((service) => service.instances)
  }
  const whole = () => until(async () => (await instances()).filter((each) => each.state === 'ready').length === 2 && instances(), { because: 'both instances are ready' })
  const pids = async () => (await whole()).map((each) => each.pid).sort()
  const before = await pids()
  const diskOf = async () => (JSON.parse((await nightshift.cli(['status', '--json', '--home', nightshift.home])).stdout) as { disk: string }).disk
  /** To the last byte: what was waiting for room is written meanwhile, and what is written away frees some. */
  const fill = () => until(async () => (disk.fill(), /ENOSPC/.test(await diskOf())), { because: 'the disk is full and status says so' })
  assert.equal(await diskOf(), '')
  await fill()

  for (const name of ['agent', 'control', 'proxy'] satisfies ProcessName[]) {
    await t.test(`kill -9 of ${name}`, async () => {
      const loop = requestLoop(nightshift.url('hello-node'), { rate: 50 })
      await nightshift.back(name, nightshift.kill(name))
      await until(() => loop.result().sent > 20, { because: 'callers have called before, meanwhile and after' })
      const { failed, failures } = await loop.stop()
      if (name !== 'proxy') assert.equal(failed, 0, JSON.stringify(failures))
      assert.equal((await appFetch(nightshift.url('hello-node'))).status, 200)
      assert.deepEqual(await pids(), before, 'the apps ran on')
    })
  }
  await t.test('kill -9 of an instance', async () => {
    const loop = requestLoop(nightshift.url('hello-node'), { rate: 50 })
    process.kill(before[0] as number, 'SIGKILL')
    await until(async () => !(await pids()).includes(before[0] as number), { because: 'it was started again' })
    const { failed, failures } = await loop.stop()
    assert.equal(failed, 0, JSON.stringify(failures))
    await fill() // with the reserve given up, too
    assert.equal((await appFetch(nightshift.url('hello-node'))).status, 200)
  })

  await t.test('healing makes what room it may, and no other rung is climbed', async () => {
    const tried = () => nightshift.client.call('healing.list').then((all) => all.find(({ machine, tries }) => machine !== null && tries.length > 0))
    const { rule, tries } = await until(tried, { timeoutMs: 60_000, because: 'something was tried' })
    assert.deepEqual([rule, tries.map(({ rung }) => rung)], ['disk-filling', ['prune']])
  })

  const during = await pids()
  disk.free()
  assert.equal(await diskOf(), '')
  assert.deepEqual(await pids(), during, 'nothing is started again for it')
  const { code, stdout, stderr } = await nightshift.cli(['config', 'set', 'COLOUR=blue', '-a', 'hello-node'])
  assert.equal(code, 0, stdout + stderr)
})
