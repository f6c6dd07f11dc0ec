import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { listeningOf, parseTable } from './listening.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 683247 1 00000000e175eaf2 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 590158 1 000000001f277812 100 0 0 10 0
   2: 0100007F:9CB1 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 590159 1 000000001f277812 100 0 0 10 0
`

test('listening sockets are told with port and reach, connections are not', () => {
  assert.deepEqual(parseTable(table), [{ port: 3000, loopback: true, inode: '683247' }, { port: 8080, loopback: false, inode: '590158' }])
  assert.deepEqual(parseTable(''), [])
})

test('a process is seen to listen where it does, and only itself', { skip: process.platform !== 'linux' && 'there is no /proc here' }, async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  assert.ok(listeningOf(process.pid, [process.pid]).some((one) => one.port === port && one.loopback))
  assert.ok(!listeningOf(process.pid, [1]).some((one) => one.port === port))
  assert.ok(listeningOf(process.pid, null).some((one) => one.port === port))
  server.close()
})
