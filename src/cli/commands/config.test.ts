import assert from 'node:assert/strict'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type CallOptions, type Called, call, removeFolder, temporaryFolder } from '../test/harness.ts'
import { aSummary, ago, anApp } from '../test/samples.ts'

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
  api.handlers = {}
  api.asked = []
})

async function ok(argv: string[], options: CallOptions = {}): Promise<Called> {
  const called = await call(argv, { ...options, env: { ...api.env, NIGHTSHIFT_APP: 'shop', ...options.env } })
  assert.equal(called.code, 0, called.stderr)
  return called
}

describe('config', () => {
  test('shows what operators set beside what the manifest says', async () => {
    api.handlers['config.read'] = () => ({ config: { LOG_LEVEL: 'debug' }, manifest: { web: { LOG_LEVEL: 'info', THEME: 'night' } }, secrets: [], missingSecrets: [] })
    assert.deepEqual((await ok(['config'])).stdout.trimEnd().split('\n').map((line) => line.split(/ {2,}/)), [
      ['name', 'from', 'value'],
      ['LOG_LEVEL', 'set', 'debug'],
      ['LOG_LEVEL', 'manifest, web (set goes before)', 'info'],
      ['THEME', 'manifest, web', 'night'],
    ])
  })

  test('set sends all variables at once, values with = and empty ones too', async () => {
    api.handlers['config.change'] = () => ({ release: 13, rollout: 'rol_1' })
    api.handlers['apps.read'] = () => anApp()
    const { stdout } = await ok(['config', 'set', 'A=1', 'B=x=y', 'C='])
    assert.deepEqual(api.asked[0]?.body, { A: '1', B: 'x=y', C: '' })
    assert.equal(stdout, 'A, B, C set in shop: v13 is rolling out (see: nightshift rollout -a shop)\n')
  })

  test('unset sends nulls; without a release it says so', async () => {
    api.handlers['config.change'] = () => null
    assert.match((await ok(['config', 'unset', 'A', 'B'])).stdout, /no release was made/)
    assert.deepEqual(api.asked[0]?.body, { A: null, B: null })
  })

  test('--wait follows the rollout and fails with it', async () => {
    api.handlers['config.change'] = () => ({ release: 13, rollout: 'rol_1' })
    let polls = 0
    api.handlers['apps.read'] = () => {
      polls++
      const steps = [{ name: 'released', at: ago(900), detail: 'v13' }, { name: 'started', at: ago(500), detail: 'web.1' }]
      return anApp({ rollout: { id: 'rol_1', release: 13, fromRelease: 12, state: polls < 2 ? 'starting' : 'failed', because: polls < 2 ? 'waits for web.1' : 'web.1 was never ready', startedAt: ago(1000), finishedAt: polls < 2 ? null : ago(0), steps: steps.slice(0, polls) } })
    }
    const { code, stdout } = await call(['config', 'set', 'A=1', '--wait'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
    assert.equal(code, 1)
    assert.match(stdout, /✓ released +\d+ ms {2}v13\n✓ started +\d+ ms {2}web\.1\n✗ failed: web\.1 was never ready/)
  })

  test('--wait goes on until the release is watched no longer, and fails when it is taken back, as a deploy does', async () => {
    api.handlers['config.change'] = () => ({ release: 13, rollout: 'rol_1' })
    api.handlers['secrets.change'] = () => ({ release: 13, rollout: 'rol_1' })
    api.handlers['apps.read'] = () => anApp({ rollout: { id: 'rol_1', release: 13, fromRelease: 12, state: 'finished', because: 'serves', startedAt: ago(1000), finishedAt: ago(0), steps: [{ name: 'done', at: ago(0), detail: 'v13 takes the traffic' }] } })
    const bake = { release: 13, fromRelease: 12, state: 'baking', because: 'v13 is compared with v12', startedAt: ago(1000), until: ago(-300_000), endedAt: null, rolledBackTo: null } as const
    for (const command of [['config', 'set', 'A=1'], ['config', 'unset', 'A'], ['secrets', 'set', 'A=1'], ['secrets', 'unset', 'A']]) {
      let reads = 0
      api.handlers['bakes.read'] = () => (reads++ === 0 ? bake : { ...bake, state: 'condemned', because: '60 % of 500 requests failed', endedAt: ago(0), rolledBackTo: 14 })
      const { code, stdout } = await call([...command, '--wait'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
      assert.equal(code, 1, command.join(' '))
      assert.match(stdout, /v13 is rolling out\n✓ done .*\nshop v13 takes the traffic, and is watched until .*\n✗ shop v13 was taken back: 60 % of 500 requests failed\. v12 comes back, as v14/)
    }
    let reads = 0
    api.handlers['bakes.read'] = () => (reads++ === 0 ? bake : { ...bake, state: 'passed', because: 'no worse', endedAt: ago(0) })
    const { stdout } = await ok(['config', 'set', 'A=1', '--wait', '--json'])
    assert.deepEqual(stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { state?: string }).state), [undefined, 'finished', 'baking', 'passed'], 'one object a line')
  })

  test('of a stopped app is told as a release that is made, and nothing is waited for', async () => {
    api.handlers['config.change'] = () => ({ release: 13, rollout: 'rol_1' })
    const stopped = { stopped: true, allowForcePush: false, deployBranch: 'main', tags: [] }
    api.handlers['apps.read'] = () => anApp({ settings: stopped, rollout: { id: 'rol_1', release: 13, fromRelease: 12, state: 'pending', because: 'waits', startedAt: ago(1000), finishedAt: null, steps: [] } })
    for (const wait of [[], ['--wait']]) assert.equal((await ok(['config', 'set', 'A=1', ...wait])).stdout, 'A set. shop is stopped: v13 is made, and is rolled out when the app is started (nightshift start -a shop)\n')
    assert.equal((await ok(['config', 'set', 'A=1', '--wait', '--json'])).stdout, '{"release":13,"rollout":"rol_1"}\n')
  })
})

describe('secrets', () => {
  test('are read from stdin without the last newline', async () => {
    api.handlers['secrets.change'] = () => ({ release: 13, rollout: null })
    const { stdout, stderr } = await ok(['secrets', 'set', 'KEY'], { stdin: 'top\nsecret\n' })
    assert.deepEqual(api.asked[0]?.body, { KEY: 'top\nsecret' })
    assert.doesNotMatch(stdout + stderr, /top|secret\n/)
  })

  test('may stand on the command line', async () => {
    api.handlers['secrets.change'] = () => null
    await ok(['secrets', 'set', 'A=1', 'B=2'])
    assert.deepEqual(api.asked[0]?.body, { A: '1', B: '2' })
  })

  test('an empty value, or two from one stdin, change nothing', async () => {
    const env = { ...api.env, NIGHTSHIFT_APP: 'shop' }
    assert.match((await call(['secrets', 'set', 'KEY'], { env, stdin: '' })).stderr, /the value of KEY is empty: nothing was changed/)
    assert.equal((await call(['secrets', 'set', 'A', 'B'], { env, stdin: 'x' })).code, 2)
    assert.equal(api.asked.length, 0)
  })

  test('are listed by name, the missing ones first', async () => {
    api.handlers['config.read'] = () => ({ config: {}, manifest: {}, secrets: [{ name: 'KEY', setAt: ago(60_000) }], missingSecrets: ['STRIPE_KEY'] })
    const { stdout, stderr } = await ok(['secrets'])
    assert.equal(stdout, 'secret      set\nSTRIPE_KEY  missing\nKEY         1 min ago\n')
    assert.match(stderr, /nightshift secrets set STRIPE_KEY/)
  })
})

describe('domains', () => {
  const route = { id: 'rou_1', host: 'shop.example.com', path: '/', service: 'web', url: 'https://shop.example.com', source: 'operator', tls: true } as const

  test('are added with a certificate from files', async () => {
    api.handlers['domains.add'] = () => route
    await writeFile(join(folder, 'chain.pem'), 'CERT')
    await writeFile(join(folder, 'key.pem'), 'KEY')
    await ok(['domains', 'add', 'Shop.Example.com', '--cert', 'chain.pem', '--key', 'key.pem'], { cwd: folder })
    assert.deepEqual(api.asked[0]?.body, { host: 'shop.example.com', service: 'web', path: '/', certificatePem: 'CERT', keyPem: 'KEY' })
  })

  test('with half a certificate, or a file that is not there, are refused', async () => {
    const env = { ...api.env, NIGHTSHIFT_APP: 'shop' }
    assert.equal((await call(['domains', 'add', 'a.example', '--cert', 'chain.pem'], { env, cwd: folder })).code, 2)
    assert.match((await call(['domains', 'add', 'a.example', '--cert', 'no.pem', '--key', 'no.pem'], { env, cwd: folder })).stderr, /there is no file no\.pem/)
  })

  test('are listed and removed', async () => {
    api.handlers['routes.list'] = () => [route]
    api.handlers['domains.remove'] = () => ({})
    assert.match((await ok(['domains'])).stdout, /^shop\.example\.com +\/ +web +own +set +https:\/\/shop\.example\.com$/m)
    assert.match((await ok(['domains', 'remove', 'shop.example.com'])).stdout, /no more/)
  })
})

describe('access', () => {
  const info = { version: '0.1.0', apiUrl: 'http://x', ingressUrl: 'http://localhost:8080', httpPort: 8080, httpsPort: null, driver: 'process', actor: { kind: 'token', name: 'admin' }, access: 'admin' } as const

  test('login tries the token and saves it for this user only; whoami and logout speak of it', async () => {
    api.handlers['system.info'] = () => info
    const env = { HOME: folder }
    const { code, stdout } = await call(['login', '--url', api.url], { env, stdin: `${api.token}\n` })
    assert.equal(code, 0)
    assert.match(stdout, /as admin \(admin\); saved in .*config\.json/)
    assert.equal((await stat(join(folder, '.config/nightshift/config.json'))).mode & 0o777, 0o600)
    assert.match((await call(['whoami'], { env })).stdout, /\(from the saved login\)[^]*you may +admin: everything/)
    assert.equal((await call(['logout'], { env })).code, 0)
    assert.equal((await call(['whoami'], { env })).code, 1)
  })

  test('login saves nothing when the token opens nothing', async () => {
    const env = { HOME: folder }
    const { code } = await call(['login', '--url', api.url, '--token', 'wrong'], { env })
    assert.equal(code, 1)
    assert.match((await call(['whoami'], { env })).stderr, /no Nightshift to speak to/)
  })

  test('a new token prints its secret alone on stdout', async () => {
    api.handlers['apps.list'] = () => [aSummary({ name: 'notes' })]
    api.handlers['tokens.create'] = () => ({ id: 'tok_1', name: 'ci', scope: 'deploy', apps: ['shop'], createdAt: ago(0), lastUsedAt: null, expiresAt: null, secret: 'nst_once' })
    const { stdout, stderr } = await ok(['tokens', 'create', 'ci', '--app', 'shop', '--expires', '90d'])
    assert.equal(stdout, 'nst_once\n')
    assert.match(stderr, /there is no app "shop" yet/)
    assert.deepEqual(api.asked[0]?.body, { name: 'ci', scope: 'deploy', apps: ['shop'], expiresInDays: 90 })
    assert.equal((await call(['tokens', 'create', 'ci', '--expires', '3h'], { env: api.env })).code, 2)
  })

  test('tokens are listed without secrets and revoked by id', async () => {
    api.handlers['tokens.list'] = () => [{ id: 'tok_1', name: 'ci', scope: 'deploy', apps: null, createdAt: ago(60_000), lastUsedAt: null, expiresAt: null }]
    api.handlers['tokens.revoke'] = () => ({})
    assert.match((await ok(['tokens'])).stdout, /^tok_1 +ci +deploy +all +1 min ago +never +never$/m)
    await ok(['tokens', 'revoke', 'tok_1'])
    assert.deepEqual(api.asked.at(-1)?.params, { id: 'tok_1' })
  })

  test('a login link prints the link alone on stdout', async () => {
    api.handlers['login.link'] = () => ({ url: 'http://x/login#c', expiresAt: new Date(Date.now() + 600_500).toISOString() })
    const { stdout, stderr } = await ok(['login-link'])
    assert.deepEqual([stdout, stderr], ['http://x/login#c\n', 'works once, and expires in 10 min\n'])
  })

  test('git gets the token for the server it belongs to, and for no other', async () => {
    const { host } = new URL(api.url)
    assert.equal((await ok(['git-credential', 'get'], { stdin: `protocol=http\nhost=${host}\n\n` })).stdout, `username=token\npassword=${api.token}\n`)
    for (const stdin of ['protocol=http\nhost=evil.example\n', `protocol=https\nhost=${host}\n`, `protocol=http\nhost=${host}.evil\n`]) assert.equal((await ok(['git-credential', 'get'], { stdin })).stdout, '')
    assert.equal((await ok(['git-credential', 'store'], { stdin: 'x' })).stdout, '')
  })
})
