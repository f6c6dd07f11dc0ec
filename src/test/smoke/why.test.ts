/** kill -9 of an instance, and what is told of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const hello = join(import.meta.dirname, '../../../examples/hello-node')

test('an instance that was killed is told as ended, started again and in rotation', async () => {
  await using nightshift = await bootNightshift()
  const deployed = await nightshift.cli(['deploy', hello, '--app', 'hello-node'])
  assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
  const why = async () => (await nightshift.cli(['why', 'hello-node'])).stdout
  assert.match(await why(), /^hello-node\/web is healthy: 1 of 1 ready\. No instance of it is known to have failed in the last hour\.$/m)
  const app = await nightshift.client.call('apps.read', { params: { app: 'hello-node' }, query: { environment: 'production' } })
  process.kill(app.services[0]?.instances[0]?.pid as number, 'SIGKILL')
  const told = await until(async () => {
    const said = await why()
    return /is healthy.*Nothing is left to do/.test(said) && said
  }, { because: 'it is back' })
  assert.match(told, /web\.1 ended .* ago, and was back after /)
  assert.match(told, /^last hour {2}hello-node\/web\.1 was ended by SIGKILL after .*, not by Nightshift, .* ago; it was started again, and was in rotation after .* \(known from its exit status, which the agent of .* read\)$/m)
})
