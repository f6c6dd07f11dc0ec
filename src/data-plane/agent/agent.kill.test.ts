/** The agent dies by SIGKILL, and the next one goes on where it was. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HealthSpec, InstanceSpec } from '#contract/wire.ts'
import { type AgentWorld, agentWorld, killHard, makeSlug } from './testing/agent-world.ts'
import { fetchText, until } from './testing/helpers.ts'
import { instanceSpec, noHealth } from './testing/specs.ts'

const httpHealth: HealthSpec = { kind: 'http', path: '/', intervalMs: 150, timeoutMs: 200, failures: 2, startupMs: 10_000 }
const server = `
import http from 'node:http'
http.createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  response.end(String(process.pid))
}).listen(Number(process.env.PORT), '127.0.0.1')
`

async function webSpec(world: AgentWorld, id: string, more: Partial<InstanceSpec> = {}): Promise<InstanceSpec> {
  const artifact = await makeSlug(world.home, { 'server.mjs': server })
  return instanceSpec(id, { artifact, command: { kind: 'shell', line: 'exec node server.mjs' }, port: 'auto', health: httpHealth, stop: { signal: 'SIGTERM', graceMs: 300, drainMs: 200 }, ...more })
}

const readyIn = (world: AgentWorld, id: string) => until(() => world.control.instance(id)?.state === 'ready' && world.control.instance(id), { because: `${id} is ready` })

/** What control hears from now on. */
const hellos = (world: AgentWorld) => world.control.messages.filter((message) => message.t === 'hello').length

test('a killed agent takes no app with it; the next one adopts what runs, and health goes on', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  world.control.desire([await webSpec(world, 'ins_web')])
  const before = await readyIn(world, 'ins_web')
  await killHard(first)
  assert.equal(await fetchText(before.address!), String(before.pid), 'the app answers while no agent runs')
  const said = hellos(world)
  world.spawnAgent()
  await until(() => hellos(world) > said, { because: 'the next agent is connected' })
  await until(() => world.proxy.endpoints.get('ins_web')?.state === 'ready', { because: 'the endpoint is announced again' })
  const snapshots = () => world.proxy.told.flatMap(({ message }) => (message.t === 'endpoints' ? [message.endpoints.map((endpoint) => endpoint.state)] : []))
  await until(() => snapshots().length === 2, { because: 'the proxy has heard of the next agent' })
  assert.deepEqual(snapshots(), [[], ['ready']], 'the proxy was never told that nothing is there')
  const after = await readyIn(world, 'ins_web')
  assert.deepEqual([after.pid, after.attempt, after.restarts, after.address], [before.pid, before.attempt, 0, before.address])
  process.kill(after.pid!, 'SIGSTOP')
  await until(() => world.control.instance('ins_web')?.restarts === 1, { because: 'a hang is noticed by the next agent' })
})

test('an exit that happened while no agent ran is noticed with its code, and the instance is replaced', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  world.control.desire([await webSpec(world, 'ins_web')])
  const before = await readyIn(world, 'ins_web')
  await killHard(first)
  await fetchText(before.address!, '/crash').catch(() => undefined)
  world.spawnAgent()
  const after = await until(() => {
    const now = world.control.instance('ins_web')
    return now?.state === 'ready' && now.restarts === 1 && now
  }, { because: 'it is replaced' })
  assert.equal(after.lastExit?.code, 7)
  const fact = await until(() => world.control.facts.find((one) => one.kind === 'instance.exited'), { because: 'the exit is in the journal' })
  assert.equal(fact.data['code'], 7)
})

test('every line of a counting writer is stored once, however often the agent is killed and control is away', async () => {
  await using world = await agentWorld('process')
  let agent = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  const most = 60_000
  const writer = `let n = 0; const more = () => { for (let i = 0; i < 500 && n < ${most}; i++) console.log('line ' + n++); if (n < ${most}) setTimeout(more, 15); else setInterval(() => {}, 1000) }; more()`
  world.control.desire([await webSpec(world, 'ins_count', { port: null, health: noHealth, command: { kind: 'argv', argv: ['node', '-e', writer] } })])
  const stored = () => world.control.logs.get('ins_count.1-1')?.entries ?? []
  for (const share of [0.1, 0.3, 0.5, 0.7]) {
    await until(() => stored().length >= most * share, { because: `${share} of the lines are stored`, everyMs: 5 })
    await killHard(agent)
    if (share === 0.3) world.control.setAway(true)
    agent = world.spawnAgent()
    if (share === 0.3) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      world.control.setAway(false)
    }
  }
  await until(() => stored().length >= most, { because: 'all lines are stored' })
  assert.deepEqual(world.control.faults, [])
  assert.equal(stored().length, most)
  stored().forEach((entry, index) => assert.equal(entry.text, `line ${index}`))
  assert.equal(world.control.instance('ins_count')?.restarts, 0)
})

test('a release command that was under way when the agent was killed is not run again', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  const ran = join(world.home, 'ran')
  await mkdir(ran, { mode: 0o777 })
  const line = `touch ${ran}/$(cat /proc/sys/kernel/random/uuid); sleep 1; exit 3`
  const spec = await webSpec(world, 'ins_rel', { kind: 'release', port: null, health: noHealth, command: { kind: 'shell', line } })
  await chmod(ran, 0o777)
  world.control.desire([spec])
  await until(async () => (await readdir(ran)).length === 1, { because: 'it has begun' })
  await killHard(first)
  world.spawnAgent()
  const seen = await until(() => world.control.instance('ins_rel')?.state === 'exited' && world.control.instance('ins_rel'), { because: 'its end is told' })
  assert.equal(seen.lastExit?.code, 3)
  assert.equal((await readdir(ran)).length, 1)
})

