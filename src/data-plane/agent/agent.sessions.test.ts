import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentToControl } from '#contract/wire.ts'
import { type AgentWorld, agentWorld, makeSlug } from './testing/agent-world.ts'
import { until } from './testing/helpers.ts'
import { instanceSpec } from './testing/specs.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

function outputOf(world: AgentWorld, session: string): string {
  return world.control.messages
    .flatMap((message) => (message.t === 'session.output' && message.session === session ? [Buffer.from(message.data, 'base64')] : []))
    .reduce((all, part) => all + part.toString('utf8'), '')
}

const closed = (world: AgentWorld, session: string) =>
  until(() => world.control.messages.find((message): message is Extract<AgentToControl, { t: 'session.closed' }> => message.t === 'session.closed' && message.session === session), { because: `session ${session} has ended` })

async function open(): Promise<AgentWorld> {
  const world = await agentWorld('process')
  await world.startAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  return world
}

test('a command in a running instance has input, output and an exit code', async () => {
  await using world = await open()
  const artifact = await makeSlug(world.home, { 'a.txt': 'here' })
  world.control.desire([instanceSpec('ins_web', { artifact, env: { COLOUR: 'green' } })])
  await until(() => world.control.instance('ins_web')?.state === 'ready', { because: 'it is ready' })
  world.control.send({ t: 'session.open', session: 's1', instance: 'ins_web', argv: ['sh', '-c', 'cat a.txt; echo " $COLOUR"; cat; exit 5'], tty: null })
  world.control.send({ t: 'session.input', session: 's1', data: base64('typed\n') })
  world.control.send({ t: 'session.input', session: 's1', data: '' })
  assert.equal((await closed(world, 's1')).exitCode, 5)
  assert.equal(outputOf(world, 's1'), 'here green\ntyped\n')
  assert.equal(world.control.instance('ins_web')?.restarts, 0)
})

test('a terminal has a size, and can be resized', async () => {
  await using world = await open()
  const artifact = await makeSlug(world.home, { 'a.txt': 'here' })
  world.control.desire([instanceSpec('ins_web', { artifact })])
  await until(() => world.control.instance('ins_web')?.state === 'ready', { because: 'it is ready' })
  world.control.send({ t: 'session.open', session: 's1', instance: 'ins_web', argv: ['sh'], tty: { cols: 91, rows: 31 } })
  world.control.send({ t: 'session.input', session: 's1', data: base64('stty size; echo $TERM\n') })
  await until(() => /31 91\r\nxterm-256color/.test(outputOf(world, 's1')), { because: 'the terminal answers' })
  world.control.send({ t: 'session.resize', session: 's1', cols: 70, rows: 20 })
  await until(() => {
    world.control.send({ t: 'session.input', session: 's1', data: base64('stty size\n') })
    return outputOf(world, 's1').includes('20 70')
  }, { because: 'it is resized', everyMs: 100 })
  world.control.send({ t: 'session.close', session: 's1' })
  await closed(world, 's1')
})

test('a one-off runs in a fresh instance of its own, of which nothing is left', async () => {
  await using world = await open()
  const artifact = await makeSlug(world.home, { 'a.txt': 'here' })
  const spec = instanceSpec('ins_oneoff', { kind: 'run', artifact, env: { COLOUR: 'blue' }, port: 'auto', name: 'run.1', service: 'run' })
  world.control.desire([])
  world.control.send({ t: 'session.open', session: 's1', spec, argv: ['sh', '-c', 'cat a.txt; echo " $COLOUR"; touch made; exit 0'], tty: null })
  assert.equal((await closed(world, 's1')).exitCode, 0)
  assert.equal(outputOf(world, 's1'), 'here blue\n')
  await until(async () => (await world.driver().list()).length === 0, { because: 'its task is gone' })
  assert.deepEqual(world.control.observed(), [])
})

test('a session that can not be opened says why', async () => {
  await using world = await open()
  world.control.send({ t: 'session.open', session: 's1', instance: 'ins_nobody', argv: ['sh'], tty: null })
  assert.match((await closed(world, 's1')).error ?? '', /ins_nobody is not running here/)
})

test('when control is gone its sessions end, and a one-off leaves nothing', async () => {
  await using world = await open()
  const artifact = await makeSlug(world.home, { 'a.txt': 'here' })
  world.control.send({ t: 'session.open', session: 's1', spec: instanceSpec('ins_oneoff', { kind: 'run', artifact }), argv: ['sleep', '1000'], tty: null })
  await until(() => world.control.messages.some((message) => message.t === 'session.opened'), { because: 'it is open' })
  world.control.setAway(true)
  await until(async () => (await world.driver().list()).length === 0, { because: 'its task is gone' })
})

test('the task of a one-off that an agent left behind is removed by the next one', async () => {
  await using world = await agentWorld('process')
  const artifact = await makeSlug(world.home, { 'a.txt': 'here' })
  const child = world.spawnAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  world.control.send({ t: 'session.open', session: 's1', spec: instanceSpec('ins_oneoff', { kind: 'run', artifact }), argv: ['sleep', '1000'], tty: null })
  await until(() => world.control.messages.some((message) => message.t === 'session.opened'), { because: 'it is open' })
  child.kill('SIGKILL')
  await world.startAgent()
  await until(async () => (await world.driver().list()).length === 0, { because: 'its task is gone' })
})
