import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { cpuSeconds, disksOf, loadsOf, memoryOf, networksOf, readMachineStats } from './machine-stats.ts'

test('what Linux says is read as seconds and bytes', () => {
  assert.deepEqual(cpuSeconds('cpu  1000 200 300 40000 500 60 70 8 0 0\ncpu0 1 2 3 4\n'), { user: 12, system: 4.3, iowait: 5, steal: 0.08, idle: 400 })
  assert.deepEqual(loadsOf('0.52 1.10 2.05 3/711 4242\n'), { one: 0.52, five: 1.1, fifteen: 2.05 })
  assert.deepEqual(memoryOf('MemTotal:        8000 kB\nMemFree:          100 kB\nMemAvailable:    3000 kB\nSwapTotal:       2000 kB\nSwapFree:        1500 kB\n'), { totalBytes: 8_192_000, availableBytes: 3_072_000, swapUsedBytes: 512_000 })
  assert.deepEqual(disksOf(' 259 0 nvme0n1 10 0 100 5 20 0 200 6 0 1500 11\n 259 1 nvme0n1p1 1 0 1 1 1 1 1 1 1 1 1\n 7 0 loop0 1 0 1 1 1 1 1 1 1 1 1\n'), [{ device: 'nvme0n1', readBytes: 51_200, writtenBytes: 102_400, busySeconds: 1.5 }])
  const header = 'Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n'
  assert.deepEqual(networksOf(`${header}    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n  eth0: 1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\nveth1: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n`), [{ device: 'eth0', receivedBytes: 1000, sentBytes: 2000, errors: 3 }])
  assert.equal(loadsOf(''), null)
})

test('this machine is read, where it is Linux', { skip: process.platform !== 'linux' && 'not Linux' }, async () => {
  const stat = await readMachineStats(tmpdir())
  assert.ok(stat !== null && stat.memory.totalBytes > stat.memory.availableBytes && stat.cpuSeconds.user > 0)
})
