import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceOf, keyOf, RawClient, startApp, startRig, until } from './test-harness.ts'

const get = 'GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n'

/** Asks on one connection until `done`; the statuses that came. */
async function askUntil(port: number, done: () => boolean): Promise<number[]> {
  const client = new RawClient(port)
  const statuses: number[] = []
  while (!done()) {
    client.send(get)
    statuses.push((await client.response()).status)
  }
  client.close()
  return statuses
}

test('an instance that fails while its peer is well gets nothing for a while, and control is told of both ends', async () => {
  let fails = true
  let asked = 0
  await using bad = await startApp((_request, response) => {
    asked++
    response.writeHead(fails ? 500 : 200).end()
  })
  await using good = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [bad.port, good.port] } }, { limits: { compareMs: 20, ejectionMs: 400, slowStartMs: 1 } })
  const facts = (kind: string) => rig.control.facts.filter((fact) => fact.kind === kind)
  const statuses = await askUntil(rig.port, () => facts('instance.ejected').length > 0)
  assert.ok(statuses.includes(500))
  fails = false
  const before = asked
  await askUntil(rig.port, () => facts('instance.readmitted').length > 0 && asked > before)
  const [out] = facts('instance.ejected')
  assert.deepEqual([out?.app, out?.environment, out?.service, out?.instance, out?.release, out?.data['name'], out?.data['forMs']], ['shop', 'production', 'web', instanceOf('web', 0), 1, 'web.0', 400])
  assert.match(String(out?.data['because']), /^\d+ of \d+ requests failed, at its peers 0 of \d+$/)
  assert.match(String(facts('instance.readmitted')[0]?.data['because']), /^its time is over/)
})

test('when its peer goes, an ejected instance serves again', async () => {
  await using bad = await startApp((_request, response) => response.writeHead(500).end())
  await using good = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [bad.port, good.port] } }, { limits: { compareMs: 20, ejectionMs: 600_000 } })
  await askUntil(rig.port, () => rig.control.facts.some((fact) => fact.kind === 'instance.ejected'))
  rig.agent.say({ t: 'gone', instance: instanceOf('web', 1) })
  await until(() => rig.control.facts.some((fact) => fact.kind === 'instance.readmitted' && String(fact.data['because']).startsWith('only 0 others are ready')), 'the readmission')
  const client = new RawClient(rig.port)
  client.send(get)
  assert.equal((await client.response()).status, 500)
  client.close()
})

test('an ejected instance that becomes ready anew begins anew', async () => {
  await using bad = await startApp((_request, response) => response.writeHead(500).end())
  await using good = await startApp((_request, response) => response.end())
  await using rig = await startRig({ services: { web: [bad.port, good.port] } }, { limits: { compareMs: 20, ejectionMs: 600_000 } })
  await askUntil(rig.port, () => rig.control.facts.some((fact) => fact.kind === 'instance.ejected'))
  const endpoint = { instance: instanceOf('web', 0), service: keyOf('web'), release: 1, host: '127.0.0.1', port: bad.port }
  rig.agent.say({ t: 'endpoint', endpoint: { ...endpoint, state: 'ready' } })
  rig.agent.say({ t: 'endpoint', endpoint: { ...endpoint, state: 'unready' } })
  rig.agent.say({ t: 'endpoint', endpoint: { ...endpoint, state: 'ready' } })
  await until(() => rig.control.facts.some((fact) => fact.kind === 'instance.readmitted'), 'the readmission')
  assert.equal(rig.control.facts.length, 2, 'a word that was said before changes nothing')
})
