import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { forWeb } from './test-certificates.ts'
import { bodyOf, instanceOf, RawClient, startApp, startControl, startRig, until } from './test-harness.ts'
import { runProxy } from './run.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'

test('a proxy that was killed serves at once from its disk, with control and agent away', async () => {
  const home = mkdtempSync(join(tmpdir(), 'nightshift-proxy-'))
  await using app = await startApp((_request, response) => response.end('still here'))
  {
    await using rig = await startRig({ services: { web: [app.port] }, certificates: [forWeb] }, { home })
    await until(() => readdirSync(join(home, 'proxy')).includes('routes.json'), 'the saved table')
    assert.equal(statSync(join(home, 'proxy', 'routes.json')).mode & 0o777, 0o600, 'private keys are in it')
    assert.equal(rig.proxy.generation(), 1)
  }
  // A process of its own, so that it can be killed without a chance to say goodbye.
  const script = `import { runProxy } from ${JSON.stringify(new URL('run.ts', import.meta.url).href)}
    const proxy = await runProxy({ home: process.argv[1], controlUrl: 'http://127.0.0.1:9', token: 't', httpPort: Number(process.argv[2]), httpHost: '127.0.0.1', dnsPort: 0 })
    console.log(proxy.httpPort)`
  let port = 0
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, home, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    if (port !== 0) assert.equal(Number(String(line)), port, 'the same port, at once')
    port = Number(String(line))
    const client = new RawClient(port)
    client.send(get)
    assert.match((await client.response()).body, /still here/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    client.close()
  }
  rmSync(home, { recursive: true })
})

test('state that cannot be read is said, and the proxy starts without it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'nightshift-proxy-'))
  await using app = await startApp((_request, response) => response.end('ok'))
  {
    await using _rig = await startRig({ services: { web: [app.port] } }, { home })
  }
  writeFileSync(join(home, 'proxy', 'routes.json'), '{"generation": 1, "serv')
  {
    await using rig = await startRig({ services: { web: [app.port] } }, { home })
    assert.ok(rig.warnings.some((line) => line.includes('routes.json')))
    const client = new RawClient(rig.port)
    client.send(get)
    assert.equal((await client.response()).status, 200)
    client.close()
  }
  rmSync(home, { recursive: true })
})

test('a table and an agent line that make no sense change nothing', async () => {
  await using app = await startApp((_request, response) => response.end('ok'))
  await using rig = await startRig({ services: { web: [app.port] } })
  rig.control.push({ generation: 50 } as never)
  rig.agent.raw('{"t":"endpoint"}\n{"t":"endpoints","endpoints":[{"instance":"x"}]}\nnonsense\n{"t":"what"}\n')
  await until(() => rig.warnings.length >= 5, 'five warnings')
  const client = new RawClient(rig.port)
  client.send(get)
  assert.equal((await client.response()).status, 200)
  assert.equal(rig.proxy.generation(), 1)
  client.close()
})

test('counts wait on disk while control is away, over a restart, and are sent when it is back', async () => {
  const home = mkdtempSync(join(tmpdir(), 'nightshift-proxy-'))
  await using app = await startApp((_request, response) => response.end('ok'))
  const control = await startControl()
  await control.close()
  const options = { home, controlUrl: control.url, token: 'token', trafficPeriodMs: 50 }
  {
    await using rig = await startRig({ services: { web: [app.port] } }, { home })
    await until(() => readdirSync(join(home, 'proxy')).includes('routes.json'), 'the saved table')
    assert.ok(rig)
  }
  const proxy = await runProxy({ ...options, httpPort: 0, httpHost: '127.0.0.1', limits: { closeMs: 100 } })
  const client = new RawClient(proxy.httpPort)
  for (let n = 0; n < 3; n++) {
    client.send(get)
    await client.response()
    const batches = readdirSync(join(home, 'proxy', 'traffic')).length
    await until(() => readdirSync(join(home, 'proxy', 'traffic')).length > batches, 'another batch on disk')
  }
  client.close()
  await proxy.close()
  const back = await startControl(control.port)
  const again = await runProxy({ ...options, httpPort: 0, httpHost: '127.0.0.1', limits: { closeMs: 100 } })
  await until(() => back.traffic.length >= 3, 'the batches')
  assert.equal(back.traffic.flatMap((batch) => batch.counts).reduce((sum, count) => sum + count.requests, 0), 3)
  assert.deepEqual(back.hellos[0], { t: 'hello', wireVersion: 1, machine: (back.hellos[0] as { machine: string }).machine, generation: 1, httpPort: again.httpPort, httpsPort: null })
  await until(() => readdirSync(join(home, 'proxy', 'traffic')).length === 0, 'an empty spool')
  await again.close()
  await back.close()
  rmSync(home, { recursive: true })
})

test('closing lets what is under way end and takes nothing new', async () => {
  const held: (() => void)[] = []
  await using app = await startApp((_request, response) => void held.push(() => response.end('done')))
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { closeMs: 5_000 } })
  const [busy, idle] = [new RawClient(rig.port), new RawClient(rig.port)]
  busy.send(get)
  await until(() => held.length === 1, 'the request')
  const closing = rig.proxy.close()
  await idle.end()
  held[0]?.()
  const response = await busy.response()
  assert.match(response.body, /done/)
  assert.equal(response.header('connection'), 'close')
  await closing
  busy.close()
  idle.close()
})

test('the whole list of an agent replaces what was known before', async () => {
  await using old = await startApp((_request, response) => response.end('old'))
  await using fresh = await startApp((_request, response) => response.end('new'))
  await using rig = await startRig({ services: { web: [old.port] } })
  rig.agent.say({ t: 'endpoints', endpoints: [{ instance: instanceOf('web', 0), service: 'shop/production/web', release: 1, host: '127.0.0.1', port: fresh.port, state: 'ready' }] })
  let body: string | null = ''
  for (let tries = 0; tries < 200 && !body?.includes('new'); tries++) body = await bodyOf(rig.port)
  assert.match(body ?? '', /new/)
})

test('endpoints from before a boot are not believed', async () => {
  const home = mkdtempSync(join(tmpdir(), 'nightshift-proxy-'))
  await using app = await startApp((_request, response) => response.end('ok'))
  {
    await using _rig = await startRig({ services: { web: [app.port] } }, { home })
  }
  const path = join(home, 'proxy', 'endpoints.json')
  const saved = JSON.parse(readFileSync(path, 'utf8')) as { boot: string }
  writeFileSync(path, JSON.stringify({ ...saved, boot: 'another' }))
  const proxy = await runProxy({ home, controlUrl: null, token: 'token', httpPort: 0, httpHost: '127.0.0.1', limits: { sweepMs: 10, parkMs: 50, closeMs: 100 } })
  assert.match((await bodyOf(proxy.httpPort)) ?? '', /not ready/)
  await proxy.close()
  rmSync(home, { recursive: true })
})
