import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { AppError } from '#base/errors.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type CallOptions, type Called, call, removeFolder, temporaryFolder } from '../test/harness.ts'
import { aService, aSummary, ago, anApp, anInstance } from '../test/samples.ts'

let api: TestApi
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(() => {
  api.handlers = {}
  api.asked = []
})

async function ok(argv: string[], options: CallOptions = {}): Promise<Called> {
  const called = await call(argv, { ...options, env: { ...api.env, ...options.env } })
  assert.equal(called.code, 0, called.stderr)
  return called
}

describe('apps', () => {
  test('are a table, and the one in trouble says why', async () => {
    api.handlers['apps.list'] = () => [aSummary(), aSummary({ name: 'blog', health: 'down', because: 'web.1 crashes at start', url: null, release: 3 })]
    const { stdout, stderr } = await ok(['apps'])
    const [head, shop, blog] = stdout.split('\n')
    assert.match(head ?? '', /^app +health +release +deployed +services +requests +errors +url$/)
    assert.match(shop ?? '', /^shop +healthy +v12 +5 min ago +web 1\/1 +2\.5\/s +0 % +http:\/\/shop\.localhost:8080$/)
    assert.match(blog ?? '', /^blog +down +v3 /)
    assert.equal(stderr, 'blog: web.1 crashes at start\n')
  })

  test('show their environment once there is another than production', async () => {
    api.handlers['apps.list'] = () => [aSummary(), aSummary({ environment: 'staging' })]
    assert.match((await ok(['apps'])).stdout, /^app +environment +health/)
  })

  test('of which there are none say how to make one', async () => {
    api.handlers['apps.list'] = () => []
    assert.match((await ok(['apps'])).stdout, /nightshift deploy/)
    assert.equal((await ok(['apps', '--json'])).stdout, '[]\n')
  })

  test('as JSON are the raw answer', async () => {
    const answer = [aSummary()]
    api.handlers['apps.list'] = () => answer
    assert.deepEqual(JSON.parse((await ok(['apps', 'list', '--json'])).stdout), answer)
  })

  test('are coloured for a terminal only, and NO_COLOR is honoured', async () => {
    api.handlers['apps.list'] = () => [aSummary({ health: 'down' })]
    const escape = '\x1b['
    assert.ok((await ok(['apps'], { columns: 200 })).stdout.includes(`${escape}31mdown`))
    assert.ok(!(await ok(['apps'], { columns: 200, env: { NO_COLOR: '1' } })).stdout.includes(escape))
    assert.ok(!(await ok(['apps'])).stdout.includes(escape))
  })

  test('create and info say what is there; shared flags may stand first', async () => {
    api.handlers['apps.create'] = ({ body }) => aSummary({ name: (body as { name: string }).name, health: 'empty', release: null })
    api.handlers['apps.read'] = () => anApp({ volumes: [{ name: 'data', machine: 'node-1', services: [], orphan: true, createdAt: ago(1000) }] })
    assert.match((await ok(['apps', 'create', 'shop'])).stdout, /nightshift deploy -a shop/)
    const { stdout } = await ok(['-a', 'shop', 'apps', 'info'])
    assert.match(stdout, /^git +http:\/\/127\.0\.0\.1:7070\/git\/shop\.git$/m)
    assert.match(stdout, /nobody \(orphan\)/)
  })

  test('a link lets a folder stand for an app', async () => {
    const folder = await temporaryFolder()
    try {
      api.handlers['apps.read'] = () => anApp()
      await ok(['apps', 'link', 'shop'], { cwd: folder })
      assert.equal(await readFile(join(folder, '.nightshift-app'), 'utf8'), 'shop\n')
      await ok(['ps'], { cwd: folder })
      assert.equal(api.asked.at(-1)?.params['app'], 'shop')
    } finally {
      await removeFolder(folder)
    }
  })

  test('settings change only what is named', async () => {
    api.handlers['apps.settings'] = () => ({})
    api.handlers['apps.read'] = () => anApp()
    await ok(['apps', 'settings', '-a', 'shop'])
    assert.deepEqual(api.asked.map(({ id }) => id), ['apps.read'])
    const refused = await call(['apps', 'settings', '-a', 'shop', '--branch', 'a b'])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /branch.*"a b" is no name of a branch in git/)
    await ok(['apps', 'settings', '-a', 'shop', '--no-force-push', '--branch', 'release'])
    assert.deepEqual(api.asked.at(-2)?.body, { allowForcePush: false, deployBranch: 'release' })
  })
})

describe('ps', () => {
  test('shows each instance, why one is in trouble, and drift', async () => {
    api.handlers['apps.read'] = () =>
      anApp({
        health: 'degraded', because: '1 of 2 ready',
        services: [
          aService({ wanted: 2, manifestScale: 1, instances: [anInstance(), anInstance({ id: 'ins_2', name: 'web.2', state: 'backoff', because: 'exit 1 after 40 ms', restarts: 4, startedAt: null, cpu: null, memoryBytes: null, retryAt: new Date(Date.now() + 8500).toISOString() })] }),
          aService({ name: 'worker', wanted: 0, manifestScale: 0, health: 'stopped', because: 'scaled to 0', instances: [] }),
        ],
      })
    const { stdout } = await ok(['ps', '-a', 'shop'])
    assert.match(stdout, /^shop v12 degraded: 1 of 2 ready\n/)
    assert.match(stdout, /^web\.1 +ready +v12 +3 min +0 +25 % +64\.0 MB of 256\.0 MB +–$/m)
    assert.match(stdout, /^web\.2 +backoff +v12 +– +4 +– +– +exit 1 after 40 ms; tried again in 8 s$/m)
    assert.match(stdout, /^worker: no instances, scaled to 0$/m)
    assert.match(stdout, /^web: scaled to 2 by an operator \(the manifest says 1\)$/m)
  })

  test('speaks of the environment that is named', async () => {
    api.handlers['apps.read'] = ({ query }) => anApp({ environment: String(query['environment']) })
    assert.match((await ok(['ps', '-a', 'shop', '-e', 'staging'])).stdout, /^shop \(staging\) /)
    assert.deepEqual(api.asked[0]?.query, { environment: 'staging' })
  })
})

