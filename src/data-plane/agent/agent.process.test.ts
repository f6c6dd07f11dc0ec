/** The agent over real processes: small Node programs that crash, hang, never listen, or count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchText, until } from './testing/helpers.ts'
import type { InstanceSpec, HealthSpec } from '#contract/wire.ts'
import { type AgentWorld, agentWorld, makeSlug } from './testing/agent-world.ts'
import { instanceSpec, noHealth, quickRestart } from './testing/specs.ts'

const httpHealth: HealthSpec = { kind: 'http', path: '/', intervalMs: 150, timeoutMs: 200, failures: 2, startupMs: 10_000 }

const server = `
import http from 'node:http'
const server = http.createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  response.end(JSON.stringify({ pid: process.pid, port: process.env.PORT }))
})
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening on ' + process.env.PORT))
process.on('SIGTERM', () => { console.log('asked to stop'); server.close(); setTimeout(() => process.exit(0), 50) })
`

async function webSpec(world: AgentWorld, id: string, more: Partial<InstanceSpec> = {}): Promise<InstanceSpec> {
  const artifact = await makeSlug(world.home, { 'server.mjs': server })
  return instanceSpec(id, { artifact, command: { kind: 'shell', line: 'exec node server.mjs' }, port: 'auto', health: httpHealth, ...more })
}

const isReady = (world: AgentWorld, id: string) => until(() => world.control.instance(id)?.state === 'ready' && world.control.instance(id), { because: `${id} is ready` })
const endpointReady = (world: AgentWorld, id: string) =>
  until(() => {
    const endpoint = world.proxy.endpoints.get(id)
    return endpoint?.state === 'ready' && endpoint
  }, { because: `the proxy has ${id}` })

test('a desired instance is started, becomes ready, is told to the proxy, and answers', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  world.control.desire([await webSpec(world, 'ins_web')])
  const seen = await isReady(world, 'ins_web')
  const endpoint = await endpointReady(world, 'ins_web')
  assert.deepEqual(seen.address, { host: endpoint.host, port: endpoint.port })
  assert.equal(endpoint.service, 'shop/production/web')
  assert.match(await fetchText(endpoint), new RegExp(`"port":"${endpoint.port}"`))
  assert.equal(seen.attempt, 1)
  await until(() => world.control.facts.map((fact) => fact.kind).join() === 'instance.started,instance.ready', { because: 'the journal has both facts' })
  await until(() => world.control.logs.get('ins_web.1-1')?.entries[0]?.text === `listening on ${endpoint.port}`, { because: 'its line is stored' })
  const hello = world.control.messages[0]
  assert.ok(hello?.t === 'hello' && hello.facts.driver === 'process' && hello.facts.machine === 'node-1')
})

test('a crashed instance is out of rotation at once and replaced on another port', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  world.control.desire([await webSpec(world, 'ins_web')])
  const before = await endpointReady(world, 'ins_web')
  await fetchText(before, '/crash').catch(() => undefined)
  const after = await until(() => {
    const now = world.proxy.endpoints.get('ins_web')
    return now?.state === 'ready' && now.port !== before.port && now
  }, { because: 'the endpoint has moved' })
  assert.match(await fetchText(after), new RegExp(`"port":"${after.port}"`))
  const seen = await until(() => world.control.instance('ins_web')?.restarts === 1 && world.control.instance('ins_web'), { because: 'the restart is told' })
  assert.equal(seen.lastExit?.code, 7)
  const states = world.proxy.told.flatMap(({ message }) => (message.t === 'endpoint' ? [`${message.endpoint.state} ${message.endpoint.port}`] : []))
  assert.deepEqual(states.filter((state) => !state.startsWith('unready ' + after.port)), [`unready ${before.port}`, `ready ${before.port}`, `unready ${before.port}`, `ready ${after.port}`])
  const exited = await until(() => world.control.facts.find((fact) => fact.kind === 'instance.exited'), { because: 'the exit is in the journal' })
  assert.equal(exited.data['code'], 7)
  await until(() => world.control.facts.some((fact) => fact.kind === 'instance.restarting'), { because: 'the restart is in the journal' })
})

test('a frozen instance is found by its state and replaced without a grace that it cannot use', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  world.control.desire([await webSpec(world, 'ins_web', { stop: { signal: 'SIGTERM', graceMs: 600_000, drainMs: 100 }, health: { ...httpHealth, intervalMs: 60_000 } })])
  await endpointReady(world, 'ins_web')
  const before = await isReady(world, 'ins_web')
  process.kill(before.pid as number, 'SIGSTOP')
  world.proxy.send({ t: 'suspect', instance: 'ins_web', because: 'no answer' })
  await until(() => world.proxy.endpoints.get('ins_web')?.state === 'unready', { because: 'it is out of rotation' })
  const after = await until(() => {
    const now = world.control.instance('ins_web')
    return now?.state === 'ready' && now.pid !== before.pid && now
  }, { because: 'it is replaced' })
  assert.equal(after.restarts, 1)
  const fact = world.control.facts.find((one) => one.kind === 'instance.unhealthy')
  assert.equal(fact?.data['cause'], 'frozen')
  assert.match(String(fact?.data['because']), /it is frozen: something stopped it \(SIGSTOP/)
})

test('a hung instance is out of rotation at its second missed look, and replaced when its health check has failed often enough', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const line = `exec node -e "let hung = false; require('http').createServer((q, s) => { if (q.url === '/hang') hung = true; if (!hung) s.end() }).listen(process.env.PORT)"`
  world.control.desire([await webSpec(world, 'ins_web', { command: { kind: 'shell', line }, stop: { signal: 'SIGTERM', graceMs: 200, drainMs: 100 }, health: { ...httpHealth, intervalMs: 1_000, timeoutMs: 300, failures: 3 } })])
  await endpointReady(world, 'ins_web')
  const before = await isReady(world, 'ins_web')
  void fetch(`http://127.0.0.1:${before.address?.port}/hang`).catch(() => {})
  world.proxy.send({ t: 'suspect', instance: 'ins_web', because: 'no answer' })
  await until(() => world.proxy.endpoints.get('ins_web')?.state === 'unready', { because: 'it is out of rotation' })
  assert.equal(world.control.instance('ins_web')?.pid, before.pid)
  await until(() => world.control.instance('ins_web')?.state === 'ready' && world.control.instance('ins_web')?.pid !== before.pid, { because: 'it is replaced' })
  const fact = world.control.facts.find((one) => one.kind === 'instance.unhealthy')
  assert.equal(fact?.data['cause'], 'hang')
  assert.match(String(fact?.data['because']), /failed 3 times in a row: GET \/ on port \d+: no answer within 300 ms/)
})

test('an instance that never listens is ended after its startup grace, and the reason is told', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const health: HealthSpec = { ...httpHealth, startupMs: 300 }
  world.control.desire([await webSpec(world, 'ins_mute', { command: { kind: 'shell', line: 'exec sleep 1000' }, health, restart: { ...quickRestart, intensity: 1, backoffMinMs: 10, backoffMaxMs: 10 } })])
  const held = await until(() => world.control.instance('ins_mute')?.state === 'held' && world.control.instance('ins_mute'), { because: 'it is held' })
  assert.match(held.because, /crash loop: a restart within 10 s; the last one: it did not become ready within 300 ms: GET \/ on port \d+: nothing listens there/)
  assert.equal(world.proxy.told.some(({ message }) => message.t === 'endpoint' && message.endpoint.state === 'ready'), false)
})

test('a crash loop is held with its reason, its last exit, and a time for the next try', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const restart = { ...quickRestart, intensity: 3, backoffMinMs: 10, backoffMaxMs: 20 }
  world.control.desire([await webSpec(world, 'ins_bad', { command: { kind: 'shell', line: 'echo no database >&2; exit 3' }, restart })])
  const held = await until(() => world.control.instance('ins_bad')?.state === 'held' && world.control.instance('ins_bad'), { because: 'it is held' })
  assert.deepEqual([held.attempt, held.restarts, held.lastExit?.code], [4, 3, 3])
  assert.match(held.because, /3 restarts within 10 s; the last one: exited with code 3/)
  assert.ok(Date.parse(held.retryAt ?? '') > Date.now())
  for (const attempt of [1, 2, 3, 4]) await until(() => world.control.logs.get(`ins_bad.1-${attempt}`)?.entries[0]?.text === 'no database', { because: `the output of attempt ${attempt} is stored` })
  await until(async () => (await world.driver().list()).length === 0, { because: 'the files of ended attempts are gone' })
  await until(() => world.control.facts.some((fact) => fact.kind === 'instance.held'), { because: 'the hold is in the journal' })
})

test('an instance that is not desired any more is drained before its signal', async () => {
  let drainedAt = 0
  await using world = await agentWorld('process', {
    onDrain: (_instance, answer) => {
      setTimeout(() => {
        drainedAt = Date.now()
        answer()
      }, 300)
    },
  })
  await world.startAgent()
  world.control.desire([await webSpec(world, 'ins_web', { stop: { signal: 'SIGTERM', graceMs: 2_000, drainMs: 5_000 } })])
  const endpoint = await endpointReady(world, 'ins_web')
  world.control.desire([])
  await until(() => world.proxy.endpoints.get('ins_web')?.state === 'draining', { because: 'it drains' })
  assert.match(await fetchText(endpoint), /pid/, 'requests in flight are still answered')
  await until(() => world.control.observed().length === 0 && !world.proxy.endpoints.has('ins_web'), { because: 'it is gone' })
  const asked = await until(() => world.control.logs.get('ins_web.1-1')?.entries.find((entry) => entry.text === 'asked to stop'), { because: 'its last line is stored' })
  assert.ok(drainedAt > 0 && Date.parse(asked.at) >= drainedAt - 20, 'the signal came after the drain')
  await until(() => world.control.facts.some((fact) => fact.kind === 'instance.stopped'), { because: 'the stop is in the journal' })
  await until(async () => (await world.driver().list()).length === 0, { because: 'its files are gone' })
})

test('a drain that is not answered is bounded', async () => {
  await using world = await agentWorld('process', { onDrain: () => {} })
  await world.startAgent()
  world.control.desire([await webSpec(world, 'ins_web', { stop: { signal: 'SIGTERM', graceMs: 1_000, drainMs: 300 } })])
  await endpointReady(world, 'ins_web')
  world.control.desire([])
  await until(() => world.control.observed().length === 0, { because: 'it is gone' })
})

test('services start in the order of their needs', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const db = await webSpec(world, 'ins_db', { service: 'db', name: 'db.1', command: { kind: 'shell', line: 'sleep 0.4; exec node server.mjs' } })
  const web = await webSpec(world, 'ins_web', { needs: ['shop/production/db'] })
  world.control.desire([web, db])
  const waiting = await until(() => world.control.instance('ins_web')?.state === 'waiting' && world.control.instance('ins_web'), { because: 'web waits' })
  assert.equal(waiting.because, 'waits for shop/production/db to be ready')
  const webSeen = await isReady(world, 'ins_web')
  const dbSeen = await isReady(world, 'ins_db')
  assert.ok(Date.parse(webSeen.startedAt ?? '') >= Date.parse(dbSeen.readyAt ?? ''))
})

test('a release command runs once, and its exit and output are told', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const spec = await webSpec(world, 'ins_rel', { kind: 'release', service: 'release', name: 'release.1', port: null, health: noHealth, command: { kind: 'shell', line: 'echo migrating; exit 4' } })
  world.control.desire([spec])
  const seen = await until(() => world.control.instance('ins_rel')?.state === 'exited' && world.control.instance('ins_rel'), { because: 'it has ended' })
  assert.deepEqual([seen.lastExit?.code, seen.attempt], [4, 1])
  const log = await until(() => world.control.logs.get('ins_rel.1-1'), { because: 'its output is stored' })
  assert.deepEqual([log.entries[0]?.stream, log.entries[0]?.text, log.batch.instance], ['release', 'migrating', 'release.1'])
  await world.startAgent()
  world.control.desire([spec])
  await until(() => world.agent().status()?.waiting.length === 0 && world.control.instance('ins_rel')?.state === 'exited', { because: 'it is still over' })
  assert.deepEqual(world.control.facts.filter((fact) => fact.kind === 'instance.started').length, 1)
})

test('a fixed port that somebody has is waited for, with the reason', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const first = await webSpec(world, 'ins_one')
  world.control.desire([first])
  const { port } = await endpointReady(world, 'ins_one')
  world.control.desire([first, { ...first, id: 'ins_two', name: 'web.2', port }])
  const waiting = await until(() => world.control.instance('ins_two')?.because.includes('taken') && world.control.instance('ins_two'), { because: 'the second waits' })
  assert.deepEqual([waiting.state, waiting.because, waiting.attempt], ['waiting', `port ${port} is taken by shop/web.1`, 0])
  world.control.desire([{ ...first, id: 'ins_two', name: 'web.2', port }])
  assert.equal((await endpointReady(world, 'ins_two')).port, port)
})

test('a restart that was asked for happens in place', async () => {
  await using world = await agentWorld('process')
  await world.startAgent()
  const spec = await webSpec(world, 'ins_web')
  world.control.desire([spec])
  const before = await isReady(world, 'ins_web')
  world.control.desire([{ ...spec, generation: 2 }])
  const after = await until(() => {
    const now = world.control.instance('ins_web')
    return now?.generation === 2 && now.state === 'ready' && now
  }, { because: 'the new generation is ready' })
  assert.notEqual(after.pid, before.pid)
  assert.deepEqual([after.attempt, after.restarts], [1, 0])
})

test('usage of running instances is measured and sent', async () => {
  await using world = await agentWorld('process')
  await world.startAgent({ statsPeriodMs: 100 })
  world.control.desire([await webSpec(world, 'ins_web')])
  const stat = await until(() => world.control.stats.at(-1)?.instances.find((one) => one.instance === 'ins_web'), { because: 'there are figures' })
  assert.equal(stat.name, 'web.1')
  assert.ok(stat.memoryBytes > 1_000_000 && stat.cpu >= 0 && stat.cpu < 64)
})
