import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { AppError } from '#base/errors.ts'
import { buildEndLines } from '#contract/build-words.ts'
import { manifestSchema } from '#contract/manifest.ts'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type Called, call, removeFolder, temporaryFolder } from '../test/harness.ts'
import { aBuild, aRelease, aSummary, ago, anApp } from '../test/samples.ts'
import { sparkline } from './tonight.ts'
import { thinned } from './traffic.ts'

let api: TestApi
let folder = ''
before(async () => {
  api = await startTestApi()
  folder = await temporaryFolder()
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await removeFolder(folder)
})
beforeEach(() => {
  api.asked = []
  api.handlers = {}
})

async function ok(...argv: string[]): Promise<Called> {
  const called = await call(argv, { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
  assert.equal(called.code, 0, called.stderr)
  return called
}

const machine = { name: 'node-1', state: 'connected', driver: 'process', version: '0.1.0', os: 'Linux', cpus: 2, memoryBytes: 4 * 1024 ** 3, limits: ['no cgroups: memory limits are not enforced'], lastSeenAt: ago(300_000), instances: 3, tags: [] as string[] } as const

describe('what is seen', () => {
  test('tonight: the sentence first, then what needs a person', async () => {
    api.handlers['tonight.read'] = () => ({ sentence: 'One app needs you.', quiet: false, needsPerson: [{ app: 'shop', environment: 'production', service: 'web', what: 'web.1 crashes at start', since: ago(120_000), wayOut: 'nightshift rollback -a shop', alert: null }], marks: [], apps: [{ ...aSummary({ health: 'down' }), sparkline: [0, 1, 4] }] })
    const { stdout } = await ok('tonight')
    assert.match(stdout, /^One app needs you\.\n\nneeds a person {2}shop web: web\.1 crashes at start \(for 2 min\)\n +nightshift rollback -a shop\n\napp /)
    assert.match(stdout, /^shop +down +▁▃█ /m)
  })

  test('the map: services, what they need, and figures of each edge', async () => {
    const service = { app: 'shop', environment: 'production', service: 'web', health: 'healthy', protocol: 'http', release: 3, wanted: 2, ready: 1, instances: [{ id: 'ins_1', name: 'web.1', state: 'ready', machine: 'node-1' }, { id: 'ins_2', name: 'web.2', state: 'held', machine: 'node-1' }] } as const
    const moment = { at: ago(0), live: true, missing: [], marks: [], alerts: [] }
    const edge = { id: 'e', app: 'shop', environment: 'production', fromApp: null, fromEnvironment: null, from: 'web', to: 'db', protocol: 'redis', declared: true, observed: true, traced: false, requestRate: 12.3, errorShare: 0.02, p95Ms: 4.25, p99Ms: 9 }
    api.handlers['map.read'] = () => ({ ...moment, services: [{ ...service, instances: [...service.instances] }, { ...service, app: 'blog', instances: [] }], edges: [edge, { ...edge, from: null, to: 'web', requestRate: 0 }], machines: [{ ...machine, limits: [] }] })
    const { stdout } = await ok('map')
    assert.equal(stdout, 'shop\n  web  healthy 1/2 ●✗  ingress quiet\n       └ redis → db  12/s, errors 2.0 %, p95 4.3 ms\n')
    assert.match((await ok('map', '--all')).stdout, /^blog$[^]*machine {2}node-1 connected, process, 3 instances/m)
    api.handlers['map.read'] = () => ({ ...moment, live: false, missing: ['blog was destroyed since.'], services: [{ ...service, instances: [] }], edges: [], machines: [] })
    const then = await ok('map', '--at', '2h')
    assert.match(then.stdout, /^As it was at \d{4}-/)
    assert.match(then.stderr, /blog was destroyed since/)
    assert.equal(typeof api.asked.at(-1)?.query['at'], 'string')
  })

  test('a rollout: its steps, and the watch over what came of it', async () => {
    const bake = { release: 13, fromRelease: 12, state: 'condemned', because: '60 % of 500 requests failed (before: 0 % of 900)', startedAt: ago(90_000), until: ago(-210_000), endedAt: ago(30_000), rolledBackTo: 14 } as const
    api.handlers['apps.read'] = () => anApp({ rollout: { id: 'rol_1', release: 13, fromRelease: 12, state: 'finished', because: 'v13 serves', startedAt: ago(95_000), finishedAt: ago(90_000), steps: [{ name: 'done', at: ago(90_000), detail: 'v13 serves' }] } })
    api.handlers['bakes.read'] = () => bake
    assert.match((await ok('rollout')).stdout, /^watched +v13 beside v12, condemned: 60 % of 500 requests failed \(before: 0 % of 900\); went back as v14$/m)
    api.handlers['bakes.read'] = () => ({ ...bake, state: 'baking', because: 'v13 is compared with v12 for 5 min', endedAt: null, rolledBackTo: null })
    assert.match((await ok('rollout')).stdout, /^watched +v13 beside v12, for 3 min \d+ s more: v13 is compared with v12 for 5 min$/m)
    api.handlers['bakes.read'] = () => null
    assert.doesNotMatch((await ok('rollout')).stdout, /watched/)
  })

  test('a release is accepted before its time', async () => {
    api.handlers['bakes.accept'] = () => ({ release: 13, fromRelease: 12, state: 'accepted', because: 'accepted by ada', startedAt: ago(90_000), until: ago(-210_000), endedAt: ago(0), rolledBackTo: null })
    assert.equal((await ok('rollout', 'accept')).stdout, 'v13 of shop stays\n')
  })

  test('nothing about an app that does not exist is an error, not an empty list', async () => {
    api.handlers['apps.read'] = () => {
      throw new AppError('not-found', 'there is no app "nope" (see: nightshift apps)')
    }
    api.handlers['logs.list'] = () => ({ lines: [], partial: false, next: null })
    for (const id of ['events.list', 'traffic.read', 'resources.read', 'builds.list'] as const) api.handlers[id] = () => []
    api.handlers['map.read'] = () => ({ at: ago(0), live: true, missing: [], marks: [], alerts: [], services: [], edges: [], machines: [] })
    for (const noun of ['logs', 'events', 'traffic', 'resources', 'builds', 'map']) {
      const { code, stdout, stderr } = await call([noun, '-a', 'nope'], { env: api.env })
      assert.equal(code, 1, noun)
      assert.equal(stdout, '')
      assert.match(stderr, /there is no app "nope"/, noun)
    }
  })

  test('traffic: routes and edges with rates', async () => {
    api.handlers['traffic.read'] = () => [{ key: 'route:1', app: 'shop', environment: 'production', service: 'web', from: null, requestRate: 2, errorShare: 0.5, staleShare: 0, p50Ms: 1.2, p95Ms: 300, p99Ms: 420, points: [{ at: ago(0), requests: 3, errors: 1, p50Ms: 1, p99Ms: 2 }] }]
    assert.match((await ok('traffic', '--minutes', '5')).stdout, /^outside +web +2\.0\/s +50 % +1\.2 ms +420 ms +█$/m)
    assert.deepEqual(api.asked[0]?.query, { app: 'shop', minutes: 5 })
  })

  test('resources: CPU and memory, now and at most', async () => {
    api.handlers['resources.read'] = () => [{ instance: 'ins_1', name: 'web.1', service: 'web', points: [{ at: ago(1), cpu: 0.9, memoryBytes: 2048 }, { at: ago(0), cpu: 0.1, memoryBytes: 1024 }] }]
    assert.match((await ok('resources')).stdout, /^web\.1 +10 % +90 % +█▂ +1\.0 KB +2\.0 KB$/m)
  })

  test('machines: and what each cannot do', async () => {
    api.handlers['machines.list'] = () => [{ ...machine, limits: [...machine.limits] }]
    const { stdout } = await ok('machines')
    assert.match(stdout, /^node-1 +connected +process +2 +4\.0 GB +3 +5 min ago +0\.1\.0$/m)
    assert.match(stdout, /^node-1 cannot: no cgroups: memory limits are not enforced$/m)
  })

  test('sparklines: nothing, zeros, and neighbours summed up', () => {
    assert.equal(sparkline([]), '')
    assert.equal(sparkline([0, 0]), '▁▁')
    assert.equal(sparkline([1, null, 2]), '▅ █')
    assert.deepEqual(thinned([1, 2, 3, 4, 5], 2), [6, 9])
    assert.deepEqual(thinned([1, 2], 5), [1, 2])
  })
})

describe('what was shipped', () => {
  test('releases: newest first, a failed one with its reason', async () => {
    api.handlers['releases.list'] = () => [aRelease({ number: 13, state: 'failed', because: 'never ready' }), aRelease()]
    const { stdout } = await ok('releases')
    assert.match(stdout, /^v13 +failed +5 min ago +admin +c0ffee00 +deploy of a directory: never ready$/m)
    assert.match(stdout, /^v12 +active /m)
    assert.match((await ok('releases', '--long')).stdout, /c0ffee0{34}/)
  })

  test('rollback: v12 and 12 mean the same; it waits until it serves', async () => {
    api.handlers['bakes.read'] = () => null
    api.handlers['releases.rollback'] = () => ({ release: 14, rollout: 'rol_1' })
    api.handlers['apps.read'] = () => anApp({ rollout: { id: 'rol_1', release: 14, fromRelease: 13, state: 'finished', because: 'serves', startedAt: ago(900), finishedAt: ago(0), steps: [{ name: 'done', at: ago(0), detail: 'v14 takes the traffic' }] } })
    const { stdout } = await ok('rollback', 'v12')
    assert.match(stdout, /^shop goes back to v12, as v14\n✓ done +9\d\d ms {2}v14 takes the traffic\nshop v14 is running \(see: nightshift ps -a shop\)\n$/)
    await ok('rollback', '12', '--no-wait')
    await ok('rollback', '--json')
    assert.deepEqual(api.asked.filter(({ id }) => id === 'releases.rollback').map(({ body }) => body), [{ to: 12 }, { to: 12 }, {}])
  })

  test('rollout: shown step by step, and cancelled', async () => {
    api.handlers['bakes.read'] = () => null
    api.handlers['apps.read'] = () => anApp({ rollout: { id: 'rol_1', release: 14, fromRelease: 13, state: 'starting', because: 'waits for web.1', startedAt: ago(2000), finishedAt: null, steps: [{ name: 'released', at: ago(1000), detail: 'v14' }] } })
    api.handlers['rollouts.cancel'] = () => ({})
    assert.match((await ok('rollout')).stdout, /^release +v13 → v14\nstate +starting: waits for web\.1\n[^]*✓ released +1\.0 s {2}v14\n$/)
    assert.match((await ok('rollout', 'cancel')).stdout, /the old release serves on/)
  })

  test('a rollout that was given up does not end with a tick', async () => {
    api.handlers['bakes.read'] = () => null
    api.handlers['apps.read'] = () => anApp({ rollout: { id: 'rol_1', release: 14, fromRelease: 13, state: 'failed', because: 'it crashes', startedAt: ago(2000), finishedAt: ago(0), steps: [{ name: 'started', at: ago(1000), detail: 'v14' }, { name: 'failed', at: ago(0), detail: 'it crashes' }] } })
    assert.match((await ok('rollout')).stdout, /✓ started .*\n✗ failed +2\.0 s {2}it crashes\n$/)
  })

  test('builds: list, one, its log with its result, cancel', async () => {
    const failed = aBuild({ state: 'failed', because: 'npm ended with exit 1', queuedAt: ago(300_000), startedAt: ago(4000), finishedAt: ago(1000), source: { kind: 'git', commit: 'c0ffee00ff', branch: 'main', image: null } })
    api.handlers['builds.list'] = () => [failed]
    api.handlers['builds.read'] = () => failed
    api.handlers['builds.cancel'] = () => aBuild({ state: 'cancelled', because: 'cancelled by admin' })
    api.handlers['builds.log'] = async function* () {
      yield { id: '0', data: { line: 0, at: ago(0), text: 'npm error' } }
    }
    assert.match((await ok('builds')).stdout, /^bld_1 +failed +5 min ago +3\.0 s +git main c0ffee00 +admin +npm ended with exit 1$/m)
    assert.match((await ok('builds', 'info')).stdout, /^state +failed: npm ended with exit 1$/m)
    const log = await call(['builds', 'log'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
    assert.deepEqual([log.code, log.stdout, log.stderr], [1, 'npm error\n', 'bld_1 failed: npm ended with exit 1\n'])
    api.handlers['builds.log'] = async function* () {
      yield { id: '0', data: { line: 0, at: ago(0), text: buildEndLines('failed', failed.because) } }
    }
    assert.equal((await call(['builds', 'log'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })).stderr, 'bld_1 failed\n')
    const cancel = await call(['builds', 'cancel'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
    assert.match(cancel.stderr, /no build is under way: the newest, bld_1, failed already/)
    assert.match((await ok('builds', 'cancel', 'bld_1')).stdout, /^bld_1 cancelled: cancelled by admin$/m)
  })
})

describe('the manifest', () => {
  test('in force is shown with its drift', async () => {
    api.handlers['apps.manifest'] = () => ({ source: 'Procfile', manifest: manifestSchema.parse({ services: { web: { command: 'node .' } } }), drift: [{ path: 'services.web.scale', manifest: '1', actual: '3' }] })
    const { stdout } = await ok('manifest')
    assert.match(stdout, /^# from Procfile\nservices:\n {2}web:\n/)
    assert.match(stdout, /^services\.web\.scale +1 +3$/m)
  })

  test('in a file is checked without a server: each fault with its place, unknown keys with the nearest', async () => {
    const file = join(folder, 'nightshift.yml')
    await writeFile(file, 'name: shop\nx-note: mine\nservices:\n  web:\n    comand: node .\n    scale: many\n    x-own: 1\n    health: { intervall: 2s }\n  Bad: {}\n')
    const { code, stdout } = await call(['manifest', '--check', 'nightshift.yml'], { cwd: folder })
    assert.equal(code, 1)
    assert.match(stdout, /^nightshift\.yml:5:5: unknown key `comand` in services\.web \(did you mean `command`\?\)$/m)
    assert.match(stdout, /^nightshift\.yml:6:12: services\.web\.scale must be a number, not "many"/m)
    assert.match(stdout, /^nightshift\.yml:8:15: unknown key `intervall` .*\(did you mean `interval`\?\)$/m)
    assert.match(stdout, /^nightshift\.yml:9:\d+: the name `Bad` in services must start/m)
    await writeFile(file, 'services: [\n')
    assert.match((await call(['manifest', '--check', 'nightshift.yml'], { cwd: folder })).stdout, /^nightshift\.yml:\d+:\d+: /)
    await writeFile(file, 'services: { web: {}, worker: {} }\n')
    assert.deepEqual(await call(['manifest', '--check', 'nightshift.yml'], { cwd: folder }), {
      code: 0, stdout: 'nightshift.yml is a valid manifest: 2 services (web, worker)\n',
      stderr: 'not looked at: whether the source builds and every service has a start command, whether its secrets are set, whether its domains are free (a deploy tells)\n',
    })
    assert.match((await call(['manifest', '--check', 'no.yml'], { cwd: folder })).stderr, /there is no file no\.yml/)
  })

  test('in a file is checked as a deploy does: what must be there, circles, what excludes each other, also in lists and merged maps', async () => {
    const file = join(folder, 'nightshift.yml')
    await writeFile(file, `x-base: &base { volumes: { data: /app } }
services:
  web: { <<: *base, needs: { wbe: healthy } }
  api:
    needs: { worker: healthy }
  worker:
    needs: { api: healthy }
    port: false
    public: true
checks:
  - { name: front, http: https://shop.example.com, service: shop }
  - { name: front, http: https://shop.example.com }
environments:
  staging: { services: { wb: { scale: 1 } } }
`)
    const { code, stdout, stderr } = await call(['manifest', '--check', 'nightshift.yml'], { cwd: folder })
    assert.deepEqual([code, stderr], [1, ''])
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'nightshift.yml:3:3: volume data cannot be at /app: it would hide the app itself (choose a folder inside, such as /app/data)',
      'nightshift.yml:3:30: services.web needs `wbe`, which is not a service here (did you mean `web`?)',
      'nightshift.yml:5:14: services need each other in a circle: api → worker → api (none of them could ever start first)',
      'nightshift.yml:8:11: services.worker is served to the public but listens on nothing (port: false) (leave port out)',
      'nightshift.yml:11:61: the check "front" is of `shop`, which is not a service here',
      'nightshift.yml:12:13: two checks are called "front"',
      'nightshift.yml:14:26: environments.staging overrides `wb`, which is not a service here (did you mean `web`?)',
    ])
    await writeFile(file, 'services: { web: { port: 8080, scale: 2 } }\n')
    const noted = await call(['manifest', '--check', 'nightshift.yml'], { cwd: folder })
    assert.deepEqual([noted.code, noted.stderr.split('\n')[0]], [0, 'services.web insists on port 8080, so that only one of its 2 instances can have it, unless each runs in a container'])
  })
})
