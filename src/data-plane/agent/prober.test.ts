import assert from 'node:assert/strict'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { HealthSpec } from '#contract/wire.ts'
import type { ExecSession, Listening } from '#drivers/task/port.ts'
import type { HealthView } from './plan.ts'
import { probe, probeAnswers } from './probe.ts'
import { startProber } from './prober.ts'
import { until } from './testing/helpers.ts'

const noExec = { exec: () => Promise.reject(new Error('nothing runs here')) }
const never = new AbortController().signal
const times = { intervalMs: 20, timeoutMs: 200, failures: 3, startupMs: 5_000 }

async function listen(server: net.Server): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

test('an http probe names itself, asks for the path and host, and judges by the status', async () => {
  const seen: string[] = []
  const server = http.createServer((request, response) => {
    seen.push(`${request.headers['user-agent']} ${request.headers.host} ${request.url}`)
    response.writeHead(Number(request.url?.slice(1)) || 200).end('x'.repeat(1_000_000))
  })
  const address = await listen(server)
  const ask = (path: string) => probe({ task: 't', address, health: { kind: 'http', path, host: 'shop.example.com', ...times } }, noExec, never)
  assert.deepEqual(await ask('/'), { ok: true, because: `GET / on port ${address.port} answered 200` })
  assert.equal((await ask('/302')).ok, true)
  assert.deepEqual(await ask('/503'), { ok: false, because: `GET /503 on port ${address.port} answered 503` })
  assert.equal(seen[0], 'Nightshift-Probe shop.example.com /')
  server.closeAllConnections()
  server.close()
  assert.match((await ask('/')).because, /nothing listens there/)
})

test('a check whose engine hangs ends at its time limit too, and what it gets later is closed', async () => {
  const engine = Promise.withResolvers<ExecSession>()
  const health: HealthSpec = { kind: 'exec', argv: ['check'], ...times }
  const result = await probe({ task: 't', address: null, health }, { exec: () => engine.promise }, never)
  assert.deepEqual(result, { ok: false, because: 'the check check could not even be started within 200 ms' })
  let isClosed = false
  engine.resolve({ onOutput() {}, exited: new Promise(() => {}), write() {}, resize() {}, close: () => void (isClosed = true) })
  await until(() => isClosed, { because: 'the late session is closed' })
})

test('a probe of a program that accepts and is silent ends at its time limit', async () => {
  const server = net.createServer()
  const address = await listen(server)
  const silent = await probe({ task: 't', address, health: { kind: 'http', path: '/', ...times, timeoutMs: 50 } }, noExec, never)
  assert.deepEqual([silent.ok, silent.because], [false, `GET / on port ${address.port}: no answer within 50 ms`])
  assert.equal((await probe({ task: 't', address, health: { kind: 'tcp', http: false, ...times } }, noExec, never)).ok, true)
  server.close()
  assert.equal((await probe({ task: 't', address: null, health: { kind: 'tcp', http: false, ...times } }, noExec, never)).because, 'it has no address to probe')
})

test('an exec probe that can not be run is a failed probe', async () => {
  const health: HealthSpec = { kind: 'exec', argv: ['check'], ...times }
  assert.deepEqual(await probe({ task: 't', address: null, health }, noExec, never), { ok: false, because: 'the check check could not be run: nothing runs here' })
})

/** A prober whose probes say what the test says. */
function scripted(health: HealthSpec, options: { address?: { host: string; port: number }; wasReady?: boolean; startedAt?: number } = {}) {
  const changes: string[] = []
  const state = { ok: false, closed: false, frozen: false, quick: true, listening: [] as Listening[], probes: 0 }
  const prober = startProber({
    target: { task: 't', address: options.address ?? null, health },
    startedAt: options.startedAt ?? Date.now(),
    wasReady: options.wasReady ?? false,
    probe: async (target) => {
      const isQuick = target.health !== health
      if (isQuick) return state.quick ? { ok: true, because: 'it answers' } : { ok: false, because: 'no quick answer' }
      state.probes++
      return state.ok ? { ok: true, because: 'it answers' } : { ok: false, because: 'no answer', ...(state.closed ? { closed: true } : {}) }
    },
    frozen: async () => state.frozen,
    listening: async () => state.listening,
    onChange: (view: HealthView, before) => changes.push(`${before}→${view.state}: ${view.because}`),
    now: () => Date.now(),
  })
  return { prober, changes, state, [Symbol.dispose]: () => prober.close() }
}

test('a task is ready at its first good probe, sick after as many bad ones as agreed, and ready again after one good', async () => {
  using task = scripted({ kind: 'tcp', http: false, ...times })
  const { prober, changes, state } = task
  await until(() => state.probes > 2, { because: 'it was probed while starting' })
  assert.equal(prober.view().state, 'starting')
  state.ok = true
  await until(() => prober.view().state === 'ready', { because: 'it is ready' })
  state.ok = false
  await until(() => prober.view().state === 'unhealthy', { because: 'it is sick' })
  state.ok = true
  await until(() => prober.view().state === 'ready', { because: 'it is ready again' })
  assert.deepEqual(changes, ['starting→ready: it answers', 'ready→unhealthy: its health check failed 3 times in a row: no answer', 'unhealthy→ready: it answers'])
})

test('a task that is not ready within its startup grace has failed, and is probed no more', async () => {
  using task = scripted({ kind: 'tcp', http: false, ...times, startupMs: 60 })
  const { prober, changes, state } = task
  await until(() => prober.view().state === 'failed', { because: 'the grace is over' })
  assert.deepEqual(changes, ['starting→failed: it did not become ready within 60 ms: no answer'])
  const { probes } = state
  prober.hurry()
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(state.probes, probes)
  assert.equal(changes.length, 1)
})

