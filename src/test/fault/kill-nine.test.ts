/** kill -9 of each process of Nightshift in turn, under load: apps and traffic do not notice, everything comes back, nothing is lost. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { type ProcessName, type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'

const hello = join(import.meta.dirname, '../../../examples/hello-node')

type Seen = { release: number | null; rollout: string; instances: { name: string; id: string; pid: number | null; restarts: number }[]; config: string }

async function look({ client }: TestNightshift): Promise<Seen> {
  const app = await client.call('apps.read', { params: { app: 'hello-node' }, query: { environment: 'production' } })
  const config = await client.call('config.read', { params: { app: 'hello-node' }, query: { environment: 'production' } })
  const instances = app.services.flatMap((service) => service.instances).filter((each) => each.state === 'ready')
  return { release: app.release, rollout: `${app.rollout?.release} ${app.rollout?.state}`, instances: instances.map(({ name, id, pid, restarts }) => ({ name, id, pid, restarts })), config: JSON.stringify(config) }
}

async function booted(): Promise<TestNightshift> {
  const nightshift = await bootNightshift({ embeddedDatabase: true })
  for (const args of [['deploy', hello, '--app', 'hello-node'], ['scale', 'web=2', '-a', 'hello-node'], ['config', 'set', 'COLOUR=blue', '-a', 'hello-node']]) {
    const { code, stdout, stderr } = await nightshift.cli(args)
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  }
  return nightshift
}

/** What is seen once both instances are ready and the rollout of the config change (v2) has ended, old instances included. */
function settled(nightshift: TestNightshift): Promise<Seen> {
  return until(
    async () => {
      const seen = await look(nightshift)
      const { stdout } = await nightshift.cli(['ps', '-a', 'hello-node'])
      return seen.rollout === '2 finished' && seen.instances.length === 2 && !/v1/.test(stdout) && seen
    },
    { timeoutMs: 90_000, everyMs: 100, because: 'both instances are ready and the rollout has ended' },
  )
}

test('kill -9 of any one process stops no app, and all come back', async (t) => {
  await using nightshift = await booted()
  const before = await settled(nightshift)

  for (const name of ['agent', 'control', 'postgres', 'proxy', 'supervisor'] satisfies ProcessName[]) {
    await t.test(name, async () => {
      const loop = requestLoop(nightshift.url('hello-node'), { rate: 50 })
      const killed = nightshift.kill(name)
      // nothing restarts the supervisor itself but its owner; the rest runs on meanwhile
      if (name === 'supervisor') await nightshift.up()
      await nightshift.back(name, killed)
      const after = await settled(nightshift)
      await until(() => loop.result().sent > 20, { because: 'callers have called before, meanwhile and after' })
      const { failed, failures } = await loop.stop()
      assert.deepEqual(after, before, 'the same instances, processes and settings')
      for (const { pid } of before.instances) if (pid !== null) assert.ok(process.kill(pid, 0))
      // while the proxy itself is away nobody answers; once it is back, everybody does
      if (name !== 'proxy') assert.equal(failed, 0, JSON.stringify(failures))
      assert.equal((await appFetch(nightshift.url('hello-node'))).status, 200)
    })
  }
})

test('the whole of Nightshift stops and starts again, and the app is the same', async () => {
  await using nightshift = await booted()
  const before = await settled(nightshift)
  await nightshift.down()
  for (const { pid } of before.instances) if (pid !== null) assert.ok(process.kill(pid, 0), 'the app runs while Nightshift is down')
  await nightshift.up()
  assert.deepEqual(await settled(nightshift), before)

  await nightshift.down({ apps: true })
  for (const { pid } of before.instances) if (pid !== null) assert.throws(() => process.kill(pid, 0), 'down --apps stops the app')
  await nightshift.up()
  await until(async () => (await appFetch(nightshift.url('hello-node'))).status === 200, { because: 'the app starts again with Nightshift' })
})
