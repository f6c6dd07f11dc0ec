/** Each builder on a tiny app, through the real queue, driver and worker. No registry is asked. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { until } from '#test/harness/wait.ts'
import { launched, serviceCommand } from './launch.ts'
import { actor, buildFiles, buildHouse, chunks, ended, tempFolder, unpackedSlug, type BuildHouse, type Files } from './testing/harness.ts'

const run = promisify(execFile)

describe('builders', { concurrency: 1 }, () => {
  let house: BuildHouse
  before(async () => {
    house = await buildHouse({ buildEnv: async () => ({ GREETING: 'good evening' }) })
    house.builds.start()
  })
  after(() => house[Symbol.asyncDispose]())

  async function succeeds(files: Files, options: { clean?: boolean } = {}) {
    const done = await buildFiles(house, files, options)
    assert.equal(done.state, 'succeeded', done.log)
    return { ...done, built: house.built.at(-1) as NonNullable<(typeof house.built)[number]> }
  }

  /** Runs a service's own command in the unpacked slug, as an instance would be. */
  async function output(service: string, env: Record<string, string> = {}): Promise<string> {
    await using slug = await unpackedSlug(house)
    const built = house.built.at(-1) as (typeof house.built)[number]
    const command = serviceCommand(built.manifest, built.artifact.meta, service)
    assert.equal(command.kind, 'argv')
    const [file, ...args] = command.kind === 'argv' ? (command.argv as [string, ...string[]]) : ['']
    const { stdout } = await run(file, args, { cwd: join(slug.dir, built.manifest.services[service]?.root ?? '.'), env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env } })
    return stdout.trim()
  }

  test('a Procfile app is built without a step and gets its commands', async () => {
    const { built, id } = await succeeds({ Procfile: 'web: sh serve.sh\nworker: echo working\n', 'serve.sh': 'echo hi\n' })
    assert.equal(built.manifestSource, 'Procfile')
    assert.equal(built.artifact.meta.builder, 'none')
    assert.equal(await output('web'), 'hi')
    assert.equal(await output('worker'), 'working')
    await until(async () => (await readdir(join(house.home, 'builds', id))).join() === 'log.ndjson', { because: 'nothing but the log stays' })
  })

  test('a Node app without dependencies installs nothing and runs its start script without npm', async () => {
    const { built, log } = await succeeds({ 'package.json': '{"scripts":{"start":"node index.js"}}', 'index.js': 'console.log("from node")' })
    assert.match(log, /built by node: there is a package\.json/)
    assert.match(log, /no dependencies: nothing to install/)
    assert.equal(built.artifact.meta.processes['web'], 'node index.js')
    assert.equal(await output('web'), 'from node')
  })

  const nodeApp: Files = {
    'package.json': JSON.stringify({ name: 'a', version: '1.0.0', scripts: { start: 'node index.js', build: 'tool > built.txt' }, dependencies: { hello: 'file:./lib/hello' }, devDependencies: { tool: 'file:./lib/tool' } }),
    'lib/hello/package.json': '{"name":"hello","version":"1.0.0"}',
    'lib/hello/index.js': 'module.exports = "hello"',
    'lib/tool/package.json': '{"name":"tool","version":"1.0.0","bin":{"tool":"tool.js"}}',
    'lib/tool/tool.js': { text: '#!/usr/bin/env node\nconsole.log("built by the tool: " + process.env.GREETING)', executable: true },
    'index.js': 'console.log(require("hello"), require("fs").readFileSync("built.txt", "utf8").trim())',
  }

  test('a Node app gets its dependencies, runs its build script with dev dependencies and the app config, and leaves them out afterwards', async () => {
    const { log } = await succeeds(nodeApp)
    assert.match(log, /installing dependencies with npm/)
    assert.match(log, /running the build script/)
    assert.equal(await output('web'), 'hello built by the tool: good evening')
    await using slug = await unpackedSlug(house)
    assert.deepEqual((await readdir(join(slug.dir, 'node_modules'))).filter((name) => !name.startsWith('.')), ['hello'])
  })

  test('the same source gives the same slug', async () => {
    const first = await succeeds(nodeApp)
    const second = await succeeds(nodeApp)
    assert.equal(first.built.artifactId, second.built.artifactId)
  })

  test('a build script alone makes a static site', async () => {
    const { built } = await succeeds({ 'package.json': JSON.stringify({ scripts: { build: 'mkdir dist && echo "<h1>made</h1>" > dist/index.html' } }) })
    assert.equal(built.artifact.meta.processes['web'], 'exec node .nightshift/static-server.mjs dist')
  })

  test('an index.html is a static site', async () => {
    const { built, log } = await succeeds({ 'index.html': '<h1>hello</h1>' })
    assert.match(log, /built by static: there is index\.html/)
    assert.equal(built.artifact.meta.processes['web'], 'exec node .nightshift/static-server.mjs .')
  })

  test('each folder of a monorepo is built by its own builder', async () => {
    const { built } = await succeeds({
      'nightshift.yml': 'services:\n  web: { root: front, needs: { api: healthy } }\n  api: { root: back }\n  db: { command: "redis-server --port $PORT", protocol: redis, build: { builder: none } }\n',
      'front/index.html': 'front',
      'back/package.json': '{"scripts":{"start":"node api.js"}}',
      'back/api.js': 'console.log("api in " + process.cwd().split("/").pop())',
    })
    assert.equal(built.artifact.meta.builder, 'static+node+none')
    assert.equal(await output('api'), 'api in back')
    assert.equal(built.artifact.meta.processes['web'], 'exec node ../.nightshift/static-server.mjs .')
  })

  test('a Python app gets its requirements, and its console scripts work wherever the slug lies', async () => {
    await using wheels = await tempFolder({
      'pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "greet"\nversion = "1.0"\n',
    })
    const wheel = await makeWheel(wheels.dir)
    const { built, log } = await succeeds({ 'requirements.txt': './wheels/greet-1.0-py3-none-any.whl\n', Procfile: 'web: greet $NAME\n', 'wheels/greet-1.0-py3-none-any.whl': wheel })
    assert.match(log, /built by python: there is a requirements\.txt/)
    assert.match(built.artifact.meta.runtime, /^Python 3\./)
    await rm(join(house.home, 'builds', 'cache'), { recursive: true, force: true })
    assert.equal(await output('web', { NAME: 'night' }), 'hello night')
  })

  test('a Python app without requirements runs in an empty environment', async () => {
    await succeeds({ 'requirements.txt': '# none\n', 'main.py': 'import sys; print("in a venv:", sys.prefix != sys.base_prefix)' })
    assert.equal(await output('web'), 'in a venv: True')
  })

  test('a classic buildpack detects, compiles with its variables and cache, and names the processes', async () => {
    const files: Files = {
      'nightshift.yml': 'services: { web: {} }\n',
      'buildpack/bin/detect': { text: '#!/bin/sh\necho "a test pack"\n', executable: true },
      'buildpack/bin/compile': { text: '#!/bin/sh\nset -e\ncat "$3/GREETING" > "$1/greeting"\ndate +%N >> "$2/times"; wc -l < "$2/times" > "$1/times"\nmkdir -p "$1/.profile.d"; echo \'export FROM_PROFILE=yes\' > "$1/.profile.d/x.sh"\n', executable: true },
      'buildpack/bin/release': { text: '#!/bin/sh\nprintf -- "---\\ndefault_process_types:\\n  web: cat greeting; echo , profile \\$FROM_PROFILE, build $(cat times)\\n"\n', executable: true },
    }
    const { log } = await succeeds(files)
    assert.match(log, /built by buildpack: there is buildpack\/bin\/compile/)
    assert.equal(await output('web'), 'good evening, profile yes, build 1')
    await succeeds(files)
    assert.equal(await output('web'), 'good evening, profile yes, build 2', 'the cache is kept')
    await succeeds(files, { clean: true })
    assert.equal(await output('web'), 'good evening, profile yes, build 1', 'a clean build begins without it')
  })

  test('one app never sees the cache of another', async () => {
    const files: Files = {
      Procfile: 'web: true\n',
      'bin/detect': { text: '#!/bin/sh\n', executable: true },
      'bin/compile': { text: '#!/bin/sh\nls -A "$2/.." | tr "\\n" " "; ls /tmp/../"$2"/../../../* 2>&1 | head -5; echo "$1" > "$2/mine"\n', executable: true },
    }
    await buildFiles(house, files)
    const other = await buildFiles(house, files, { target: { app: 'other', environment: 'production' } })
    assert.equal(other.state, 'succeeded', other.log)
    assert.doesNotMatch(other.log, /shop/)
  })

  test('an app that nothing fits is refused with what was looked for', async () => {
    const done = await buildFiles(house, { 'README.md': 'hello' })
    assert.equal(done.state, 'failed')
    assert.match(done.because, /nothing here says how to run this app: looked for nightshift\.yml, dotcloud\.yml, Procfile, package\.json/)
  })

  test('a Dockerfile without a container engine is refused with the way out', async () => {
    const done = await buildFiles(house, { Dockerfile: 'FROM scratch\n' })
    assert.match(done.because, /needs a container engine, and no machine here runs apps in containers \(start Nightshift with --driver docker/)
  })

  test('a step that fails ends the build, and the log says which and why', async () => {
    const done = await buildFiles(house, { 'package.json': '{"scripts":{"build":"echo about to fail; exit 3","start":"node x"}}' })
    assert.equal(done.state, 'failed')
    assert.equal(done.because, 'running the build script: echo about to fail; exit 3: it exited with 3 (its output is in the build log)')
    assert.match(done.log, /about to fail/)
    assert.match(done.log, / !     failed: running the build script/)
  })

  test('the faults of a manifest are the reason, with line and column', async () => {
    const done = await buildFiles(house, { 'nightshift.yml': 'services:\n  web:\n    comand: x\n' })
    assert.equal(done.because, 'nightshift.yml: unknown key `comand` in services.web at line 3, column 5 (did you mean `command`?)')
    assert.equal(done.log.split('comand').length - 1, 1, done.log)
  })

  test('a build cannot read the keys of Nightshift, nor does it see its environment', { skip: process.getuid?.() === 0 ? false : 'only root can give builds a user of their own' }, async () => {
    const keys = await tempFolder({ 'secret.key': 'top secret' })
    await cp(keys.dir, join(house.home, 'keys'), { recursive: true })
    const { chmod } = await import('node:fs/promises')
    await chmod(join(house.home, 'keys'), 0o700)
    process.env['NIGHTSHIFT_TOP_SECRET'] = 'top secret'
    const done = await buildFiles(house, { 'package.json': JSON.stringify({ scripts: { build: `echo "uid=$(id -u)"; cat ${house.home}/keys/secret.key; cat ${house.home}/builds/*/source.tar | wc -c; env; true`, start: 'true' } }) })
    delete process.env['NIGHTSHIFT_TOP_SECRET']
    await keys[Symbol.asyncDispose]()
    assert.equal(done.state, 'succeeded', done.log)
    assert.doesNotMatch(done.log, /top secret/)
    assert.match(done.log, /uid=[1-9]/)
  })

  test('what a build leaves behind is not believed: links and pipes in place of the result, a slug that is a link', async () => {
    for (const line of ['ln -sf /etc/passwd', 'mkfifo']) {
      const at = '"$HOME/../result.json"'
      const trick = line === 'mkfifo' ? `rm -f ${at}; mkfifo ${at}` : `${line} ${at}`
      // The worker replaces result.json at its end, so the trick is played by something that outlives the step.
      const done = await buildFiles(house, { 'package.json': JSON.stringify({ scripts: { build: `ln -sf /etc/passwd "$HOME/../slug.tgz"; ${trick}`, start: 'true' } }) })
      assert.doesNotMatch(done.log, /root:/)
      assert.ok(['succeeded', 'failed'].includes(done.state))
    }
  })

  test('a ready image is refused where no container engine answers', async () => {
    await assert.rejects(house.builds.queueImage(actor, { app: 'shop', environment: 'production' }, { image: 'redis:7' }), /needs a container engine/)
  })

  test('one-off commands run in the surroundings of the app', async () => {
    const meta = { builder: 'node', processes: {}, runtime: '', path: [], launcher: true }
    assert.deepEqual(launched(meta, 'packages/api', { kind: 'shell', line: 'ls' }), { kind: 'argv', argv: ['/bin/sh', '../../.nightshift/launch', '/bin/sh', '-c', 'ls'] })
  })

  test('a source that is no archive fails with a clear reason', async () => {
    const { id } = await house.builds.queueUpload(actor, { app: 'shop', environment: 'production' }, chunks(Buffer.from('hello, I am no archive')))
    assert.match((await ended(house.builds, id)).because, /the source archive is refused: it is empty or no tar archive/)
    await assert.rejects(house.builds.queueUpload(actor, { app: 'shop', environment: 'production' }, chunks(Buffer.alloc(0))), /the source archive is empty/)
  })
})

/** A wheel with one module and one console script, made with nothing but Python's own zipfile. */
async function makeWheel(dir: string): Promise<string> {
  const script = `
import zipfile, sys
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("greet.py", "import sys\\ndef main():\\n    print('hello', sys.argv[1])\\n")
    z.writestr("greet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: greet\\nVersion: 1.0\\n")
    z.writestr("greet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr("greet-1.0.dist-info/entry_points.txt", "[console_scripts]\\ngreet = greet:main\\n")
    z.writestr("greet-1.0.dist-info/RECORD", "")
`
  const path = join(dir, 'greet.whl')
  await run('python3', ['-c', script, path])
  return (await readFile(path)).toString('latin1')
}
