import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { list } from 'tar'
import { AppError } from '#base/errors.ts'
import { buildEndLines } from '#contract/build-words.ts'
import type { Answer } from '#contract/endpoints.ts'
import type { Bake } from '#contract/model.ts'
import { type Sent, type TestApi, startTestApi } from '../test/api.ts'
import { call, removeFolder, start, temporaryFolder } from '../test/harness.ts'
import { aBuild, aLine, aSummary, ago, anApp } from '../test/samples.ts'

type Step = Answer<'deploys.follow'>
type Line = Answer<'builds.log'>

const step = (name: string, over: Partial<Step> = {}): Sent<Step> => ({ id: name, data: { step: name, at: ago(0), detail: `${name} it is`, state: 'running', release: null, url: null, ...over } })
const line = (number: number, text: string): Sent<Line> => ({ id: String(number), data: { line: number, at: ago(0), text } })
const good = [step('queued'), step('building'), step('built', { release: 13 }), step('released', { release: 13 }), step('started', { release: 13 }), step('healthy', { release: 13 }), step('shifted', { release: 13 }), step('done', { state: 'done', release: 13, url: 'http://shop.localhost:8080' })]

async function* each<T>(...events: (T | 'break')[]): AsyncGenerator<T | 'break'> {
  yield* events
}

let api: TestApi
let folder = ''
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'My Shop')
  await mkdir(folder)
  await writeFile(join(folder, 'server.js'), 'listen()\n')
  await writeFile(join(folder, '.env'), 'SECRET=1\n')
  api.asked = []
  api.handlers = {
    'apps.read': () => {
      throw new AppError('not-found', 'there is no such app')
    },
    'apps.create': ({ body }) => aSummary({ ...(body as { name: string }), release: null }),
    'builds.create': () => aBuild(),
    'builds.read': () => aBuild({ state: 'succeeded' }),
    'builds.log': () => each(line(0, 'installing'), line(1, '\x1b[2Jbuilt it')),
    'deploys.follow': () => each(...good),
    'bakes.read': () => null,
  }
})
afterEach(() => removeFolder(join(folder, '..')))

const asked = (id: string) => api.asked.filter((one) => one.id === id)
const deploy = (...argv: string[]) => call(['deploy', ...argv], { env: api.env, cwd: folder })

