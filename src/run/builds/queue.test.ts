/** The queue over what can go wrong: killed workers, killed control, cancels, limits. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '#base/errors.ts'
import type { Build } from '#contract/model.ts'
import { until } from '#test/harness/wait.ts'
import { actor, buildFiles, buildHouse, chunks, ended, logOf, sourceOf, target, type BuildHouse, type Files } from './testing/harness.ts'
import type { OpenBuilds } from './service.ts'
import { cachesPath } from './paths.ts'

const asRoot = process.getuid?.() === 0
/** Builds until the file `go` is in its cache folder, or for ever. */
const patient: Files = {
  Procfile: 'web: true\n',
  'bin/detect': { text: '#!/bin/sh\n', executable: true },
  'bin/compile': { text: '#!/bin/sh\necho compiling\nwhile ! [ -e "$2/go" ]; do sleep 0.05; done\necho went on\n', executable: true },
}

async function queue(builds: OpenBuilds, files: Files, of = target): Promise<Build> {
  return builds.queueUpload(actor, of, chunks(await sourceOf(files)))
}

/** Waits until the worker of a build is within its build step. */
async function compiling(builds: OpenBuilds, id: string, of = target): Promise<void> {
  for await (const line of builds.followLog(of, id, 0, AbortSignal.timeout(30_000))) if (line.text.includes('compiling')) return
  assert.fail(`the build ended before it compiled: ${(await builds.read(of, id)).because}`)
}

/** Pids of the workers that run now. */
function workers(house: BuildHouse): number[] {
  const found: number[] = []
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      if (command.includes('src/run/builds/worker/main.ts') && !command.includes('/bin/sh') && readFileSync(`/proc/${name}/environ`, 'utf8').includes(house.home)) found.push(Number(name))
    } catch {
      // gone, or not ours to see
    }
  }
  return found
}

async function letGo(house: BuildHouse, of = target): Promise<void> {
  const caches = cachesPath(house.home, of.app, of.environment)
  const [own = ''] = await readdir(caches)
  await writeFile(join(caches, own, 'root', 'buildpack', 'go'), '')
}

test('a build whose worker is killed is built again, once, and then fails saying so', async () => {
  await using house = await buildHouse()
  house.builds.start()
  const { id } = await queue(house.builds, patient)
  await compiling(house.builds, id)
  const [first] = workers(house)
  process.kill(first as number, 'SIGKILL')
  const second = await until(() => workers(house).find((pid) => pid !== first), { because: 'another worker builds' })
  await until(async () => (await logLines(house.builds, id)).filter((text) => text.includes('compiling')).length === 2, { because: 'it compiles again' })
  process.kill(second, 'SIGKILL')
  const done = await ended(house.builds, id)
  assert.equal(done.state, 'failed')
  assert.match(done.because, /^its worker was killed by SIGKILL, 2 times/)
  assert.match(done.log, /its worker was killed by SIGKILL; it is built again/)
  await until(async () => (await readdir(join(house.home, 'builds', id))).join() === 'log.ndjson', { because: 'nothing but the log stays' })
})

/** What the log holds now, without waiting. */
async function logLines(builds: OpenBuilds, id: string): Promise<string[]> {
  const lines: string[] = []
  const signal = AbortSignal.timeout(50)
  try {
    for await (const line of builds.followLog(target, id, 0, signal)) lines.push(line.text)
  } catch {
    // it goes on; this is what there is
  }
  return lines
}

