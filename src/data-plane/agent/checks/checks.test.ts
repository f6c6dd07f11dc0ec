import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { type CheckKind, checkKindSpecs } from '#contract/check-kinds.ts'
import type { CheckSpec, PluginRef } from '#contract/checks.ts'
import { pluginSigningKey, pluginSigningText } from '#contract/plugin-signing.ts'
import { until } from '#test/harness/wait.ts'
import { type AgentWorld, agentWorld } from '../testing/agent-world.ts'

function spec(id: string, kind: CheckKind, config: Record<string, unknown>, more: Partial<CheckSpec> = {}): CheckSpec {
  return { id, kind, config: checkKindSpecs[kind].config.parse(config), everyMs: 1000, timeoutMs: 3000, criteria: [], confined: false, known: {}, app: null, environment: null, service: null, plugin: null, ...more }
}

const resultsOf = ({ control }: AgentWorld, id: string) => control.checks.flatMap((batch) => batch.results).filter((result) => result.check === id)

test('an agent checks what it is told, also while control is away and after a restart, and reports it all', async (t) => {
  await using world = await agentWorld('simulated')
  await world.startAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  let looks = 0
  const server = createServer((socket) => void (looks++, socket.destroy())).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  world.control.send({ t: 'checks', checks: [spec('chk_a', 'file', { path: world.home }), spec('chk_b', 'file', { path: '/nowhere' }), spec('chk_p', 'tcp', { address: `127.0.0.1:${port}` })] })
  await until(() => resultsOf(world, 'chk_a').length > 0 && resultsOf(world, 'chk_b').length > 0, { because: 'both have run' })
  assert.deepEqual([resultsOf(world, 'chk_a')[0]?.status, resultsOf(world, 'chk_b')[0]?.status], ['ok', 'err'])
  assert.equal(world.control.checks[0]?.machine, 'node-1')
  world.control.setAway(true)
  await world.startAgent()
  const [from, before] = [new Date().toISOString(), looks]
  await until(() => looks >= before + 3, { because: 'it goes on looking' })
  const to = new Date().toISOString()
  world.control.setAway(false)
  await until(() => resultsOf(world, 'chk_p').filter(({ at }) => at > from && at < to).length >= 2, { because: 'what was seen meanwhile is told' })
  await until(() => world.control.connected(), { because: 'the agent is connected again' })
  world.control.send({ t: 'check.test', test: 't1', spec: spec('chk_c', 'port', { port: 1 }) })
  await until(() => world.control.messages.some((message) => message.t === 'check.tested' && message.test === 't1' && message.outcome.status === 'err'), { because: 'the test is answered' })
})

const sign = (world: AgentWorld, name: string, content: string, key = world.control.token): PluginRef => {
  const digest = createHash('sha256').update(content).digest('hex')
  world.control.plugins.set(digest, Buffer.from(content))
  return { name, digest, signature: createHmac('sha256', pluginSigningKey(key)).update(pluginSigningText(name, digest)).digest('hex') }
}

async function outcomesOf(specs: (world: AgentWorld) => CheckSpec[]): Promise<Map<string, { status: string; message: string; metrics: { name: string }[] }>> {
  await using world = await agentWorld('simulated')
  await chmod(world.home, 0o711)
  await world.startAgent()
  await until(() => world.control.connected(), { because: 'the agent is connected' })
  const wanted = specs(world)
  for (const each of wanted) world.control.send({ t: 'check.test', test: each.id, spec: each })
  const answers = () => world.control.messages.flatMap((message) => (message.t === 'check.tested' ? [[message.test, message.outcome] as const] : []))
  await until(() => answers().length === wanted.length, { because: 'all tests are answered' })
  return new Map(answers())
}

