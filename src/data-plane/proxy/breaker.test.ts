import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Edge } from '#contract/wire.ts'
import { freePort, instanceOf, keyOf, RawClient, startApp, startControl, startRig, until } from './test-harness.ts'

const ask = 'GET / HTTP/1.1\r\nHost: api.localhost\r\n\r\n'

async function edgeTo(service: string, protocol: 'http' | 'tcp'): Promise<Edge & { port: number }> {
  const port = await freePort()
  return { id: `shop/production/web>${service}`, app: 'shop', environment: 'production', from: 'web', to: keyOf(service), protocol, listen: [{ host: '127.0.0.1', port }], port }
}

/** The kinds of the proxy's own answers to `count` calls, one after another. */
async function errorsOf(port: number, count: number): Promise<(string | undefined)[]> {
  const client = new RawClient(port)
  const kinds: (string | undefined)[] = []
  for (let n = 0; n < count; n++) {
    client.send(ask)
    kinds.push((await client.response()).header('nightshift-error'))
  }
  client.close()
  return kinds
}

test('an edge whose calls fail is opened: its callers hear so at once, those of the world wait on, and an answered trial closes it', async () => {
  await using api = await startApp((_request, response) => response.setHeader('content-length', 2).end('ok'))
  const edge = await edgeTo('api', 'http')
  await using rig = await startRig({ services: { api: [api.port] }, edges: [edge] }, { limits: { parkMs: 20, sweepMs: 5 } })
  rig.agent.say({ t: 'gone', instance: instanceOf('api', 0) })
  await rig.agent.settled()
  assert.deepEqual(new Set(await errorsOf(edge.port, 20)), new Set(['no-instance']))
  const client = new RawClient(edge.port)
  client.send(ask)
  const refused = await client.response()
  assert.equal(refused.status, 503)
  assert.equal(refused.header('nightshift-error'), 'circuit-open')
  assert.ok(Number(refused.header('retry-after')) >= 1)
  await until(() => rig.control.facts.some((fact) => fact.kind === 'edge.opened'), 'the fact')
  const { at: _at, id: _id, ...opened } = rig.control.facts[0] as (typeof rig.control.facts)[number]
  assert.deepEqual(opened, {
    kind: 'edge.opened', app: 'shop', environment: 'production', service: 'api', instance: null, release: null,
    data: { edge: edge.id, from: 'web', to: 'api', because: '20 of 20 failed within 10 s', calls: 20, failed: 20, trialAfterMs: 5_000 },
  })
  assert.deepEqual(await errorsOf(rig.port, 1), ['no-instance'], 'the ingress has no breaker')
  rig.agent.say({ t: 'endpoint', endpoint: { instance: instanceOf('api', 0), service: keyOf('api'), release: 1, host: '127.0.0.1', port: api.port, state: 'ready' } })
  await rig.agent.settled()
  client.send(ask)
  assert.equal((await client.response()).body, 'ok')
  client.send(ask)
  assert.equal((await client.response()).body, 'ok')
  await until(() => rig.control.facts.some((fact) => fact.kind === 'edge.closed'), 'the end of it')
  client.close()
})

test('what happened while control was away is told when it is back', async () => {
  const edge = await edgeTo('api', 'http')
  await using rig = await startRig({ services: { api: [1] }, edges: [edge] }, { limits: { parkMs: 20, sweepMs: 5 } })
  rig.agent.say({ t: 'gone', instance: instanceOf('api', 0) })
  await rig.agent.settled()
  await rig.control.close()
  await errorsOf(edge.port, 20)
  const spool = join(rig.home, 'proxy', 'facts.ndjson')
  await until(() => existsSync(spool) && readFileSync(spool, 'utf8').includes('edge.opened'), 'the fact on disk')
  const back = await startControl(rig.control.port)
  await until(() => back.facts.some((fact) => fact.kind === 'edge.opened'), 'the fact at control')
  await until(() => readFileSync(spool, 'utf8') === '', 'an empty spool')
  await back.close()
})

test('what an app answers never opens an edge, nor does a caller that leaves', async () => {
  await using api = await startApp((request, response) => {
    if (request.url !== '/hang') response.writeHead(500, { 'content-length': 0 }).end()
  })
  const edge = await edgeTo('api', 'http')
  await using rig = await startRig({ services: { api: [api.port] }, edges: [edge] }, { trafficPeriodMs: 20 })
  await errorsOf(edge.port, 40)
  for (let n = 0; n < 40; n++) {
    const client = new RawClient(edge.port)
    client.send(ask.replace('/ ', '/hang '))
    await once(client.socket, 'connect')
    client.close()
  }
  await until(() => rig.control.traffic.flatMap((batch) => batch.counts).reduce((sum, count) => sum + count.requests, 0) >= 40, 'the counts')
  assert.deepEqual(await errorsOf(edge.port, 1), [undefined])
})

test('a TCP edge opens too, when its connections found no instance', async () => {
  const edge = await edgeTo('db', 'tcp')
  await using rig = await startRig({ services: { db: [1] }, protocols: { db: 'tcp' }, edges: [edge] }, { limits: { parkMs: 20, sweepMs: 5 } })
  rig.agent.say({ t: 'gone', instance: instanceOf('db', 0) })
  await rig.agent.settled()
  for (let n = 0; n < 20; n++) await new RawClient(edge.port).end()
  await until(() => rig.control.facts.some((fact) => fact.kind === 'edge.opened'), 'the fact')
})