test('killing control does not touch a running build: the next control adopts it and its log has every line once', async () => {
  await using house = await buildHouse()
  const control = spawn(process.execPath, [join(import.meta.dirname, 'testing/control.ts'), house.url, house.home], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(control.stdout, 'data')
  const { id } = await queue(house.builds, patient)
  await compiling(house.builds, id)
  const before = workers(house)
  control.kill('SIGKILL')
  await once(control, 'exit')
  assert.deepEqual(workers(house), before, 'the worker lives on')
  await letGo(house)
  await until(() => workers(house).length === 0, { because: 'the worker ends without a control' })
  assert.equal((await house.builds.read(target, id)).state, 'running')
  house.builds.start()
  const done = await ended(house.builds, id)
  assert.equal(done.state, 'succeeded', done.log)
  assert.equal(done.log.match(/compiling/g)?.length, 1)
  assert.equal(done.log.match(/went on/g)?.length, 1)
  assert.doesNotMatch(done.log, /again/)
})

test('what was queued while control was away is built when it comes back, in order', async () => {
  await using house = await buildHouse()
  const ids = []
  for (const name of ['one', 'two']) ids.push((await queue(house.builds, { Procfile: `web: echo ${name}\n` })).id)
  house.builds.start()
  for (const id of ids) assert.equal((await ended(house.builds, id)).state, 'succeeded')
  assert.deepEqual(house.built.map((each) => each.buildId), ids)
})

test('a queued build is cancelled at once, a running one with everything it started', async () => {
  await using house = await buildHouse()
  house.builds.start()
  const running = await queue(house.builds, patient)
  await compiling(house.builds, running.id)
  const waiting = await queue(house.builds, patient)
  assert.equal((await house.builds.cancel(actor, target, waiting.id)).state, 'cancelled')
  await house.builds.cancel(actor, target, running.id)
  const done = await ended(house.builds, running.id)
  assert.equal(done.state, 'cancelled')
  assert.match(done.log, /cancelled by tester/)
  await until(() => workers(house).length === 0, { because: 'nothing of it runs' })
  assert.equal((await house.builds.cancel(actor, target, running.id)).state, 'cancelled', 'once more changes nothing')
  assert.equal(house.built.length, 0)
})

test('cancelling a build that has ended is a conflict that says what became of it', async () => {
  await using house = await buildHouse()
  house.builds.start()
  const built = await queue(house.builds, { Procfile: 'web: echo 1\n' })
  await ended(house.builds, built.id)
  await assert.rejects(house.builds.cancel(actor, target, built.id), { code: 'conflict', message: /has succeeded already and became v\d+ \(give up its rollout: nightshift rollout cancel -a/ })
  const broken = await queue(house.builds, { 'package.json': '{"scripts":{"build":"exit 4"}}', Procfile: 'web: x\n' })
  await ended(house.builds, broken.id)
  await assert.rejects(house.builds.cancel(actor, target, broken.id), { code: 'conflict', message: /has failed already: / })
})

test('an app of the same name does not build upon the cache of its predecessor', async () => {
  await using house = await buildHouse()
  house.builds.start()
  await ended(house.builds, (await queue(house.builds, { Procfile: 'web: echo 1\n' })).id)
  const caches = cachesPath(house.home, target.app, target.environment)
  const [before = ''] = await readdir(caches)
  await writeFile(join(caches, before, 'poison'), '')
  await house.db.query('UPDATE environments SET created_at = created_at + $1::interval WHERE app = $2', ['1 minute', target.app])
  await ended(house.builds, (await queue(house.builds, { Procfile: 'web: echo 2\n' })).id)
  const after = await readdir(caches)
  assert.equal(after.length, 1)
  assert.notEqual(after[0], before)
})

test('a build that takes too long is ended, naming the limit', async () => {
  await using house = await buildHouse({ limits: { timeMs: 3000 } })
  house.builds.start()
  const done = await buildFiles(house, patient)
  assert.equal(done.because, 'the build took longer than 3.0 s')
})

test('a build that needs too much memory is ended, naming the limit', { skip: !asRoot && 'without root there are no control groups' }, async () => {
  await using house = await buildHouse({ limits: { memoryBytes: 200 * 1024 ** 2 } })
  house.builds.start()
  const done = await buildFiles(house, { 'package.json': JSON.stringify({ scripts: { build: `node -e "const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))"`, start: 'true' } }) })
  assert.equal(done.state, 'failed')
  assert.match(done.because, /needed more than 200\.0 MB of memory|was killed by SIGKILL/)
})

test('a build gets no more processor time than its limit and comes after apps', { skip: !asRoot && 'without root there are no control groups' }, async () => {
  await using house = await buildHouse({ limits: { cpu: 0.5 } })
  house.builds.start()
  const burn = `const { Worker } = require('node:worker_threads'); const spin = 'const end = Date.now() + 3000; while (Date.now() < end);'; for (let i = 0; i < 2; i++) new Worker(spin, { eval: true }); process.on('exit', () => console.log('used ' + process.cpuUsage().user / 1000 + ' ms, nice ' + require('node:os').getPriority()))`
  const done = await buildFiles(house, { 'package.json': '{"scripts":{"build":"node burn.js","start":"true"}}', 'burn.js': burn })
  assert.equal(done.state, 'succeeded', done.log)
  const [, used, nice] = /used ([\d.]+) ms, nice (\d+)/.exec(done.log) as unknown as [string, string, string]
  assert.ok(Number(used) < 2500, `two threads of 3 s used ${used} ms with half a core`)
  assert.equal(nice, '10')
})

test('a log can be followed from any line, while the build runs and later', async () => {
  await using house = await buildHouse()
  house.builds.start()
  const { id } = await queue(house.builds, patient)
  await compiling(house.builds, id)
  const all = logOf(house.builds, id)
  await letGo(house)
  const lines = (await all).split('\n')
  assert.ok(lines.some((line) => line.includes('went on')))
  const later: { line: number; text: string }[] = []
  for await (const line of house.builds.followLog(target, id, 3, AbortSignal.timeout(30_000))) later.push(line)
  assert.equal(later[0]?.line, 3)
  assert.deepEqual(later.map((line) => line.text), lines.slice(3))
})

test('a log that outgrows its bound is cut, and the build goes on', async () => {
  await using house = await buildHouse({ limits: { logBytes: 50_000 } })
  house.builds.start()
  const done = await buildFiles(house, { 'package.json': JSON.stringify({ scripts: { build: 'i=0; while [ $i -lt 2000 ]; do echo "line $i of a very long log that nobody reads"; i=$((i+1)); done', start: 'true' } }) })
  assert.equal(done.state, 'succeeded')
  assert.match(done.log, /the rest of the log is left out/)
  assert.ok(done.log.length < 60_000)
})

test('an upload that is too large is refused and leaves nothing', async () => {
  await using house = await buildHouse({ limits: { uploadBytes: 1000 } })
  await assert.rejects(house.builds.queueUpload(actor, target, chunks(Buffer.alloc(5000, 1))), /the source is larger than 1000 B/)
  assert.deepEqual((await readdir(join(house.home, 'builds'))).filter((name) => name.startsWith('bld_')), [])
})

test('a build for an app that does not exist is refused before its source is read', async () => {
  await using house = await buildHouse()
  await assert.rejects(house.builds.queueUpload(actor, { app: 'nobody', environment: 'production' }, chunks(Buffer.from('x'))), /there is no app "nobody"/)
})

test('a release that cannot be made fails the build, and nothing of it is kept', async () => {
  await using house = await buildHouse({
    onBuilt: async () => {
      throw new AppError('invalid', 'the secret STRIPE_KEY is not set')
    },
  })
  house.builds.start()
  const done = await buildFiles(house, { Procfile: 'web: true\n' })
  assert.equal(done.state, 'failed')
  assert.equal(done.because, 'the secret STRIPE_KEY is not set')
  assert.deepEqual(await house.db.query('SELECT id FROM artifacts'), [])
})
