/** What is told of a service and of a whole app, from the rows of all floors. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestSchema } from '#contract/manifest.ts'
import type { Fact } from '#contract/wire.ts'
import { advance, app, clock, db, instance, pass, rosa, see, serve } from '#heal/testing/heal-world.ts'
import { createRelease } from '#run/releases/commands.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { ingestFacts } from '#watch/journal/service.ts'
import { type WhyDeps, readAppWhy, readWhy } from './read.ts'

const deps: WhyDeps = {
  db,
  reach: { ingressUrl: () => 'http://127.0.0.1:8080', apiUrl: () => 'http://127.0.0.1:7070', httpsPort: () => null },
  moment: async () => ({ samples: new Map(), rates: [] }),
  lines: async () => ({ lines: [], next: null, partial: null }) as never,
}
const place = () => ({ app, environment: 'production' })
let facts = 0

async function tell(service: string, id: string, told: [kind: string, agoMs: number, data?: Record<string, unknown>][]) {
  const batch = told.map(([kind, agoMs, data = {}]): Fact => ({ id: `fact-${++facts}`, at: new Date(clock.getTime() - agoMs).toISOString(), kind, ...place(), service, instance: id, release: 1, data: { name: `${service}.1`, ...data } }))
  assert.deepEqual((await ingestFacts(db, { machine: 'm1', facts: batch }, clock)).refused, [])
}
const kill = (service: string, id: string, agoMs: number, cause = 'killed') =>
  tell(service, id, [['instance.exited', agoMs, { signal: 'SIGKILL', cause, ranMs: 60_000 }], ['instance.restarting', agoMs], ['instance.started', agoMs - 100], ['instance.ready', agoMs - 900, { address: { host: '127.0.0.1', port: 1 } }]])

/** The first of the app; `ended` null: it is being rolled out. */
async function release(services: Record<string, object>, ended: { state: 'failed'; detail: string } | null) {
  await db.transaction(async (tx) => {
    const { rollout } = await createRelease(tx, { ...place(), artifactId: 'slug:a', manifest: manifestSchema.parse({ services }), manifestSource: 'nightshift.yml', config: {}, secrets: {}, description: 'deploy', commit: null, buildId: null, actor: rosa, now: clock })
    await advanceRollout(tx, rollout, 'pending', 'starting', { name: 'released', detail: '' }, clock)
    if (ended !== null) await advanceRollout(tx, rollout, 'starting', ended.state, { name: ended.state, detail: ended.detail }, clock)
  })
}

test('a service that is well says of its last hour what ended and came back, and is calm about it', async () => {
  await serve({ web: {} })
  advance(3 * 3_600_000)
  const id = await instance('web', 'ready')
  const why = () => readWhy(deps, { ...place(), service: 'web' }, clock)
  assert.equal((await why()).sentence, `${app}/web is healthy: 1 of 1 ready. No instance of it is known to have failed in the last hour.`)
  await kill('web', id, 120_000)
  const once = await why()
  assert.equal(once.sentence, `${app}/web is healthy: 1 of 1 ready. web.1 ended 2 min ago, and was back after 900 ms. Nothing is left to do.`)
  assert.deepEqual([once.ends.length, once.ends[0]?.events.length, once.wayOut], [1, 4, []])
  await kill('web', id, 60_000, 'crash')
  const twice = await why()
  assert.match(twice.sentence, /Instances of it ended 2 times in the last hour; the last one was web\.1, 1 min ago, and was back after 900 ms\.$/)
  assert.deepEqual(twice.wayOut, [`nightshift logs -a ${app} -s web --since 1h`], 'a fault of its own is worth a look')
  advance(2 * 3_600_000)
  assert.deepEqual((await why()).ends, [], 'an hour is an hour')
})

test('an app: its only service in full; of several the one that most needs a look, and none where all is well', async () => {
  await serve({ web: {} })
  advance(3_600_000)
  await instance('web', 'ready')
  const why = () => readAppWhy(deps, place(), clock)
  assert.deepEqual([(await why()).services.length, (await why()).worst?.service], [1, 'web'])
  await serve({ web: {}, api: {}, mail: {} })
  advance(3_600_000)
  const [api, mail] = [await instance('api', 'ready'), await instance('mail', 'ready')]
  const well = await why()
  assert.deepEqual([well.services.map((one) => one.name), well.worst, well.wayOut], [['api', 'web', 'mail'], null, []])
  await kill('mail', mail, 30_000)
  assert.equal((await why()).worst?.service, 'mail', 'nothing is wrong, and something was')
  await see(api, 'unhealthy', 'it answers nothing')
  await pass(30)
  const sick = await why()
  assert.deepEqual([sick.worst?.service, sick.worst?.remediation?.service], ['api', 'api'])
  assert.match(sick.services[0]?.sentence ?? '', /api is \w+: .* Noticed /)
})

test('an app whose only release was given up is told where its reason stands and to deploy again, not to scale what cannot come up', async () => {
  await release({ web: {}, api: {} }, { state: 'failed', detail: 'web.1 of v1 does not stay up' })
  const ways = ['rollout', 'logs', 'deploy'].map((verb) => `nightshift ${verb} -a ${app}`)
  const whole = await readAppWhy(deps, place(), clock)
  assert.deepEqual([whole.sentence, whole.wayOut], [`${app} is down: v1 failed: web.1 of v1 does not stay up.`, ways])
  const one = await readWhy(deps, { ...place(), service: 'web' }, clock)
  assert.deepEqual([one.health, one.wayOut], ['stopped', ways.map((way) => (way.includes(' logs ') ? `${way} -s web` : way))])
  await db.query('UPDATE environments SET stopped = true WHERE app = $1', [app])
  assert.deepEqual((await readWhy(deps, { ...place(), service: 'web' }, clock)).wayOut, one.wayOut, 'a start brings none about either')
})

test('of an app with one service that was given up, nothing is told twice', async () => {
  await release({ web: {} }, { state: 'failed', detail: 'web.1 of v1 does not stay up' })
  const { wayOut, worst } = await readAppWhy(deps, place(), clock)
  assert.deepEqual(wayOut, worst?.wayOut)
})

test('while the first release is on its way, nothing else is to be done', async () => {
  await release({ web: {} }, null)
  assert.deepEqual((await readWhy(deps, { ...place(), service: 'web' }, clock)).wayOut, [])
  assert.deepEqual((await readAppWhy(deps, place(), clock)).wayOut, [])
})

test('an app of which not even a build came about says which one failed', async () => {
  await db.query(`INSERT INTO builds (id, app, environment, state, source, because, by_name, queued_at) VALUES ('bld_none', $1, 'production', 'failed', '{"kind":"upload"}', 'no command to start', 'rosa', $2)`, [app, clock])
  const { sentence, wayOut } = await readAppWhy(deps, place(), clock)
  assert.deepEqual([sentence, wayOut], [`${app} is empty: nothing was deployed yet. Its newest build, bld_none, failed.`, [`nightshift builds log bld_none -a ${app}`, `nightshift deploy -a ${app}`]])
})

test('an app without a release, and one that is stopped, say what to type', async () => {
  assert.deepEqual((await readAppWhy(deps, place(), clock)), { ...place(), health: 'empty', sentence: `${app} is empty: nothing was deployed yet.`, services: [], worst: null, wayOut: [`nightshift deploy -a ${app}`] })
  await serve({ web: {}, api: {} })
  await db.query('UPDATE environments SET stopped = true WHERE app = $1', [app])
  assert.deepEqual((await readAppWhy(deps, place(), clock)).wayOut, [`nightshift start -a ${app}`])
})
