import assert from 'node:assert/strict'
import { type TestContext, after, before, test } from 'node:test'
import { type TestDatabase, testDatabase } from '#test/harness/postgres.ts'
import { until } from '#test/harness/wait.ts'
import { type Database, openDatabase } from './db.ts'
import { type Lease, takeLease } from './lease.ts'
import { locks } from './locks.ts'

let database: TestDatabase
const opened: Database[] = []
const open = () => {
  const db = openDatabase(database.url, { max: 3 })
  opened.push(db)
  return db
}
before(async () => {
  database = await testDatabase()
})
after(async () => {
  await Promise.all(opened.map((db) => db.close()))
  await database[Symbol.asyncDispose]()
})

/** A control of the test: what it was told. Whatever comes of the test, it lets go in the end, or those after would wait for it. */
function control(t: TestContext, db: Database) {
  const told: string[] = []
  const lease: { now: Lease | null } = { now: null }
  const taken = takeLease(db, { onWaiting: () => told.push('waits'), onLost: () => told.push('lost') }).then((one) => {
    lease.now = one
    return one
  })
  t.after(() => lease.now?.release())
  return { told, lease, taken }
}

const holders = (db: Database, granted: boolean) => db.query<{ pid: number }>(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${locks.lease} AND granted = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, [granted])
/** Who let go is gone a moment later. */
const isFree = (db: Database) => until(async () => (await holders(db, true)).length === 0, { because: 'nobody holds it any more' })
/** The server process that held it. */
async function cutOff(db: Database): Promise<number> {
  const [holder] = await holders(db, true)
  await db.query('SELECT pg_terminate_backend($1)', [holder?.pid ?? 0])
  return holder?.pid ?? 0
}

test('the second waits and says so once, until the first lets go', async (t) => {
  const first = control(t, open())
  await first.taken
  const second = control(t, open())
  await until(() => second.told.length > 0, { because: 'it waits' })
  assert.deepEqual([first.told, second.told, second.lease.now], [[], ['waits'], null])
  first.lease.now?.release()
  await second.taken
  assert.deepEqual(second.told, ['waits'])
  second.lease.now?.release()
})

test('a connection that breaks is made anew; it is lost only to somebody else', async (t) => {
  const other = open()
  await isFree(other)
  const mine = control(t, open())
  await mine.taken
  const before = await cutOff(other)
  await until(async () => (await holders(other, true)).some(({ pid }) => pid !== before), { because: 'it is taken again' })
  assert.deepEqual(mine.told, [])
  const thief = await other.connect()
  t.after(() => thief.release(true))
  const stolen = thief.query('SELECT pg_advisory_lock($1)', [locks.lease]) // stands first in the queue
  await until(async () => (await holders(other, false)).length === 1, { because: 'somebody waits for it' })
  await cutOff(other)
  await stolen
  await until(() => mine.told.length > 0, { because: 'it knows' })
  assert.deepEqual(mine.told, ['lost'])
})

test('who lets go twice, or while it is being taken again, takes nothing any more', async (t) => {
  const other = open()
  await isFree(other)
  const mine = control(t, open())
  await mine.taken
  await cutOff(other)
  mine.lease.now?.release()
  mine.lease.now?.release()
  const next = control(t, other)
  await next.taken
  assert.deepEqual(mine.told, [])
  next.lease.now?.release()
})