describe('changing what runs', () => {
  test('scale sends whole numbers and shows the answer', async () => {
    api.handlers['apps.scale'] = ({ body }) => body as { services: Record<string, number> }
    const { stdout } = await ok(['scale', 'web=3', 'worker=0', '-a', 'shop'])
    assert.equal(stdout, 'web is scaled to 3\nworker is scaled to 0\n')
    assert.deepEqual(api.asked[0]?.body, { services: { web: 3, worker: 0 } })
    for (const wrong of ['web=-1', 'web=1.5', 'web=x', 'web=101', 'web=', 'web']) assert.equal((await call(['scale', wrong, '-a', 'shop'], { env: api.env })).code, 2, wrong)
    assert.equal(api.asked.length, 1)
  })

  test('restart tells a service from an instance', async () => {
    api.handlers['apps.restart'] = () => ({ instances: ['web.1', 'web.2'] })
    assert.match((await ok(['restart', '-a', 'shop'])).stdout, /^restarting 2 instances, one after the other: web\.1, web\.2/)
    await ok(['restart', 'web', '-a', 'shop'])
    await ok(['restart', 'web.2', '-a', 'shop'])
    assert.deepEqual(api.asked.map(({ body }) => body), [{}, { service: 'web' }, { instance: 'web.2' }])
  })

  test('stop and start', async () => {
    api.handlers['apps.stop'] = () => ({})
    api.handlers['apps.start'] = () => ({})
    const stopped = (is: boolean) => (api.handlers['apps.read'] = () => anApp({ settings: { stopped: is, allowForcePush: false, deployBranch: 'main', tags: [] } }))
    stopped(false)
    assert.match((await ok(['stop', '-a', 'shop'])).stdout, /is told to stop.*nightshift start -a shop/)
    assert.match((await ok(['start', '-a', 'shop'])).stdout, /shop was not stopped: nothing changes \(.*nightshift restart -a shop\)/)
    stopped(true)
    assert.match((await ok(['stop', '-a', 'shop'])).stdout, /is stopped already/)
    assert.match((await ok(['start', '-a', 'shop'])).stdout, /told to start/)
  })

  test('destroy needs the exact name, and says which volumes are kept', async () => {
    api.handlers['apps.read'] = () => anApp()
    api.handlers['apps.destroy'] = ({ query }) => {
      if (query['confirm'] !== 'shop') throw new AppError('conflict', 'not confirmed')
      return { keptVolumes: ['data', 'uploads'] }
    }
    const unconfirmed = await call(['destroy', '-a', 'shop'], { env: api.env })
    assert.equal(unconfirmed.code, 1)
    assert.match(unconfirmed.stderr, /nightshift destroy -a shop --confirm shop/)
    const wrong = await call(['destroy', '-a', 'shop', '--confirm', 'shopp'], { env: api.env })
    assert.match(wrong.stderr, /"shopp" is not the name of the app: nothing was destroyed/)
    assert.equal(api.asked.filter(({ id }) => id === 'apps.destroy').length, 0)
    assert.match((await ok(['destroy', 'shop', '--confirm', 'shop'])).stdout, /Kept, with all their data: 2 volumes: data, uploads/)
  })
})

describe('a failure', () => {
  test('shows the detail of the API, its fields and a way out', async () => {
    api.handlers['apps.read'] = () => {
      throw new AppError('not-found', 'there is no app "shop" (nightshift apps lists them)')
    }
    const { code, stdout, stderr } = await call(['ps', '-a', 'shop'], { env: api.env })
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(stderr, 'error: there is no app "shop" (nightshift apps lists them)\n')
    api.handlers['apps.scale'] = () => {
      throw new AppError('invalid', 'the request is wrong', { fields: [{ path: 'services.web', message: 'too many' }] })
    }
    assert.match((await call(['scale', 'web=3', '-a', 'shop'], { env: api.env })).stderr, /\n  services\.web: too many\n$/)
  })

  test('that names its only field in its sentence does not say it twice', async () => {
    api.handlers['apps.read'] = () => {
      throw new AppError('invalid', 'name: must start with a letter', { fields: [{ path: 'name', message: 'must start with a letter' }] })
    }
    assert.equal((await call(['ps', '-a', 'shop'], { env: api.env })).stderr, 'error: name: must start with a letter\n')
  })

  test('of the credential says how to log in', async () => {
    const { code, stderr } = await call(['apps'], { env: { ...api.env, NIGHTSHIFT_TOKEN: 'wrong' } })
    assert.equal(code, 1)
    assert.match(stderr, /this token opens nothing\n.*nightshift login/)
  })

  test('hostile names reach the API as one path segment, and are refused there', async () => {
    for (const name of ['../../etc', 'a/b', 'a?x=1', 'SHOP', 'a%2fb', '-x'.slice(1) + '#']) {
      const { code } = await call(['ps', `--app=${name}`], { env: api.env })
      assert.equal(code, 1, name)
    }
    assert.equal(api.asked.length, 0)
  })
})
