/**
 * Each cause and its ladder, end to end with real processes: the expected rung is climbed and no other, also over a kill -9 of control.
 * All are sick at the same time in one Nightshift, beside enough that is well, since healing waits between its actions for good reasons.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Remediation } from '#contract/healing.ts'
import { type TrafficBatch, latencyBucketsMs } from '#contract/wire.ts'
import { appFetch } from '#test/harness/fetch.ts'
import { type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { requestLoop } from '#test/harness/request-loop.ts'
import { until } from '#test/harness/wait.ts'
import { readKey } from '#up/home.ts'
import { type SickApps, sickApps } from './ladder-app.ts'

const quick = 'health: { path: /up, interval: 1s, startup: 4s }'
/** However busy the machine, a start is only a start. */
const patient = 'health: { path: /up, interval: 1s, startup: 1m }'
/** Two falls, and it is held for longer than any test takes. */
const held = 'restart: { intensity: 1, period: 10m, backoff: 100ms..100ms }'
/** Started again for ever, in the wait between two tries nothing of it is on its way. */
const slowly = 'restart: { intensity: 1000, backoff: 3s..3s }'
const again = 'restart: { intensity: 1000, backoff: 10ms..10ms }'
const service = (name: string, rest: string, more = '', health = quick) => `  ${name}: { command: [node, server.js], public: true, domains: [${name}.example.com], ${health}, ${rest}${more} }\n`

let sick: SickApps
let nightshift: TestNightshift

before(async () => {
  sick = await sickApps()
  nightshift = await bootNightshift()
  const folders = [
    await sick.app('calm', '  idle: { command: [sleep, infinity], port: false, scale: 40 }\n'),
    await sick.app('ladder', service('hung', slowly) + service('stuck', slowly) + service('twice', held, ', scale: 2') + service('need', slowly) + service('caller', held, ', needs: { need: healthy }') + service('flaps', again, '', patient) + service('fat', held, ', resources: { memory: 160MB }') + service('fails', held) + service('late', held)),
    await sick.app('config', service('config', held)),
    await sick.app('bakes', service('bakes', again), '{ bake: 5m }'),
    await sick.app('rolls', service('rolls', held)),
    await sick.app('wrong', service('wrong', held)),
  ]
  await Promise.all(folders.map((folder) => cli('deploy', folder)))
  // what helps here helps within seconds
  for (const rule of ['not-ready', 'crash-loop', 'newest-change']) await cli('heal', 'set', rule, '--verify-within', '20s')
})
after(async () => {
  await nightshift?.[Symbol.asyncDispose]()
  await sick?.[Symbol.asyncDispose]()
})

async function cli(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await nightshift.cli(args)
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
}

const instances = async (app: string, of: string) => (await nightshift.client.call('apps.read', { params: { app } })).services.find(({ name }) => name === of)?.instances ?? []
const only = async (app: string, of: string) => {
  const [one] = await until(async () => (await instances(app, of)).filter(({ state }) => state === 'ready'), { because: `${of} runs` })
  assert.ok(one)
  return one
}
const remediations = (app: string, of: string): Promise<Remediation[]> => nightshift.client.call('healing.list', { query: { app, service: of } })
/** `newest-change by change: revert verified → verified`. */
const story = ({ rule, cause, tries, state }: Remediation) => `${rule} by ${cause.kind}: ${[...tries.map(({ rung, outcome }) => `${rung} ${outcome}`), state].join(' → ')}`
const wait = { timeoutMs: 170_000, everyMs: 500 }

/** Once all remediations of a service have ended, what they did, oldest first. */
async function ended(app: string, of: string): Promise<string[]> {
  return until(async () => {
    const all = await remediations(app, of)
    return all.length > 0 && all.every(({ endedAt }) => endedAt !== null) && all.map(story).toReversed()
  }, { ...wait, because: `healing of ${of} has ended` }).catch(async (error: unknown) => assert.fail(`${String(error)}\n${JSON.stringify(await remediations(app, of), null, 1)}`))
}
const alertsOf = async (of: string) => (await nightshift.client.call('alerts.list', { query: { open: 'true' } })).filter((one) => one.service === of).map(({ title }) => title)
const tried = (app: string, of: string, rung: string) => until(async () => (await remediations(app, of))[0]?.tries.some((one) => one.rung === rung), { ...wait, because: `${rung} of ${of}` })
/** A quick past, as a proxy would have told it half an hour ago: nobody has an hour for it to be usual. */
async function usually(app: string, of: string): Promise<void> {
  const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString()
  const latency = latencyBucketsMs.map((bound) => (bound === 10 ? 1_000 : 0)).concat(0)
  const count = { key: `route:${of}`, app, environment: 'production', service: of, from: null, requests: 1_000, status: { '1xx': 0, '2xx': 1_000, '3xx': 0, '4xx': 0, '5xx': 0, aborted: 0, failed: 0 }, latency, bytesIn: 0, bytesOut: 0, connections: 0, releases: [] }
  const batch: TrafficBatch = { machine: 'past', id: `past-${of}`, from: at(1_810), to: at(1_800), counts: [count] }
  const token = readKey(nightshift.home, 'machine.token')
  const answer = await fetch(`${nightshift.api}/internal/traffic`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(batch) })
  assert.ok(answer.ok, `${answer.status} ${await answer.text()}`)
}
const rollout = async (app: string) => (await nightshift.client.call('apps.read', { params: { app } })).rollout
const setConfig = (app: string, body: Record<string, string>) => nightshift.client.call('config.change', { params: { app }, body })
const served = (app: string, release: number) => until(async () => (await nightshift.client.call('apps.read', { params: { app } })).release === release && (await rollout(app))?.state === 'finished', { ...wait, because: `v${release} of ${app} serves` })

