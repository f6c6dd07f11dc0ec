/** The agent over simulated tasks: what real programs reach slowly, rarely or not at all. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { InstanceSpec } from '#contract/wire.ts'
import { createSimulatedDriver } from '#drivers/task/simulated/driver.ts'
import { type AgentWorld, agentWorld, makeSlug } from './testing/agent-world.ts'
import { until } from './testing/helpers.ts'
import { instanceSpec, quickRestart } from './testing/specs.ts'

async function open(): Promise<AgentWorld & { spec(id: string, simulate?: object, more?: Partial<InstanceSpec>): InstanceSpec }> {
  const world = await agentWorld('simulated')
  const artifact = await makeSlug(world.home, { 'a.txt': 'x' })
  await world.startAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  return Object.assign(world, {
    spec: (id: string, simulate: object = {}, more: Partial<InstanceSpec> = {}) => instanceSpec(id, { artifact, env: { SIMULATE: JSON.stringify(simulate) }, ...more }),
  })
}

const isReady = (world: AgentWorld, id: string) => until(() => world.control.instance(id)?.state === 'ready' && world.control.instance(id), { because: `${id} is ready` })

test('a task that somebody removed by hand is told as vanished and started again', async () => {
  await using world = await open()
  world.control.desire([world.spec('ins_a')])
  const before = await isReady(world, 'ins_a')
  await rm(join(world.home, 'agent', 'tasks', 'ins_a.1-1.json'))
  const after = await until(() => {
    const now = world.control.instance('ins_a')
    return now?.state === 'ready' && now.attempt === 2 && now
  }, { because: 'it runs again' })
  assert.notEqual(after.pid, before.pid)
  await until(() => world.control.facts.some((fact) => fact.kind === 'instance.vanished'), { because: 'the journal says so' })
})

test('a start that the driver refuses counts as a crash, and its reason is told', async () => {
  await using world = await open()
  world.control.desire([world.spec('ins_a', { startError: 'there is no room' }, { restart: { ...quickRestart, intensity: 2, backoffMinMs: 5, backoffMaxMs: 5 } })])
  const held = await until(() => world.control.instance('ins_a')?.state === 'held' && world.control.instance('ins_a'), { because: 'it is held' })
  assert.match(held.because, /2 restarts within 10 s; the last one: cannot start ins_a\.1-3: there is no room/)
})

test('a task that ignores its stop signal is gone after its grace', async () => {
  await using world = await open()
  world.control.desire([world.spec('ins_a', { ignores: ['SIGTERM'] }, { stop: { signal: 'SIGTERM', graceMs: 100, drainMs: 0 } })])
  await isReady(world, 'ins_a')
  world.control.desire([])
  await until(() => world.control.observed().length === 0, { because: 'it is gone' })
  const fact = await until(() => world.control.facts.find((one) => one.kind === 'instance.stopped'), { because: 'the journal says so' })
  assert.deepEqual([fact.data['signal'], fact.data['because'], fact.data['ignored']], ['SIGKILL', 'it is not desired any more', { signal: 'SIGTERM', graceMs: 100 }])
})

test('a machine whose driver cannot say its address yet is told to control when it can', async () => {
  await using world = await agentWorld('simulated')
  const driver = createSimulatedDriver({ dir: join(world.home, 'agent', 'tasks') })
  let isUp = false
  driver.hostAddress = async () => {
    if (!isUp) throw new Error('the engine does not answer')
    return '10.1.2.3'
  }
  await world.startAgent({ driver })
  await until(() => world.logLines.some((line) => line.includes('the engine does not answer')), { because: 'it says why' })
  assert.equal(world.control.connected(), false)
  isUp = true
  const hello = await until(() => world.control.messages.find((message) => message.t === 'hello'), { because: 'the agent has said hello' })
  assert.equal(hello.facts.edgeHost, '10.1.2.3')
})

test('an older desired state is ignored', async () => {
  await using world = await open()
  world.control.desire([world.spec('ins_a')])
  await isReady(world, 'ins_a')
  world.control.send({ t: 'desired', state: { generation: 0, instances: [] } })
  await until(() => world.logLines.some((line) => line.includes('an older desired state is ignored')), { because: 'it says so' })
  assert.equal(world.control.instance('ins_a')?.state, 'ready')
})

test('a task that is not ours is never touched', async () => {
  await using world = await open()
  const foreign = { ...world.spec('foreign'), labels: { somebody: 'else' }, slugPath: null, port: null, stopSignal: 'SIGTERM', id: 'foreign' }
  await world.driver().start(foreign)
  world.control.desire([world.spec('ins_a')])
  await isReady(world, 'ins_a')
  world.control.desire([])
  await until(async () => (await world.driver().list()).every((task) => task.id === 'foreign'), { because: 'ours is gone, and its files' })
  assert.deepEqual((await world.driver().list()).map((task) => [task.id, task.state]), [['foreign', 'running']])
})

test('an instance that ran out of memory is told as such', async () => {
  await using world = await open()
  world.control.desire([world.spec('ins_a', { oom: true, exitAfterMs: 50 }, { restart: { ...quickRestart, policy: 'temporary' } })])
  const seen = await until(() => world.control.instance('ins_a')?.state === 'exited' && world.control.instance('ins_a'), { because: 'it has ended' })
  assert.equal(seen.lastExit?.oom, true)
  assert.match(seen.because, /ran out of memory and was killed after \d+ ms; its restart policy is temporary/)
})

test('two hundred instances come up, and go again', async () => {
  await using world = await open()
  world.control.desire(Array.from({ length: 200 }, (_, i) => world.spec(`ins_${i}`, {}, { name: `web.${i + 1}`, port: 'auto', stop: { signal: 'SIGTERM', graceMs: 100, drainMs: 100 } })))
  await until(() => world.control.observed().filter((one) => one.state === 'ready').length === 200, { because: 'all are ready' })
  assert.equal(new Set(world.control.observed().map((one) => one.address?.port)).size, 200)
  world.control.desire([])
  await until(() => world.control.observed().length === 0 && world.proxy.endpoints.size === 0, { because: 'all are gone' })
})
