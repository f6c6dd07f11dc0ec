/** What Nightshift itself says, and syslog that comes in, are lines like others, for those who see all apps; a drain sends them on. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { createClient } from '#contract/client.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'

test('system logs and syslog in are read with logs --system, and a drain of all sends them on', async (t) => {
  let received = ''
  const receiver = createServer((socket) => void socket.on('data', (data) => (received += String(data)))).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.after(() => receiver.close())
  const port = await freePort()
  await using nightshift = await bootNightshift({ env: { NIGHTSHIFT_SYSLOG: `tcp://127.0.0.1:${port}` } })
  const added = await nightshift.cli(['drains', 'add', `syslog://127.0.0.1:${(receiver.address() as AddressInfo).port}`, '--all'])
  assert.equal(added.code, 0, added.stderr)
  const socket = connect(port, '127.0.0.1')
  socket.end('<11>1 - router-7 dhcpd 312 - - no free leases\n')
  const system = async (...args: string[]) => (await nightshift.cli(['logs', '--system', ...args])).stdout
  await until(async () => /no free leases/.test(await system('-s', 'syslog', '--level', 'error')), { because: 'the message is a line' })
  await until(async () => /control listens/.test(await system('-s', 'control')), { because: 'what control says is there' })
  await until(() => /<131>1 \S+ nightshift syslog router-7 system .*no free leases/.test(received), { because: 'the drain has sent it' })

  assert.equal((await nightshift.cli(['apps', 'create', 'shop'])).code, 0)
  const refused = await nightshift.cli(['apps', 'create', 'nightshift'])
  assert.match(refused.stderr, /"nightshift" is Nightshift itself/)
  const { secret } = await nightshift.client.call('tokens.create', { body: { name: 'limited', scope: 'deploy', apps: ['shop'] } })
  const limited = createClient({ baseUrl: nightshift.api, token: secret })
  assert.deepEqual((await limited.call('logs.list', { query: { app: 'nightshift', environment: 'system' } })).lines, [])
  assert.deepEqual(await limited.call('drains.list', { query: {} }), [])
  await assert.rejects(nightshift.client.call('tokens.create', { body: { name: 'sly', scope: 'read', apps: ['nightshift'] } }), { code: 'not-found' })
})