describe('one cause, one ladder', { concurrency: true, timeout: 200_000 }, () => {
  test('a hang that nothing mends: restarted, made anew, handed over', async () => {
    await sick.infect('hung', { do: 'hang', of: '' })
    assert.deepEqual(await ended('ladder', 'hung'), ['not-ready by unknown: restart failed → recreate failed → handed-over'])
    assert.deepEqual(await alertsOf('hung'), ['ladder/hung is down'])
  })

  test('it ends at each start until it is started anew: restarted, and no more', async () => {
    const { id } = await only('ladder', 'stuck')
    await sick.infect('stuck', { do: 'crash', of: `${id}.1-` })
    assert.deepEqual(await ended('ladder', 'stuck'), ['not-ready by unknown: restart verified → verified'])
    assert.equal((await only('ladder', 'stuck')).id, id)
  })

  test('one of two does not stay up: made anew, and no more', async () => {
    const [first, second] = await instances('ladder', 'twice')
    await sick.infect('twice', { do: 'crash', of: first?.id ?? '?' })
    assert.deepEqual(await ended('ladder', 'twice'), ['crash-loop by unknown: recreate verified → verified'])
    const left = (await instances('ladder', 'twice')).map(({ id }) => id)
    assert.ok(left.includes(second?.id ?? '?') && !left.includes(first?.id ?? '?'))
  })

  test('what it needs is down: the caller is held, not restarted, and recovers by itself', async () => {
    const [caller, need] = [await only('ladder', 'caller'), await only('ladder', 'need')]
    await sick.infect('need', { do: 'hang', of: `${need.id}.1-` })
    assert.deepEqual(await ended('ladder', 'need'), ['not-ready by unknown: restart verified → verified'])
    for (const one of await remediations('ladder', 'caller')) assert.deepEqual([one.rule, one.tries], ['dependency-down', []])
    await until(async () => (await remediations('ladder', 'caller')).every(({ state }) => state === 'recovered'), { ...wait, because: 'the caller has recovered' })
    assert.deepEqual((({ pid, restarts }) => [pid, restarts])(await only('ladder', 'caller')), [caller.pid, 0])
  })

  test('it falls again and again, and stands in between: handed over, untouched', async () => {
    const { id } = await only('ladder', 'flaps')
    for (let fall = 1; fall <= 5; fall++) {
      await until(async () => Date.now() - Date.parse((await only('ladder', 'flaps')).startedAt ?? '') > 11_000, { ...wait, because: 'it stands' })
      await appFetch(`http://flaps.example.com:${nightshift.ingressPort}/crash`, { method: 'POST' }).catch(() => {})
      await until(async () => (await only('ladder', 'flaps')).restarts >= fall, { ...wait, because: `fall ${fall}` })
    }
    assert.deepEqual(await ended('ladder', 'flaps'), ['flapping by unknown: handed-over'])
    assert.equal((await only('ladder', 'flaps')).id, id)
    assert.deepEqual(await alertsOf('flaps'), ['ladder/flaps falls again and again'])
  })

  test('it uses more memory than it may: handed over, untouched', async (t) => {
    const [machine] = await nightshift.client.call('machines.list')
    if (machine?.limits.some((limit) => limit.includes('memory'))) return t.skip(`this machine cannot limit memory: ${machine.limits.join('; ')}`)
    await sick.infect('fat', { do: 'fat', of: '' })
    assert.deepEqual(await ended('ladder', 'fat'), ['out-of-memory by memory: handed-over'])
  })

  test('it answers with errors, and nothing changed: restarted, and no more', async () => {
    const url = `http://fails.example.com:${nightshift.ingressPort}/`
    const loop = requestLoop(url, { rate: 5 })
    try {
      await appFetch(`${url}break`)
      await tried('ladder', 'fails', 'restart')
      // the share of a minute is soon a small one
      const more = requestLoop(url, { rate: 50 })
      await ended('ladder', 'fails').finally(() => more.stop())
      assert.deepEqual(await ended('ladder', 'fails'), ['failing by unknown: restart verified → verified'])
    } finally {
      await loop.stop()
    }
  })

  test('it answers far later than usual, and nothing changed: handed over, untouched', async () => {
    const { pid } = await only('ladder', 'late')
    await usually('ladder', 'late')
    const url = `http://late.example.com:${nightshift.ingressPort}/`
    await appFetch(`${url}dawdle`)
    const loop = requestLoop(url, { rate: 15 })
    try {
      assert.deepEqual(await ended('ladder', 'late'), ['slow by unknown: handed-over'])
      assert.match((await remediations('ladder', 'late'))[0]?.signal.because ?? '', /^\d+ % of its answers take more than \d+ ms; one in a hundred takes more than \d+ ms \(in the hour before: \d+ ms\)$/)
      assert.deepEqual((({ pid, restarts }) => [pid, restarts])(await only('ladder', 'late')), [pid, 0])
    } finally {
      await loop.stop()
    }
    assert.deepEqual(loop.result().failures, {})
  })

  test('a release that falls after the switch is rolled back by its bake; healing has nothing to do', async () => {
    await setConfig('bakes', { BROKEN: 'yes' })
    await served('bakes', 2)
    await sick.infect('bakes', { do: 'crash', of: '', broken: true })
    const bake = await until(async () => {
      const seen = await nightshift.client.call('bakes.read', { params: { app: 'bakes' } })
      return seen?.state === 'condemned' && seen
    }, { ...wait, because: 'it is condemned' })
    assert.match(bake.because, /its instances crashed or hung \d+ times since the switch/)
    await served('bakes', 3)
    assert.deepEqual((await remediations('bakes', 'bakes')).flatMap(({ tries }) => tries), [])
  })

  test('kill -9 of control amid a remediation and two rollouts: a bad config is reverted and verified, a good rollout ends, a bad one is undone', async () => {
    await setConfig('config', { BROKEN: 'yes' })
    await served('config', 2)
    await sick.infect('config', { do: 'crash', of: '', broken: true })
    await tried('config', 'config', 'revert')
    await Promise.all([setConfig('rolls', { SLOW_START: '2000' }), setConfig('wrong', { BROKEN: 'at once' })])
    await until(async () => (await rollout('rolls'))?.state === 'starting' && (await rollout('wrong'))?.state === 'starting', { ...wait, everyMs: 20, because: 'both rollouts are under way' })
    assert.equal((await remediations('config', 'config'))[0]?.state, 'verifying')
    await nightshift.back('control', nightshift.kill('control'))
    assert.deepEqual(await ended('config', 'config'), ['newest-change by change: revert verified → verified'])
    await served('config', 3)
    const { config } = await nightshift.client.call('config.read', { params: { app: 'config' } })
    assert.equal(config['BROKEN'], undefined, 'its config went back too')
    await served('rolls', 2)
    const undone = await until(async () => {
      const seen = await rollout('wrong')
      return seen?.state === 'failed' && seen
    }, { ...wait, because: 'the bad rollout is over' })
    assert.equal(undone.release, 2)
    assert.equal((await nightshift.client.call('apps.read', { params: { app: 'wrong' } })).release, 1)
    assert.deepEqual((await instances('wrong', 'wrong')).map(({ release, state }) => [release, state]), [[1, 'ready']], 'and v1 serves on')
  })
})

