import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'

const manifest = `
name: fickle
services:
  web:
    command: [node, server.js]
    health: { path: /up }
# nobody asks it before the switch, so that it is never given up while it takes over
deploy: { strategy: blue-green }
`
/** Healthy in every release; what callers get is another matter. */
const server = (status: number, words: string) => `
require('node:http').createServer((request, response) => {
  response.writeHead(request.url === '/up' ? 200 : ${status}).end(${JSON.stringify(words)} + ' ' + (process.env.COLOUR ?? ''))
}).listen(process.env.PORT)
`

test('a release that is healthy and answers with errors is rolled back by itself, and says why', async () => {
  const app = await mkdtemp(path.join(tmpdir(), 'ns-fickle-'))
  try {
    await using nightshift = await bootNightshift()
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await nightshift.cli(args)
      assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    await writeFile(path.join(app, 'nightshift.yml'), manifest)
    await writeFile(path.join(app, 'server.js'), server(200, 'good'))
    await run('deploy', app)
    const loop = requestLoop(nightshift.url('fickle'), { rate: 30 })
    try {
      // of a release that is not new the proxy tells its counts every ten seconds
      await until(() => loop.result().ok > 400, { timeoutMs: 60_000, because: 'there is something to compare with' })
      await writeFile(path.join(app, 'server.js'), server(500, 'bad'))
      const waited = await nightshift.cli(['deploy', '--wait', app])
      assert.equal(waited.code, 1, waited.stdout)
      assert.match(waited.stdout, /✗ fickle v2 was taken back: [\d.]+ % of \d+ requests failed \(before: 0 % of \d+\)\. v1 comes back, as v3/)
      assert.doesNotMatch(waited.stdout, /serves/)
      const bake = await nightshift.client.call('bakes.read', { params: { app: 'fickle' } })
      assert.deepEqual([bake?.release, bake?.fromRelease, bake?.state, bake?.rolledBackTo], [2, 1, 'condemned', 3])
      assert.match(bake?.because ?? '', /% of \d+ requests failed \(before: 0 % of \d+\)/)
      await until(async () => (await nightshift.client.call('apps.read', { params: { app: 'fickle' } })).release === 3, { timeoutMs: 60_000, because: 'the rollback serves' })
      await until(async () => (await (await appFetch(nightshift.url('fickle'))).text()).startsWith('good'), { because: 'the proxy has heard of it' })
    } finally {
      await loop.stop()
    }
    const events = await nightshift.client.call('events.list', { query: { app: 'fickle', limit: 100 } })
    assert.equal(events.filter((event) => event.kind === 'rollout.rolled-back').length, 1)
    assert.match(await run('rollout', '-a', 'fickle'), /watched +v2 beside v1, condemned: .*; went back as v3/)
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})

/** The web of each release comes up late, so that the api has been taken over long before the rollout is done. */
const pair = (apiStatus: number) => `
const { NIGHTSHIFT_SERVICE: me, PORT } = process.env
const server = require('node:http').createServer((request, response) => response.writeHead(request.url === '/up' || me === 'web' ? 200 : ${apiStatus}).end(me))
setTimeout(() => server.listen(PORT), me === 'web' && ${apiStatus} !== 200 ? 50_000 : 2_000)
`
const pairManifest = `
name: pair
services:
  api: { command: [node, server.js], public: true, domains: [api.example.com], health: { path: /up } }
  web: { command: [node, server.js], needs: { api: healthy }, health: { path: /up } }
`

test('a release of several services is given up for the one that fails, while another still has to be taken over', async () => {
  const app = await mkdtemp(path.join(tmpdir(), 'ns-pair-'))
  try {
    await using nightshift = await bootNightshift()
    await writeFile(path.join(app, 'nightshift.yml'), pairManifest)
    await writeFile(path.join(app, 'server.js'), pair(200))
    const first = await nightshift.cli(['deploy', app])
    assert.equal(first.code, 0, first.stdout + first.stderr)
    const api = `http://api.example.com:${nightshift.ingressPort}/`
    const loops = [requestLoop(nightshift.url('pair'), { rate: 20 }), requestLoop(api, { rate: 60 })]
    try {
      await until(() => loops.every((loop) => loop.result().ok > 20), { because: 'both are asked' })
      await writeFile(path.join(app, 'server.js'), pair(500))
      const second = await nightshift.cli(['deploy', app])
      assert.equal(second.code, 1, second.stdout)
      assert.match(second.stdout, /✗ rollout failed: while it took over: api: [\d.]+ % of \d+ requests failed \(before: 0 % of \d+\)/)
      assert.equal((await nightshift.client.call('apps.read', { params: { app: 'pair' } })).release, 1)
      assert.equal(loops[0]?.result().failed, 0, 'the web was never at fault')
      const isWell = async () => (await appFetch(api)).status === 200
      await until(isWell, { timeoutMs: 60_000, because: 'the api of v1 answers again' })
    } finally {
      await Promise.all(loops.map((loop) => loop.stop()))
    }
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})
