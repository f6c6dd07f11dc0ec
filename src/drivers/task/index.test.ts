import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { detectDriver, taskDrivers } from './index.ts'

test('drivers have distinct kinds, and refuse settings they do not know', () => {
  assert.equal(new Set(taskDrivers.map(({ kind }) => kind)).size, taskDrivers.length)
  for (const driver of taskDrivers) {
    assert.throws(() => driver.create({ dir: 'relative' }))
    assert.throws(() => driver.create({ dir: join(tmpdir(), 'never-made'), colour: 'green' }))
  }
})

test('without a usable engine a machine gets plain processes, and is told why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-detect-'))
  const socket = join(folder, 'engine.sock')
  try {
    assert.deepEqual(await detectDriver({ socket }), { kind: 'process', because: `no container engine can be reached at ${socket}` })
    await writeFile(socket, 'not a socket')
    assert.match((await detectDriver({ socket })).because, /^no container engine answers/)
    await rm(socket)
    const server = createServer((_request, response) => response.writeHead(500).end('{"message":"out of order"}')).listen(socket)
    try {
      const { kind, because } = await detectDriver({ socket })
      assert.equal(kind, 'process')
      assert.match(because, /out of order/)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
