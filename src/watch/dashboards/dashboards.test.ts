import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import { type DashboardSpec, dashboardSpecSchema } from '#contract/dashboards.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { listEvents } from '#watch/journal/read.ts'
import { readDashboards } from './read.ts'
import { findDashboard, putDashboard, removeDashboard } from './service.ts'

const now = new Date('2026-03-10T12:00:00Z')
const rosa: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }
const ofShop: Caller = { actor: { kind: 'token', name: 'ci' }, access: 'deploy', apps: ['shop'] }
const requests = { metric: 'nightshift_http_requests_total', fn: 'rate', by: ['class'], where: 'service=web' }
const spec = (title: string, app: string | null = null): DashboardSpec => dashboardSpecSchema.parse({ title, app, rows: [[{ title: 'Requests', lines: [requests] }, { title: 'Errors', lines: [{ ...requests, by: [], where: 'class=5xx', shareOf: '' }] }]] })
const refuses = (code: 'not-found' | 'conflict' | 'forbidden', words: RegExp) => (error: unknown) => isAppError(error, code) && words.test(error.message)

let database: TestDatabase
let db: Database
before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url)
  for (const app of ['shop', 'billing']) await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [app, now])
})
after(async () => {
  await db.close()
  await database[Symbol.asyncDispose]()
})

test('a dashboard is kept as it was saved, replaced as a whole, and taken away, and the journal says by whom', async () => {
  await putDashboard(db, 'checkout', spec('Checkout'), rosa, now)
  const changed = { ...spec('Checkout, again'), rows: [] }
  assert.equal((await findDashboard(db, 'checkout', rosa)).rows[0]?.[1]?.lines[0]?.shareOf, '')
  await putDashboard(db, 'checkout', changed, rosa, now)
  assert.deepEqual(await findDashboard(db, 'checkout', rosa), { ...changed, id: 'checkout', changedBy: 'rosa', changedAt: now.toISOString() })
  await removeDashboard(db, 'checkout', rosa, now)
  await assert.rejects(findDashboard(db, 'checkout', rosa), refuses('not-found', /no dashboard "checkout"/))
  const said = await listEvents(db, { kind: 'dashboard.removed,dashboard.saved' }, { limit: 10, since: now.toISOString() })
  assert.deepEqual(said.map(({ summary }) => summary), ['rosa removed the dashboard Checkout, again', 'rosa changed the dashboard Checkout, again', 'rosa made the dashboard Checkout'])
  assert.deepEqual(await listEvents(db, { kind: 'dashboard' }, { limit: 10, until: now.toISOString() }), [])
})

test('a caller of some apps sees, makes and takes away those of its apps alone', async () => {
  await putDashboard(db, 'of-shop', spec('Of shop', 'shop'), ofShop, now)
  await putDashboard(db, 'of-billing', spec('Of billing', 'billing'), rosa, now)
  await putDashboard(db, 'of-all', spec('Of all'), rosa, now)
  assert.deepEqual((await readDashboards(db, ofShop.apps)).map(({ id, graphs }) => [id, graphs]), [['of-shop', 2]])
  assert.equal((await readDashboards(db, null)).length, 3)
  for (const id of ['of-billing', 'of-all']) {
    await assert.rejects(findDashboard(db, id, ofShop), refuses('not-found', /no dashboard/))
    await assert.rejects(removeDashboard(db, id, ofShop, now), refuses('not-found', /no dashboard/))
    await assert.rejects(putDashboard(db, id, spec('Mine', 'shop'), ofShop, now), refuses('conflict', /is taken/))
  }
  for (const app of ['billing', null]) await assert.rejects(putDashboard(db, 'new', spec('New', app), ofShop, now), refuses('forbidden', /limited to shop/))
})

test('what is no dashboard is refused: unknown keys, no metric, conditions that are none, too much', () => {
  const rows = (graph: object) => ({ title: 'A', rows: [[graph]] })
  for (const wrong of [{ title: '' }, { title: 'A', script: 'x' }, rows({ title: 'A', lines: [] }), rows({ title: 'A', lines: [{ ...requests, fn: 'p42' }] }), rows({ title: 'A', lines: [{ ...requests, where: 'service' }] }), rows({ title: 'A', lines: Array.from({ length: 5 }, () => requests) }), { title: 'A', rows: Array.from({ length: 21 }, () => [{ title: 'A', lines: [requests] }]) }])
    assert.equal(dashboardSpecSchema.safeParse(wrong).success, false, JSON.stringify(wrong).slice(0, 90))
})

test('ids of those that come with Nightshift, and apps that are not there, are refused; what is of an app goes with it', async () => {
  await assert.rejects(putDashboard(db, 'machine', spec('Mine'), rosa, now), refuses('conflict', /comes with Nightshift/))
  await assert.rejects(putDashboard(db, 'mine', spec('Mine', 'shpo'), rosa, now), refuses('not-found', /no app "shpo"/))
  await db.query('DELETE FROM apps WHERE name = $1', ['billing'])
  assert.deepEqual((await readDashboards(db, null)).map(({ id }) => id).sort(), ['of-all', 'of-shop'])
})