describe('the first deploy of a folder', () => {
  test('makes an app of the folder’s name, says so, and remembers it', async () => {
    const { code, stdout, stderr } = await deploy()
    assert.equal(code, 0, stderr)
    assert.match(stderr, /nothing names an app here, so it is called my-shop, like the folder/)
    assert.deepEqual(asked('apps.create')[0]?.body, { name: 'my-shop', environment: 'production' })
    assert.equal(await readFile(join(folder, '.nightshift-app'), 'utf8'), 'my-shop\n')
    assert.match(stdout, /deploying .*My Shop to my-shop, a new app/)
  })

  test('shows what is sent, the build, each step with its time, and where it serves', async () => {
    const { stdout } = await deploy('-a', 'shop')
    assert.match(stdout, /^ {2}1 file, 9 B\n {2}\d+ B uploaded in .*: bld_1$/m)
    assert.match(stdout, /^ {2}│ installing\n {2}│ built it\n✓ built +\d+ m?s +built it is\n✓ released .*\n✓ started .*\n✓ healthy .*\n✓ shifted .*\n✓ done .*\n\nshop v13 serves at http:\/\/shop\.localhost:8080\n$/m)
  })

  test('never sends .env, and says what to do instead', async () => {
    const { stderr } = await deploy('-a', 'shop')
    assert.match(stderr, /left out, because such files hold secrets: \.env \(.*nightshift secrets set/)
    const paths: string[] = []
    const parser = list({ onReadEntry: (entry) => void paths.push(entry.path) })
    await new Promise<void>((resolve, reject) => parser.on('end', resolve).on('error', reject).end(asked('builds.create')[0]?.upload as Buffer))
    assert.deepEqual(paths, ['./server.js'])
    assert.equal(asked('builds.create')[0]?.headers['content-type'], 'application/gzip')
  })

  test('that cannot be deployed makes no app and leaves no link', async () => {
    await symlink('/etc/passwd', join(folder, 'outside'))
    const linked = await deploy()
    assert.equal(linked.code, 1)
    assert.match(linked.stderr, /outside is a symbolic link that leaves the directory/)
    const missing = await deploy('missing')
    assert.match(missing.stderr, /cannot deploy .*missing/)
    assert.equal(asked('apps.create').length, 0)
    await assert.rejects(readFile(join(folder, '.nightshift-app')))
  })

  test('does not take over an app that is only called like the folder', async () => {
    api.handlers['apps.read'] = () => anApp({ name: 'my-shop' })
    const { code, stderr } = await deploy()
    assert.equal(code, 1)
    assert.match(stderr, /an app called my-shop is there already .*nightshift deploy --app my-shop/)
    assert.equal(asked('builds.create').length, 0)
  })
})

describe('a deploy', () => {
  test('of a known app makes none and gives no first-time hints; environment, --clean and folder are taken', async () => {
    api.handlers['apps.read'] = () => anApp()
    const { code, stdout, stderr } = await call(['deploy', folder, '-a', 'shop', '-e', 'staging', '--clean'], { env: api.env })
    assert.equal(code, 0, stderr)
    assert.equal(stderr, '')
    assert.equal(asked('apps.create').length, 0)
    assert.deepEqual(asked('builds.create')[0]?.query, { environment: 'staging', clean: true })
    assert.match(stdout, /shop \(staging\) v13 serves at/)
  })

  test('whose build fails shows its lines and the way out, and exits 1', async () => {
    api.handlers['builds.log'] = () => each(line(0, 'npm error missing script: build'))
    api.handlers['builds.read'] = () => aBuild({ state: 'failed' })
    api.handlers['deploys.follow'] = () => each(step('queued'), step('building'), step('failed', { state: 'failed', detail: 'npm ended with exit 1' }))
    const { code, stdout, stderr } = await deploy('-a', 'shop')
    assert.equal(code, 1)
    assert.match(stdout, /│ npm error missing script: build\n✗ build failed: npm ended with exit 1\n$/)
    assert.match(stderr, /nightshift builds log bld_1 -a shop/)
    assert.doesNotMatch(stderr, /served before/)
    api.handlers['builds.log'] = () => each(line(0, 'npm error missing script: build'), line(1, buildEndLines('failed', 'npm ended with exit 1')))
    assert.match((await deploy('-a', 'shop')).stdout, /│ {2}! {5}failed: npm ended with exit 1\n✗ build failed\n$/, 'the log has said why')
  })

  test('whose rollout fails shows what the app said last', async () => {
    api.handlers['apps.read'] = () => anApp()
    api.handlers['logs.list'] = () => ({ lines: [aLine('Error: no DATABASE_URL', { level: 'error' })], partial: false, next: null })
    api.handlers['deploys.follow'] = () => each(...good.slice(0, 5), step('failed', { state: 'failed', release: 13, detail: 'web.1 was never ready' }))
    const { code, stdout, stderr } = await deploy('-a', 'shop')
    assert.equal(code, 1)
    assert.match(stdout, /✗ rollout failed: web\.1 was never ready\n\nlast lines\n {2}\S+ web\.1 +error +Error: no DATABASE_URL\n$/)
    assert.match(stderr, /^what served before goes on\. .*nightshift rollout -a shop\n$/)
  })

  test('to a stopped app makes a release, says how it is started, and waits for nothing', async () => {
    api.handlers['apps.read'] = () => anApp()
    api.handlers['deploys.follow'] = () => each(...good.slice(0, 3), step('made', { state: 'done', release: 13 }))
    const { code, stdout } = await deploy('-a', 'shop', '-e', 'staging', '--wait')
    assert.equal(code, 0)
    assert.match(stdout, /✓ built .*\nshop \(staging\) is stopped: v13 is made, and is rolled out when the app is started \(nightshift start -a shop -e staging\)\n$/)
    assert.deepEqual(asked('bakes.read'), [])
  })

  const aBake = (over: Partial<Bake> = {}): Bake => ({ release: 13, fromRelease: 12, state: 'baking', because: 'v13 is compared with v12 for 5 min', startedAt: ago(0), until: ago(-300_000), endedAt: null, rolledBackTo: null, ...over })
  const takenBack = aBake({ state: 'condemned', because: '60 % of 500 requests failed (before: 0 % of 500)', endedAt: ago(0), rolledBackTo: 14 })

  test('of a release that is watched says until when, and does not say that it serves', async () => {
    api.handlers['bakes.read'] = () => aBake()
    const { code, stdout } = await deploy('-a', 'shop')
    assert.equal(code, 0)
    assert.match(stdout, /\nshop v13 takes the traffic at http:\/\/shop\.localhost:8080, and is watched until \d\d:\d\d:\d\d \((5 min|4 min 59 s|4\.\d+ min|299 s).*\): if it is worse than v12, that one comes back \(see: nightshift rollout -a shop\)\n$/)
    assert.doesNotMatch(stdout, /serves/)
  })

  test('that was taken back by then exits 1, with the reason and what was seen', async () => {
    api.handlers['bakes.read'] = () => takenBack
    const { code, stdout } = await deploy('-a', 'shop')
    assert.equal(code, 1)
    assert.match(stdout, /✗ shop v13 was taken back: 60 % of 500 requests failed \(before: 0 % of 500\)\. v12 comes back, as v14 \(see: nightshift events -a shop\)\n$/)
  })

  test('--wait goes on until the watch is over, through an absence of control, and fails with it', async () => {
    let reads = 0
    api.handlers['bakes.read'] = () => {
      reads++
      if (reads === 2) throw new AppError('unavailable', 'control starts')
      return reads < 4 ? aBake() : takenBack
    }
    const bad = await deploy('-a', 'shop', '--wait')
    assert.equal(bad.code, 1)
    assert.equal(reads, 4)
    assert.match(bad.stdout, /takes the traffic at [^]*\n✗ shop v13 was taken back: 60 %/)
    reads = 0
    api.handlers['bakes.read'] = () => (++reads === 1 ? aBake() : aBake({ state: 'passed', because: '1 of 500 requests failed', endedAt: ago(0) }))
    const good = await deploy('-a', 'shop', '--wait')
    assert.equal(good.code, 0)
    assert.match(good.stdout, /\n✓ shop v13 serves: 1 of 500 requests failed\n$/)
    reads = 0
    const json = await deploy('-a', 'shop', '--wait', '--json')
    assert.deepEqual(json.stdout.trimEnd().split('\n').slice(-2).map((text) => (JSON.parse(text) as Bake).state), ['baking', 'passed'])
    reads = 0
    api.handlers['bakes.read'] = () => (++reads === 1 ? aBake() : aBake({ release: 14, fromRelease: 13 }))
    assert.match((await deploy('-a', 'shop', '--wait')).stdout, /\n✓ shop v13 was watched no longer: another release serves now\n$/)
    assert.equal((await deploy('-a', 'shop', '--wait', '--no-wait')).code, 2)
  })

  test('--no-wait returns with the id of the build', async () => {
    const { code, stdout } = await deploy('-a', 'shop', '--no-wait')
    assert.equal(code, 0)
    assert.match(stdout, /bld_1 is queued; follow it: nightshift builds log bld_1 -a shop\n$/)
    assert.equal(asked('deploys.follow').length, 0)
  })

  test('--json prints the build and each step as one object a line, and exits with the result', async () => {
    const { code, stdout, stderr } = await deploy('-a', 'shop', '--json')
    assert.deepEqual([code, stderr], [0, ''])
    const objects = stdout.trimEnd().split('\n').map((text) => JSON.parse(text) as { id?: string; step?: string })
    assert.equal(objects[0]?.id, 'bld_1')
    assert.deepEqual(objects.slice(1).map((object) => object.step), good.map(({ data }) => data.step))
    api.handlers['deploys.follow'] = () => each(step('failed', { state: 'failed' }))
    assert.equal((await deploy('-a', 'shop', '--json')).code, 1)
  })

  test('--image sends the image and no source', async () => {
    api.handlers['builds.image'] = () => aBuild({ source: { kind: 'image', commit: null, branch: null, image: 'nginx:1.29' } })
    const { code } = await deploy('-a', 'front', '--image', 'nginx:1.29', '--port', '80')
    assert.equal(code, 0)
    assert.deepEqual(asked('builds.image')[0]?.body, { image: 'nginx:1.29', port: 80 })
    assert.equal(asked('builds.create').length, 0)
  })

  test('that the API refuses deploys nothing and says why', async () => {
    api.handlers['builds.create'] = () => {
      throw new AppError('invalid', 'nightshift.yml: unknown key `comand`')
    }
    const { code, stderr } = await deploy('-a', 'shop')
    assert.equal(code, 1)
    assert.match(stderr, /error: nightshift\.yml: unknown key `comand`/)
  })

  test('goes on being followed when the connection is lost, without a step or a line twice', async () => {
    let tries = 0
    api.handlers['deploys.follow'] = () => (tries++ === 0 ? each<Sent<Step>>(...good.slice(0, 4), 'break') : each(...good))
    api.handlers['builds.log'] = ({ lastEventId }) => (lastEventId === undefined ? each<Sent<Line>>(line(0, 'one'), 'break') : each(line(Number(lastEventId) + 1, 'two')))
    const { code, stdout, stderr } = await deploy('-a', 'shop')
    assert.equal(code, 0)
    assert.equal(stdout.match(/│ one\n/g)?.length, 1)
    assert.equal(stdout.match(/│ two\n/g)?.length, 1)
    assert.equal(stdout.match(/✓ released/g)?.length, 1)
    assert.match(stderr, /connection lost; goes on where it broke/)
  })
})

describe('Ctrl-C', () => {
  test('while waiting leaves the deploy alone, and says how to follow or cancel it', async () => {
    api.handlers['builds.log'] = async function* () {
      yield line(0, 'compiling')
      await new Promise(() => {})
    }
    api.handlers['deploys.follow'] = async function* () {
      yield step('queued')
      await new Promise(() => {})
    }
    const running = start(['deploy', '-a', 'shop'], { env: api.env, cwd: folder })
    await running.says('compiling')
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    assert.equal(code, 130)
    assert.match(stderr, /the deploy goes on without this command/)
    assert.match(stderr, /nightshift builds log bld_1 -a shop/)
    assert.match(stderr, /nightshift builds cancel bld_1 -a shop/)
    assert.equal(asked('builds.cancel').length, 0)
  })

  test('during the upload deploys nothing, and says so', async () => {
    await writeFile(join(folder, 'big.bin'), Buffer.alloc(64 * 1024))
    api.handlers['builds.create'] = () => new Promise(() => {})
    const running = start(['deploy', '-a', 'shop'], { env: api.env, cwd: folder })
    await running.says('2 files')
    while (asked('builds.create').length === 0) await new Promise((resolve) => setImmediate(resolve))
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    assert.equal(code, 130)
    assert.match(stderr, /interrupted before the upload was complete/)
  })
})
