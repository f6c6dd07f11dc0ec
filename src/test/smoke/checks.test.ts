import assert from 'node:assert/strict'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CheckState } from '#contract/checks.ts'
import { tempHome } from '#test/harness/home.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const hello = join(import.meta.dirname, '../../../examples/hello-node')
const manifest = (path: string) => `name: hello
services: { web: {} }
checks:
  - { name: outside, service: web, http: ${path}, every: 1s, retries: 0 }
  - { name: by name, service: web, http: "http://web/", every: 1s, from: [control, near] }
  - { name: inner, http: "http://127.0.0.1:1/", every: 1s, retries: 0 }
`

test('checks of a manifest come with its release; machines check near, plugins too; a job says that it ran', async () => {
  await using nightshift = await bootNightshift()
  await using folder = await tempHome('ns-app-')
  await cp(hello, folder.home, { recursive: true })
  const deploy = async (path: string) => {
    await writeFile(join(folder.home, 'nightshift.yml'), manifest(path))
    const { code, stdout, stderr } = await nightshift.cli(['deploy', folder.home])
    assert.equal(code, 0, stdout + stderr)
  }
  const cli = async (...args: string[]) => {
    const { stdout, stderr } = await nightshift.cli(args)
    return stdout + stderr
  }
  const becomes = (check: string, state: CheckState) =>
    until(async () => (await nightshift.client.call('checks.read', { params: { check } })).state === state, { because: `${check} is ${state}` })

  await deploy('/')
  await becomes('outside', 'up')
  await becomes('by name', 'up')
  await becomes('inner', 'down')
  const near = await until(async () => {
    const { vantages } = await nightshift.client.call('checks.read', { params: { check: 'by name' } })
    return vantages.length === 2 && vantages
  }, { because: 'control and the machine have looked' })
  assert.ok(near.every(({ status }) => status === 'ok'), JSON.stringify(near))
  assert.match((await nightshift.client.call('checks.read', { params: { check: 'inner' } })).because, /not a public address/)
  assert.equal((await nightshift.client.call('alerts.list')).filter(({ target }) => target.startsWith('check:')).length, 1)

  const plugin = join(folder.home, 'queue.sh')
  await writeFile(plugin, '#!/bin/sh\necho "status ok $1 jobs"\necho "metric jobs int $1"\n')
  assert.match(await cli('checks', 'plugin', plugin), /the plugin queue.sh is there/)
  assert.match(await cli('checks', 'test', 'plugin', 'queue.sh', 'args=7', '--if', 'jobs GT 5 warn'), /^warn {2}jobs is 7 \(jobs GT 5 warn\)/)
  assert.match(await cli('checks', 'add', 'plugin', 'queue.sh', 'args=3', '--every', '1s', '--name', 'queue'), /the check queue is made/)
  await becomes('queue', 'up')
  await until(async () => (await nightshift.client.call('metrics.list', { query: {} })).some(({ name }) => name === 'nightshift_plugin_jobs'), { because: 'its metric is stored' })

  const url = /curl (\S+)/.exec(await cli('checks', 'add', 'heartbeat', '5s', '--name', 'backup', '--every', '1d'))?.[1] as string
  assert.equal((await fetch(`${url}/0`)).status, 200)
  await becomes('backup', 'up')
  assert.equal((await fetch(`${url}/3`, { method: 'POST', body: 'no space left' })).status, 200)
  await becomes('backup', 'down')

  await deploy('/?again')
  await until(async () => (await nightshift.client.call('checks.read', { params: { check: 'outside' } })).config['url'] === '/?again', { because: 'the next release changes its check' })
  await becomes('outside', 'up')
  assert.equal((await nightshift.cli(['destroy', '-a', 'hello', '--confirm', 'hello'])).code, 0)
  await until(async () => (await nightshift.client.call('checks.list')).every(({ app }) => app === null), { because: 'its checks go with the app' })
  assert.deepEqual((await nightshift.client.call('checks.list')).map(({ name }) => name), ['backup', 'queue'])
})
