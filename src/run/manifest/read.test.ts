import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readManifest, type ManifestRead } from './read.ts'

async function read(files: Record<string, string>, prepare?: (dir: string) => Promise<void>): Promise<ManifestRead> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-manifest-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true })
      await writeFile(join(dir, name), text)
    }
    await prepare?.(dir)
    return await readManifest(dir, { defaultName: 'shop' })
  } finally {
    await rm(dir, { recursive: true })
  }
}

const commands = ({ manifest }: ManifestRead) => Object.fromEntries(Object.entries(manifest.services).map(([name, service]) => [name, service.command]))

test('nightshift.yml counts before everything else, and gets the app name where it gives none', async () => {
  const result = await read({ 'nightshift.yml': 'services: { web: { command: node a } }', Procfile: 'web: node b', 'package.json': '{}' })
  assert.equal(result.source, 'nightshift.yml')
  assert.equal(result.manifest.name, 'shop')
  assert.deepEqual(commands(result), { web: 'node a' })
})

test('two manifests are refused', async () => {
  await assert.rejects(read({ 'nightshift.yml': 'services: { web: {} }', 'nightshift.json': '{}' }), /there is both nightshift\.yml and nightshift\.json: keep one/)
})

test('a Procfile: services, release, workers without a port, names made fit', async () => {
  const result = await read({ Procfile: '# processes\nweb: node server.js\nrelease: node migrate.js\nClock_Worker: node clock.js\n' })
  assert.equal(result.source, 'Procfile')
  assert.deepEqual(commands(result), { web: 'node server.js', 'clock-worker': 'node clock.js' })
  assert.equal(result.manifest.release, 'node migrate.js')
  assert.equal(result.manifest.services['clock-worker']?.port, false)
  assert.ok(result.notes.includes('the process type Clock_Worker is the service clock-worker'))
})

test('a Procfile with faults names every line', async () => {
  await assert.rejects(read({ Procfile: 'web node\nweb: a\nweb: b\n' }), /Procfile: "web node" is not of the form "type: command" at line 1; the process type web is there twice at line 3/)
})

test('app.json adds formation, env and scripts, and says what it does not read', async () => {
  const result = await read({
    Procfile: 'web: node a\nworker: node b\n',
    'app.json': JSON.stringify({ name: 'x', formation: { worker: { quantity: 3 } }, env: { LOG: 'info', SECRET: { generator: 'secret' }, MODE: { value: 'fast' }, 'bad name': 'x' }, addons: ['heroku-postgresql'], scripts: { dokku: { predeploy: 'node migrate' }, postdeploy: 'x' } }),
  })
  assert.equal(result.manifest.services['worker']?.scale, 3)
  assert.deepEqual(result.manifest.services['web']?.env, { LOG: 'info', MODE: 'fast' })
  assert.deepEqual(result.manifest.services['web']?.secrets, ['SECRET'])
  assert.equal(result.manifest.release, 'node migrate')
  for (const note of ['app.json: addons was not read', 'app.json: scripts.postdeploy was not read (use a release process)', 'app.json: env.bad name was not read: not a name an app may set']) assert.ok(result.notes.includes(note), note)
})

test('package.json, requirements.txt, a Dockerfile or an index.html each make one service', async () => {
  for (const [name, text] of Object.entries({ 'package.json': '{"scripts":{"start":"node x"}}', 'requirements.txt': '', Dockerfile: 'FROM scratch', 'index.html': '', 'public/index.html': '' })) {
    const result = await read({ [name]: text })
    assert.equal(result.source, name)
    assert.deepEqual(Object.keys(result.manifest.services), ['web'])
  }
})

test('dotcloud.yml: code and data services, approot, processes, hooks', async () => {
  const result = await read({
    'dotcloud.yml': 'www:\n  type: nodejs\n  approot: front\n  postinstall: node migrate.js\n  environment: { A: 1 }\n  process: node app.js\n  ports: { x: tcp }\ndata:\n  type: redis\njobs:\n  type: python-worker\n  processes: { a: python a.py, b: python b.py }\n',
  })
  const { services, release } = result.manifest
  assert.deepEqual(commands(result), { www: 'node app.js', data: undefined, jobs: 'python a.py', 'jobs-b': 'python b.py' })
  assert.equal(services['www']?.root, 'front')
  assert.equal(services['www']?.public, true)
  assert.deepEqual(services['www']?.needs, { data: 'healthy' })
  assert.equal(services['data']?.image, 'redis:7')
  assert.equal(services['jobs']?.port, false)
  assert.equal(release, 'node migrate.js')
  assert.ok(result.notes.includes('dotcloud.yml: www.ports was not read'))
  await assert.rejects(read({ 'dotcloud.yml': 'www: { type: cobol }\n' }), /the type cobol of www is not supported/)
})

test('docker-compose.yml: a bounded part, with what it cannot named and what is dangerous refused', async () => {
  const result = await read({
    'docker-compose.yml': 'services:\n  site:\n    build: ./site\n    ports: ["8080:80"]\n    environment: [A=1, B]\n    depends_on: [db]\n    deploy: { replicas: 2 }\n    labels: { x: y }\n  db:\n    image: postgres:16\n    environment: { POSTGRES_PASSWORD: x }\n    volumes: ["pg_data:/var/lib/postgresql/data"]\n    healthcheck: { test: ["CMD", "pg_isready"] }\nvolumes: { pg_data: {} }\n',
  })
  const { site, db } = result.manifest.services
  assert.deepEqual([site?.root, site?.build.builder, site?.port, site?.env, site?.scale, site?.public], ['site', 'dockerfile', 80, { A: '1' }, 2, true])
  assert.deepEqual(site?.needs, { db: 'healthy' })
  assert.deepEqual([db?.image, db?.protocol, db?.volumes, db?.health?.exec], ['postgres:16', 'postgres', { 'pg-data': '/var/lib/postgresql/data' }, ['pg_isready']])
  assert.ok(result.notes.some((note) => note.includes('services.site.labels was not read')))
  await assert.rejects(read({ 'compose.yml': 'services: { a: { image: x, privileged: true } }' }), /asks for privileged, which Nightshift does not give to an app/)
  await assert.rejects(read({ 'compose.yml': 'services: { a: { image: x, volumes: ["/:/host"] } }' }), /binds \/ of the machine/)
})

test('a compose file beside an app counts last, and a note says so', async () => {
  const result = await read({ Procfile: 'web: node x', 'docker-compose.yml': 'services: { db: { image: postgres } }' })
  assert.equal(result.source, 'Procfile')
  assert.ok(result.notes.includes('docker-compose.yml is there too and was not read, because Procfile counts before it'))
})

test('nothing to go by is refused with everything that was looked for', async () => {
  await assert.rejects(read({ 'README.md': '' }), /looked for nightshift\.yml, dotcloud\.yml, Procfile, package\.json, requirements\.txt, pyproject\.toml or main\.py, Dockerfile, index\.html, docker-compose\.yml \(add a Procfile/)
})

test('a manifest that is a link out of the app, a folder, binary or malformed is refused or not seen', async () => {
  await assert.rejects(read({}, (dir) => symlink('/etc/hostname', join(dir, 'nightshift.yml'))), /nightshift\.yml is a link that leaves the app/)
  assert.equal((await read({ Procfile: 'web: x', 'nightshift.yml/x': '' })).source, 'Procfile')
  await assert.rejects(read({ 'package.json': '{' }), /package\.json is not JSON/)
  await assert.rejects(read({}, (dir) => writeFile(join(dir, 'Procfile'), Buffer.from([0xff, 0xfe, 0]))), /Procfile is not UTF-8 text/)
})