test('one found ready stays ready until probes say otherwise; a hint probes at once', async () => {
  using task = scripted({ kind: 'tcp', http: false, ...times, intervalMs: 60_000, failures: 1 }, { wasReady: true, startedAt: 0 })
  const { prober, state } = task
  assert.equal(prober.view().state, 'ready')
  state.ok = true
  await until(() => state.probes === 1, { because: 'it was probed once' })
  state.ok = false
  prober.hurry()
  await until(() => prober.view().state === 'unhealthy', { because: 'the hint was followed' })
})

test('without a check a task is ready once it has lived for a while', async () => {
  using task = scripted({ kind: 'none', settleMs: 30, startupMs: 1_000 })
  const { prober, changes, state } = task
  state.ok = true
  assert.equal(prober.view().state, 'starting')
  await until(() => prober.view().state === 'ready', { because: 'it has settled' })
  assert.equal(changes.length, 1)
})

test('one that misses two quick looks is out of rotation, and back at its first answer; nothing counts as failed', async () => {
  using task = scripted({ kind: 'http', path: '/', ...times, intervalMs: 60_000, failures: 1 }, { wasReady: true })
  const { prober, changes, state } = task
  state.ok = true
  await until(() => state.probes === 1, { because: 'it was probed once' })
  state.quick = false
  prober.hurry()
  await until(() => prober.view().state === 'doubtful', { because: 'two looks were missed' })
  state.quick = true
  await until(() => prober.view().state === 'ready', { because: 'it answered' })
  assert.deepEqual(changes, ['ready→doubtful: no quick answer; it is out of rotation until it answers', 'doubtful→ready: it answers'])
})

test('a frozen one is known by its state, within two looks, whatever its check says', async () => {
  for (const health of [{ kind: 'tcp', http: false, ...times, intervalMs: 60_000 }, { kind: 'none', settleMs: 0, startupMs: 1_000 }] as const) {
    using task = scripted(health, { wasReady: true })
    const { prober, state } = task
    state.ok = true
    await until(() => state.probes === 1, { because: 'it was probed once' })
    state.frozen = true
    prober.hurry()
    await until(() => prober.view().state === 'unhealthy', { because: 'it is frozen' })
    assert.equal(prober.view().cause, 'frozen')
    assert.match(prober.view().because, /SIGSTOP/)
  }
})

test('bad probes are counted an interval apart, however often somebody hurries', async () => {
  using task = scripted({ kind: 'tcp', http: false, ...times, intervalMs: 60_000 }, { wasReady: true })
  const { prober, state } = task
  await until(() => state.probes === 1, { because: 'it was probed once' })
  for (let hurries = 0; hurries < 5; hurries++) {
    prober.hurry()
    await new Promise((resolve) => setTimeout(resolve, 120)) // hints closer together are one
  }
  assert.equal(state.probes, 1)
  assert.equal(prober.view().state, 'ready')
})

test('any status of HEAD / is an answer; silence is not', async () => {
  const server = http.createServer((request, response) => response.writeHead(request.method === 'HEAD' ? 405 : 200).end())
  const address = await listen(server)
  assert.deepEqual(await probeAnswers(address, 1_000, never), { ok: true, because: `HEAD / on port ${address.port} answered 405` })
  const mute = net.createServer()
  const muteAddress = await listen(mute)
  assert.equal((await probeAnswers(muteAddress, 50, never)).silent, true)
  server.close()
  mute.close()
})

test('one that does not get ready is told where it listens instead', async () => {
  const cases: [Listening[], string, RegExp][] = [
    [[], '127.0.0.1', /: no answer; it listens on no port \(let it listen on \$PORT; a worker that does not says port: false in nightshift\.yml\)$/],
    [[{ port: 3000, loopback: false }], '127.0.0.1', /: no answer; it listens on 3000 instead \(let it listen on \$PORT\)$/],
    [[{ port: 8080, loopback: true }], '10.0.0.2', /; it listens on 127\.0\.0\.1 only, where nobody else reaches it \(let it listen on 0\.0\.0\.0\)$/],
    [[{ port: 8080, loopback: false }], '10.0.0.2', /: no answer$/],
  ]
  for (const [listening, host, because] of cases) {
    using task = scripted({ kind: 'tcp', http: true, ...times, startupMs: 20 }, { address: { host, port: 8080 } })
    task.state.listening = listening
    await until(() => task.prober.view().state === 'failed', { because: 'the grace is over' })
    assert.match(task.prober.view().because, because)
  }
})

test('one that is still starting is told where it listens instead, long before its time is up', async () => {
  using task = scripted({ kind: 'tcp', http: true, ...times, startupMs: 60_000 }, { address: { host: '127.0.0.1', port: 8080 }, startedAt: Date.now() - 5_000 })
  const { prober, state } = task
  state.closed = true
  await until(() => state.probes > 1, { because: 'it was probed' })
  assert.deepEqual(prober.view(), { state: 'starting', because: 'not ready yet: no answer', early: true }, 'listening nowhere yet is no news')
  state.listening = [{ port: 3000, loopback: false }]
  await until(() => prober.view().because === 'not ready yet: no answer; it listens on 3000 instead (let it listen on $PORT)', { because: 'it is told' })
  assert.equal(prober.view().early, undefined)
})
