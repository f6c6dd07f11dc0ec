import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { assertPublicHost, isPublicAddress, publicLookup } from './public-address.ts'

test('addresses of this machine, of private networks and of clouds themselves are not public', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::'])
    assert.equal(isPublicAddress(address), false, address)
  for (const address of ['1.1.1.1', '172.32.0.1', '192.169.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])
    assert.equal(isPublicAddress(address), true, address)
})

test('an address in a URL, in any way to write it, is refused before anything connects', () => {
  for (const url of ['http://127.0.0.1', 'http://2130706433/', 'http://0x7f.1/', 'http://[::1]:80/', 'http://[::ffff:127.0.0.1]/', 'http://localhost:9', 'http://a.localhost/', 'http://169.254.169.254/latest'])
    assert.throws(() => assertPublicHost(new URL(url).hostname), { code: 'forbidden' }, url)
  assert.doesNotThrow(() => assertPublicHost('logs.example.com'))
})

test('a name that resolves to this machine is refused when it is connected to', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const socket = connect({ host: 'localhost', port, lookup: publicLookup })
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
  assert.match(error.message, /localhost is at (127\.0\.0\.1|::1), of this machine/)
  server.close()
})