test('half of what runs is sick at once: nothing is done to it, a person is told once; well again, healing goes on', { timeout: 150_000 }, async () => {
  const names = ['hung', 'stuck', 'twice', 'need', 'caller', 'flaps', 'fails']
  for (const app of ['calm', 'config', 'bakes', 'rolls', 'wrong']) await nightshift.client.call('apps.stop', { params: { app } })
  await sick.cure('fat')
  const before = (await nightshift.client.call('healing.list', { query: { limit: 100 } })).flatMap(({ tries }) => tries).length
  for (const name of names) await sick.infect(name, { do: 'hang', of: '' })
  const open = await until(async () => (await nightshift.client.call('healing.overview')).breaker, { ...wait, because: 'the breaker opens' })
  assert.match(open, /instances are sick at once, of \d services: no instance is to blame/)
  const fleet = async () => (await nightshift.client.call('alerts.list', { query: { open: 'false' } })).filter(({ target }) => target === 'fleet')
  await until(async () => (await fleet()).length === 1, { ...wait, because: 'a person is told' })
  for (const name of names) await until(async () => (await remediations('ladder', name))[0], { ...wait, because: `${name} was noticed` })
  assert.equal((await nightshift.client.call('healing.list', { query: { limit: 100 } })).flatMap(({ tries }) => tries).length, before, 'no action')
  for (const name of names) await sick.cure(name)
  await nightshift.client.call('apps.restart', { params: { app: 'ladder' }, body: {} })
  await until(async () => (await nightshift.client.call('healing.overview')).breaker === null, { ...wait, because: 'the breaker closes' })
  await until(async () => (await fleet()).every(({ clearedAt }) => clearedAt !== null), { ...wait, because: 'the alert is over' })
  assert.equal((await fleet()).length, 1)
})
