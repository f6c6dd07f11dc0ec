import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HandlerInput } from '#contract/endpoints.ts'
import { openDatabase } from '#kernel/db/db.ts'
import type { HandlerContext } from '#kernel/handlers.ts'
import { unknownApps } from '#run/apps/read.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { accessRoutes } from './routes.ts'
import { openAccess } from './service.ts'

test('a token is not limited to an app that does not exist', async () => {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  try {
    const now = new Date()
    await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', ['shop', now])
    const access = openAccess({ db, adminToken: 'a', machineToken: 'm' })
    const create = accessRoutes({ access, consoleUrl: () => '', unknownApps: (names) => unknownApps(db, names) })['tokens.create']
    assert.ok(create)
    const context: HandlerContext = { caller: { actor: { kind: 'token', name: 'ada' }, access: 'admin', apps: null }, now, signal: new AbortController().signal, lastEventId: undefined, upload: undefined }
    const input = (apps: string[]) => ({ body: { name: 'ci', scope: 'deploy' as const, apps } }) as HandlerInput<'tokens.create'>
    await assert.rejects(create(input(['shop', 'nope']), context), { code: 'not-found', message: /there is no app "nope" to limit the token to/ })
    assert.deepEqual((await create(input(['shop']), context)).apps, ['shop'])
  } finally {
    await db.close()
  }
})
