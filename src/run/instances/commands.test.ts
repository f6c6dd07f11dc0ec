import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedInstance } from '#contract/wire.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { insertInstance, storeObservations } from './commands.ts'

test('what one app says when it ends is stored as far as it can be, and hides no other instance of the machine', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    const at = new Date('2026-03-10T12:00:00Z')
    const made = async (app: string) => insertInstance(db, { app, environment: 'production', kind: 'service', service: 'web', ordinal: 1, release: 1, machine: 'm1', because: 'it is wanted', now: at })
    const [odd, plain] = [await made('odd'), await made('plain')]
    const observed = (id: string, because: string): ObservedInstance => ({ id, generation: 1, state: 'backoff', because, attempt: 1, restarts: 1, pid: null, address: null, startedAt: null, readyAt: null, retryAt: null, lastExit: null } as unknown as ObservedInstance)
    const changed = await storeObservations(db, 'm1', [observed(odd, 'exited with code 1: a NUL \0 and half an emoji \ud83d'), observed(plain, 'exited with code 1')])
    assert.deepEqual(changed.map(({ id }) => id).toSorted(), [odd, plain].toSorted())
    const rows = await db.query<{ app: string; because: string }>(`SELECT app, observed->>'because' AS because FROM instances ORDER BY app`)
    assert.deepEqual(rows, [{ app: 'odd', because: 'exited with code 1: a NUL \ufffd and half an emoji \ufffd' }, { app: 'plain', because: 'exited with code 1' }])
  } finally {
    await db.close()
  }
})
