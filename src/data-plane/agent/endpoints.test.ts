import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Endpoint } from '#contract/wire.ts'
import { tempHome } from '#test/harness/home.ts'
import { openEndpoints } from './endpoints.ts'
import { logInto } from './testing/agent-world.ts'
import { until } from './testing/helpers.ts'
import { proxyEnd } from './testing/proxy.ts'

const web: Endpoint = { instance: 'ins_web', service: 'shop/production/web', release: 1, host: '127.0.0.1', port: 5001, state: 'ready' }

async function world() {
  const temporary = await tempHome()
  const socketPath = join(temporary.home, 'run', 'proxy.sock')
  const suspects: string[] = []
  const endpoints = openEndpoints({ socketPath, onSuspect: (instance, because) => suspects.push(`${instance}: ${because}`), log: logInto([]), retryMinMs: 5, retryMaxMs: 20 })
  return {
    socketPath,
    endpoints,
    suspects,
    async [Symbol.asyncDispose]() {
      endpoints.close()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

test('a proxy that comes, or comes back, is told everything; in between it is told changes, and no change twice', async () => {
  await using here = await world()
  here.endpoints.set(web)
  here.endpoints.announce()
  const first = await proxyEnd(here.socketPath)
  await until(() => first.endpoints.get('ins_web')?.state === 'ready', { because: 'the first proxy knows' })
  here.endpoints.set({ ...web })
  here.endpoints.unready('ins_web')
  here.endpoints.unready('ins_web')
  here.endpoints.set({ ...web, port: 5002 })
  await until(() => first.endpoints.get('ins_web')?.port === 5002, { because: 'the change arrived' })
  assert.deepEqual(first.told.map(({ message }) => message.t), ['endpoints', 'endpoint', 'endpoint'])
  await first[Symbol.asyncDispose]()
  here.endpoints.set({ ...web, instance: 'ins_two' })
  here.endpoints.gone('ins_web')
  await using second = await proxyEnd(here.socketPath)
  await until(() => second.endpoints.has('ins_two'), { because: 'the second proxy knows' })
  assert.deepEqual(second.told.map(({ message }) => message), [{ t: 'endpoints', endpoints: [{ ...web, instance: 'ins_two' }] }])
})

test('nothing is told before it is announced', async () => {
  await using here = await world()
  await using proxy = await proxyEnd(here.socketPath)
  here.endpoints.set(web)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(proxy.connections(), 0)
  here.endpoints.announce()
  await until(() => proxy.endpoints.has('ins_web'), { because: 'it is announced' })
})

test('a drain ends with the proxy\'s word, at its limit, or when the proxy is gone', async () => {
  await using here = await world()
  const answers: (() => void)[] = []
  const proxy = await proxyEnd(here.socketPath, { onDrain: (_instance, answer) => answers.push(answer) })
  here.endpoints.set(web)
  assert.equal(await here.endpoints.drain('ins_web', 1_000), 'proxy away')
  here.endpoints.announce()
  await until(() => here.endpoints.connected(), { because: 'it is connected' })
  const asked = here.endpoints.drain('ins_web', 10_000)
  await until(() => answers.length === 1, { because: 'the proxy was asked' })
  answers[0]!()
  assert.equal(await asked, 'drained')
  assert.equal(await here.endpoints.drain('ins_web', 20), 'out of time')
  const last = here.endpoints.drain('ins_web', 10_000)
  await proxy[Symbol.asyncDispose]()
  assert.equal(await last, 'proxy away')
  assert.equal(await here.endpoints.drain('ins_unknown', 10_000), 'drained')
})

test('a drain that is under way is asked again of a proxy that comes back', async () => {
  await using here = await world()
  here.endpoints.set(web)
  here.endpoints.announce()
  const first = await proxyEnd(here.socketPath, { onDrain: () => {} })
  await until(() => here.endpoints.connected(), { because: 'it is connected' })
  here.endpoints.set({ ...web, state: 'draining' })
  const asked = here.endpoints.drain('ins_web', 10_000)
  await until(() => first.told.some(({ message }) => message.t === 'drain'), { because: 'the first was asked' })
  await first[Symbol.asyncDispose]()
  assert.equal(await asked, 'proxy away', 'what was in flight went with it')
  await using second = await proxyEnd(here.socketPath)
  await until(() => second.endpoints.get('ins_web')?.state === 'draining', { because: 'the second knows that it drains' })
})

test('the proxy\'s suspicion is passed on, and nonsense from it is survived', async () => {
  await using here = await world()
  here.endpoints.announce()
  await using proxy = await proxyEnd(here.socketPath)
  await until(() => here.endpoints.connected(), { because: 'it is connected' })
  proxy.send('nonsense' as never)
  proxy.send({ t: 'suspect', instance: 'ins_web', because: 'reset' })
  await until(() => here.suspects.join() === 'ins_web: reset', { because: 'the hint arrived' })
})
