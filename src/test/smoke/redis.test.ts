import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'

const redis = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((file) => existsSync(file))

const manifest = `
name: counter
services:
  web:
    command: node server.js
    health: { path: /up }
    needs: { cache: healthy }
  cache:
    command: redis-server --port $PORT --appendonly yes --dir /data-of-redis --bind 127.0.0.1
    protocol: redis
    # its port opens before its data is loaded
    health: { exec: [sh, -c, 'redis-cli -e -p "$PORT" ping'] }
    volumes: { data: /app/data }
`

/** Speaks RESP by hand over the edge: no client library, so that nothing hides the wire. */
const server = `
const http = require('node:http'), net = require('node:net')
const url = new URL(process.env.CACHE_URL)
function command(...words) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(url.port), url.hostname)
    socket.setTimeout(5000, () => socket.destroy(new Error('the cache did not answer')))
    socket.write('*' + words.length + '\\r\\n' + words.map((word) => '$' + Buffer.byteLength(word) + '\\r\\n' + word + '\\r\\n').join(''))
    socket.once('data', (data) => { resolve(data.toString().trim()); socket.end() })
    socket.once('error', reject)
  })
}
http.createServer(async (request, response) => {
  if (request.url === '/up') return response.end('ok')
  try { response.end(url.protocol + (await command('INCR', 'visits'))) } catch (error) { response.writeHead(500); response.end(String(error)) }
}).listen(process.env.PORT)
`

test('a Node app counts in the machine\'s redis-server through its edge, and the count outlives restart and deploy', { skip: redis === undefined && 'no redis-server on this machine' }, async () => {
  const app = await mkdtemp(path.join(tmpdir(), 'ns-redis-'))
  try {
    assert.match(execFileSync(redis as string, ['--version'], { encoding: 'utf8' }), /^Redis server/)
    await using nightshift = await bootNightshift()
    await writeFile(path.join(app, 'nightshift.yml'), manifest.replace('/data-of-redis', 'data'))
    await writeFile(path.join(app, 'server.js'), server)
    const deploy = async () => {
      const { code, stdout, stderr } = await nightshift.cli(['deploy', app])
      assert.equal(code, 0, stdout + stderr)
    }
    const visit = async () => (await appFetch(nightshift.url('counter'))).text()
    await deploy()
    assert.equal(await visit(), 'redis::1')
    assert.equal(await visit(), 'redis::2')
    assert.equal((await nightshift.cli(['restart', 'cache', '-a', 'counter'])).code, 0)
    assert.equal(await visit(), 'redis::3')
    await deploy()
    assert.equal(await visit(), 'redis::4')
    const edges = await nightshift.client.call('map.read')
    assert.ok(edges.edges.some((edge) => edge.from === 'web' && edge.to === 'cache' && edge.protocol === 'redis'))
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})