test('while control is away, a crash is still followed by a restart, from the last desired state on disk', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  world.control.desire([await webSpec(world, 'ins_web')])
  const before = await readyIn(world, 'ins_web')
  world.control.setAway(true)
  await killHard(first)
  world.spawnAgent()
  const endpoint = await until(() => {
    const now = world.proxy.endpoints.get('ins_web')
    return now?.state === 'ready' && now
  }, { because: 'the endpoint is announced' })
  assert.equal(endpoint.port, before.address?.port)
  await fetchText(endpoint, '/crash').catch(() => undefined)
  await until(() => {
    const now = world.proxy.endpoints.get('ins_web')
    return now?.state === 'ready' && now.port !== endpoint.port
  }, { because: 'it is replaced without control' })
  world.control.setAway(false)
  await until(() => world.control.facts.some((fact) => fact.kind === 'instance.exited'), { because: 'control learns of it later' })
  await until(() => world.control.instance('ins_web')?.restarts === 1, { because: 'and that it was restarted' })
})

test('secrets are not readable in what the agent keeps, and an unreadable state stops nothing', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  const spec = await webSpec(world, 'ins_web', { env: { API_KEY: 'hunter2hunter2' } })
  world.control.desire([spec])
  const before = await readyIn(world, 'ins_web')
  for (const name of ['desired.sealed', 'supervision.json', 'facts.ndjson']) assert.ok(!(await readFile(join(world.home, 'agent', name), 'utf8').catch(() => '')).includes('hunter2'), name)
  world.control.setAway(true)
  await killHard(first)
  await writeFile(join(world.home, 'agent', 'desired.sealed'), 'garbage')
  await writeFile(join(world.home, 'agent', 'supervision.json'), '{"half":')
  world.spawnAgent()
  await until(() => world.proxy.endpoints.get('ins_web')?.state === 'ready', { because: 'the running task is adopted and announced' })
  assert.equal(await fetchText(before.address!), String(before.pid))
  world.control.setAway(false)
  const after = await readyIn(world, 'ins_web')
  assert.deepEqual([after.pid, after.attempt], [before.pid, 1])
})

test('a state that cannot be written does not disturb an app', async () => {
  await using world = await agentWorld('process')
  const agent = join(world.home, 'agent')
  // a folder where the file belongs: every write of it fails, as on a full disk
  await mkdir(join(agent, 'supervision.json', 'x'), { recursive: true })
  await mkdir(join(agent, 'desired.sealed', 'x'), { recursive: true })
  await world.startAgent()
  await rename(join(agent, 'supervision.json.unreadable'), join(agent, 'supervision.json')).catch(() => undefined)
  await rename(join(agent, 'desired.sealed.unreadable'), join(agent, 'desired.sealed')).catch(() => undefined)
  world.control.desire([await webSpec(world, 'ins_web'), await webSpec(world, 'ins_rel', { kind: 'release', port: null, health: noHealth })])
  const before = await readyIn(world, 'ins_web')
  await fetchText(before.address!, '/crash').catch(() => undefined)
  await until(() => world.control.instance('ins_web')?.restarts === 1 && world.control.instance('ins_web')?.state === 'ready', { because: 'it is restarted all the same' })
  assert.match(world.control.instance('ins_rel')?.because ?? '', /could not be written down, and it must not run twice/)
  await rm(join(agent, 'supervision.json'), { recursive: true })
  await until(() => world.control.instance('ins_rel')?.attempt === 1, { because: 'the one-shot runs once it can be written down' })
})

test('SIGUSR2 stops every app and the agent; SIGTERM only the agent', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  world.control.desire([await webSpec(world, 'ins_a'), await webSpec(world, 'ins_b', { service: 'api', name: 'api.1' })])
  const a = await readyIn(world, 'ins_a')
  await readyIn(world, 'ins_b')
  const ended = once(first, 'exit')
  first.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.equal(await fetchText(a.address!), String(a.pid))
  const second = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the next agent is connected' })
  const over = once(second, 'exit')
  second.kill('SIGUSR2')
  assert.deepEqual(await over, [0, null])
  await assert.rejects(fetchText(a.address!))
  world.spawnAgent()
  const again = await until(() => {
    const now = world.control.instance('ins_a')
    return now?.state === 'ready' && now.pid !== a.pid && now
  }, { because: 'it runs again at the next start' })
  assert.equal(again.restarts, 0)
})

test('when the position in a log is lost, no line is', async () => {
  await using world = await agentWorld('process')
  const first = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  const writer = `let n = 0; setInterval(() => console.log('line ' + n++), 20)`
  world.control.desire([await webSpec(world, 'ins_count', { port: null, health: noHealth, command: { kind: 'argv', argv: ['node', '-e', writer] } })])
  const stored = () => new Set([...world.control.logs.values()].flatMap(({ entries }) => entries.map((entry) => entry.text)))
  await until(() => stored().size > 20, { because: 'some lines are stored' })
  await killHard(first)
  await rm(join(world.home, 'agent', 'logs', 'ins_count.1-1.json'))
  world.spawnAgent()
  const before = stored().size
  await until(() => stored().size > before + 40, { because: 'more lines are stored' })
  const lines = stored()
  for (let n = 0; n < lines.size; n++) assert.ok(lines.has(`line ${n}`), `line ${n}`)
})
