import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const run = promisify(execFile)

const manifest = `
name: registry
services:
  web:
    command: verdaccio --config ./config.yaml --listen 0.0.0.0:$PORT
    health: { path: /-/ping }
    volumes: { storage: /app/storage }
    resources: { memory: 512MB }
`
const config = `
storage: ./storage
auth: { htpasswd: { file: ./storage/htpasswd } }
uplinks: {}
packages: { '**': { access: $all, publish: $authenticated } }
log: { type: stdout, format: pretty, level: warn }
`

// a dependency of verdaccio asks for the tag node-fetch@cjs, which not every registry mirror carries
const overrides = { 'node-fetch': '2.7.0' }

test('verdaccio runs, takes an npm publish through the ingress, serves npm install, and keeps packages over a deploy', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ns-verdaccio-'))
  try {
    await using nightshift = await bootNightshift()
    const app = path.join(folder, 'registry')
    await mkdir(app)
    await writeFile(path.join(app, 'nightshift.yml'), manifest)
    await writeFile(path.join(app, 'config.yaml'), config)
    await writeFile(path.join(app, 'package.json'), JSON.stringify({ name: 'registry', private: true, dependencies: { verdaccio: '6.10.4' }, overrides }))
    const deployed = await nightshift.cli(['deploy', app], { timeoutMs: 400_000 })
    assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
    // npm asks the machine's resolver, which need not know *.localhost: a route by address does for it
    assert.equal((await nightshift.cli(['domains', 'add', '127.0.0.1', '-a', 'registry'])).code, 0)

    const registry = `http://127.0.0.1:${nightshift.ingressPort}/`
    await until(async () => (await fetch(`${registry}-/ping`)).ok, { because: 'the proxy has the new route' })
    const user = await fetch(`${registry}-/user/org.couchdb.user:ada`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'ada', password: 'lantern-light' }) })
    const { token } = (await user.json()) as { token: string }
    assert.ok(token)

    const npmrc = path.join(folder, 'npmrc')
    await writeFile(npmrc, `registry=${registry}\n${registry.replace('http:', '')}:_authToken=${token}\naudit=false\nfund=false\n`)
    const npm = (cwd: string, ...args: string[]) => run('npm', [...args, '--userconfig', npmrc, '--cache', path.join(folder, 'cache')], { cwd, timeout: 120_000 })

    const library = path.join(folder, 'lantern')
    await mkdir(library)
    await writeFile(path.join(library, 'package.json'), JSON.stringify({ name: 'lantern', version: '1.0.0', main: 'index.js' }))
    await writeFile(path.join(library, 'index.js'), `module.exports = 'lit'\n// ${'x'.repeat(200_000)}\n`)
    await npm(library, 'publish')

    const again = await nightshift.cli(['deploy', app], { timeoutMs: 400_000 })
    assert.equal(again.code, 0, again.stdout + again.stderr)

    const user2 = path.join(folder, 'user')
    await mkdir(user2)
    await writeFile(path.join(user2, 'package.json'), JSON.stringify({ name: 'user', version: '1.0.0' }))
    await npm(user2, 'install', 'lantern')
    assert.match(await readFile(path.join(user2, 'node_modules/lantern/index.js'), 'utf8'), /^module.exports = 'lit'/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