test('a plugin that control signed runs without rights and within limits; one that it did not does not run', async () => {
  const isRoot = process.getuid?.() === 0
  const found = await outcomesOf((world) => {
    const run = (id: string, content: string, more: Partial<CheckSpec> = {}) => spec(id, 'plugin', { plugin: id, args: ['a b', '$HOME'] }, { plugin: sign(world, id, content), ...more })
    return [
      run('cloudkick', '#!/bin/sh\necho "status warn $1 $2"\necho "metric load float 1.5"\n'),
      run('nagios', '#!/bin/sh\necho "OK - $(id -u) | n=3c;;;;"\nexit 0\n'),
      run('rights', '#!/bin/sh\ngrep NoNewPrivs /proc/self/status\nexit 0\n'),
      run('slow', '#!/bin/sh\nsleep 30 &\nsleep 30\n', { timeoutMs: 300 }),
      run('loud', '#!/bin/sh\nyes\n'),
      run('killed', '#!/bin/sh\nkill -9 $$\n'),
      { ...run('forged', '#!/bin/sh\necho status ok\n'), plugin: sign(world, 'forged', '#!/bin/sh\necho "status ok"\n', 'another token') },
      { ...run('renamed', '#!/bin/sh\necho status ok\n'), plugin: { ...sign(world, 'nagios', '#!/bin/sh\necho "status ok"\n'), name: 'renamed' } },
      { ...run('swapped', '#!/bin/sh\necho status ok\n'), plugin: ((ref) => (world.control.plugins.set(ref.digest, Buffer.from('#!/bin/sh\nevil\n')), ref))(sign(world, 'swapped', '#!/bin/sh\necho "status ok" # x\n')) },
    ]
  })
  const said = (id: string) => `${found.get(id)?.status}: ${found.get(id)?.message}`
  assert.equal(said('cloudkick'), 'warn: a b $HOME')
  assert.deepEqual(found.get('cloudkick')?.metrics, [{ name: 'load', value: 1.5 }])
  assert.equal(said('nagios'), `ok: OK - ${isRoot ? 65_400 : process.getuid?.()}`)
  if (isRoot) assert.equal(said('rights'), 'ok: NoNewPrivs: 1')
  assert.equal(said('slow'), 'err: no answer within 300 ms')
  assert.match(said('loud'), /^err: the plugin ended with a signal.*it said too much/)
  assert.match(said('killed'), /^err: the plugin ended with/)
  for (const id of ['forged', 'renamed']) assert.match(said(id), /^err: the plugin .* is not signed with the key of this machine/)
  assert.match(said('swapped'), /^err: what control sent .* is not what was signed/)
  assert.equal(execFileSync('sh', ['-c', "ps -u 65400 -o stat=,args= | grep -v '^Z' || true"], { encoding: 'utf8' }), '', 'nothing of it is left')
})

test('a plugin that takes more memory than it may is ended', { skip: existsSync('/usr/bin/python3') ? false : 'python3 is not installed' }, async () => {
  const found = await outcomesOf((world) => [spec('greedy', 'plugin', { plugin: 'greedy', memory: '32MB' }, { plugin: sign(world, 'greedy', '#!/usr/bin/python3\nx = bytearray(400 * 1024 * 1024)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("status ok")\n') })])
  assert.match(found.get('greedy')?.message ?? '', /^the plugin ended with (a signal|137|1: .*MemoryError)/)
})

const debian = '/usr/lib/nagios/plugins'
test('plugins of Debian’s monitoring-plugins run as they are', { skip: existsSync(`${debian}/check_load`) ? false : 'monitoring-plugins-basic is not installed: apt-get install monitoring-plugins-basic' }, async () => {
  const found = await outcomesOf(() => [
    spec('load', 'plugin', { plugin: `${debian}/check_load`, args: ['-w', '1000,1000,1000', '-c', '2000,2000,2000'] }),
    spec('disk', 'plugin', { plugin: `${debian}/check_disk`, args: ['-w', '0%', '-c', '0%', '-p', '/'] }, { criteria: ['/ GTE 0 warn'] }),
    spec('procs', 'plugin', { plugin: `${debian}/check_procs`, args: ['-w', '0:0', '-c', '0:100000'] }),
    spec('dummy', 'plugin', { plugin: `${debian}/check_dummy`, args: ['2', 'as asked'] }),
    spec('tcp', 'plugin', { plugin: `${debian}/check_tcp`, args: ['-H', '127.0.0.1', '-p', '1', '-t', '2'] }),
    spec('usage', 'plugin', { plugin: `${debian}/check_load`, args: ['-w'] }),
  ])
  const status = (id: string) => found.get(id)?.status
  assert.deepEqual(['load', 'disk', 'procs', 'dummy', 'tcp', 'usage'].map(status), ['ok', 'warn', 'warn', 'err', 'err', 'err'], JSON.stringify([...found]))
  assert.deepEqual((found.get('load')?.metrics ?? []).map(({ name }) => name), ['load1', 'load5', 'load15'])
  assert.equal(found.get('dummy')?.message, 'CRITICAL: as asked')
  assert.match(found.get('usage')?.message ?? '', /^unknown:/)
})
