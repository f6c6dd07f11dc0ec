/** A stopped app is deployed to, and started. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const hello = join(import.meta.dirname, '../../../examples/hello-node')

test('what is deployed to a stopped app is made, and serves once it is started', async () => {
  await using nightshift = await bootNightshift()
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await nightshift.cli(args)
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const of = ['-a', 'hello-node']
  await ok('deploy', hello, ...of)
  await ok('stop', ...of)
  assert.match(await ok('deploy', hello, ...of, '--wait'), /hello-node is stopped: v2 is made, and is rolled out when the app is started \(nightshift start -a hello-node\)\n$/)
  assert.match(await ok('config', 'set', 'COLOUR=blue', ...of, '--wait'), /is stopped: v3 is made/)
  assert.match(await ok('why', ...of), /is stopped: an operator stopped it\.[^]*nightshift start -a hello-node/)
  await ok('start', ...of)
  await until(async () => (await appFetch(nightshift.url('hello-node'))).status === 200 && /v3 healthy/.test(await ok('ps', ...of)), { because: 'the newest release serves' })
})
