/** An agent and a proxy over real processes that leak. Only the clock that memory is judged by is the test's: minutes pass as seconds. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { tempHome } from '#test/harness/home.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'
import { MemoryWatch } from './agent/memory-watch.ts'
import { runAgent } from './agent/run.ts'
import { logInto, makeSlug } from './agent/testing/agent-world.ts'
import { controlEnd } from './agent/testing/control.ts'
import { instanceSpec } from './agent/testing/specs.ts'
import { runProxy } from './proxy/run.ts'
import { instanceOf, startControl, tableOf } from './proxy/test-harness.ts'

const megabyte = 2 ** 20
const limitBytes = 256 * megabyte

class HurriedMemoryWatch extends MemoryWatch {
  override note(task: string, at: number, bytes: number, limit: number | null): void {
    super.note(task, 60 * at, bytes, limit)
  }
}

/** Three quarters of its limit at once, then a megabyte each quarter of a second; an answer takes a while, so that some are always under way. */
const leaking = `
const kept = [Buffer.alloc(140 * ${megabyte}, 1)]
setInterval(() => kept.push(Buffer.alloc(${megabyte}, 1)), 250)
const server = require('node:http').createServer((request, response) => setTimeout(() => response.end(String(process.pid)), 50))
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

test('what leaks is replaced before its limit kills it, and no request fails, though it is the only instance', async (t) => {
  await using temporary = await tempHome('nightshift-leak-')
  const { home } = temporary
  await mkdir(join(home, 'keys'), { mode: 0o700 })
  await mkdir(join(home, 'agent', 'tasks'), { recursive: true })
  await writeFile(join(home, 'keys', 'secret.key'), randomBytes(32).toString('base64'), { mode: 0o600 })
  const driver = createProcessDriver({ dir: join(home, 'agent', 'tasks'), path: [dirname(process.execPath)] })
  const limit = (await driver.limits()).find((one) => one.includes('memory'))
  if (limit !== undefined) return t.skip(`this machine cannot limit memory: ${limit}`)
  await using control = await controlEnd({ artifacts: join(home, 'artifacts') })
  const tables = await startControl()
  const proxy = await runProxy({ home, controlUrl: tables.url, token: 'token', httpPort: 0, httpHost: '127.0.0.1' })
  tables.push(tableOf(1, { services: { web: [0] } }))
  const agent = await runAgent({ home, controlUrl: control.url, token: control.token, machine: 'node-1', driver, log: logInto([]), periodMs: 500, statsPeriodMs: 100, memory: new HurriedMemoryWatch() })
  let loop: ReturnType<typeof requestLoop> | undefined
  try {
    const id = instanceOf('web', 0)
    const artifact = await makeSlug(home, { 'server.cjs': leaking })
    control.desire([instanceSpec(id, { artifact, command: { kind: 'shell', line: 'exec node server.cjs' }, port: 'auto', health: { kind: 'http', path: '/', intervalMs: 500, timeoutMs: 5_000, failures: 3, startupMs: 30_000 }, resources: { memoryBytes: limitBytes, cpu: null }, stop: { signal: 'SIGTERM', graceMs: 20_000, drainMs: 20_000 } })])
    await until(() => control.instance(id)?.state === 'ready', { because: 'it is ready' })
    const asking = requestLoop(`http://web.localhost:${proxy.httpPort}/`, { rate: 20 })
    loop = asking
    const ended = () => control.facts.find(({ kind }) => kind === 'instance.stopped' || kind === 'instance.exited')
    await until(() => ended() !== undefined, { timeoutMs: 50_000, because: 'it was replaced' })
    await until(() => control.instance(id)?.state === 'ready' && control.instance(id)?.attempt === 2, { because: 'the next one is ready' })
    const { ok } = asking.result()
    await until(() => asking.result().ok > ok + 10, { because: 'requests flow on' })
    const result = await asking.stop()
    assert.deepEqual(result.failures, {}, `${result.failed} of ${result.sent} failed`)
    const end = ended()
    assert.equal(end?.kind, 'instance.stopped')
    assert.match(String(end?.data['because']), /^its memory rises by [\d.]+ .B a minute and would reach its limit of 256\.0 MB in about \d+ min$/)
    assert.deepEqual([end?.data['oom'], end?.data['code']], [false, 0], 'it ended by itself, when all was answered')
  } finally {
    await loop?.stop()
    await agent.stopApps()
    await agent.close()
    await proxy.close()
    await tables.close()
    for (const task of await driver.list()) await driver.remove(task.id)
    await driver.close()
  }
})
