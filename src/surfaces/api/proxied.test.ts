import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoints } from '#contract/endpoints.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { createLogger } from '#kernel/log.ts'
import { openAccess } from '#people/access/service.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { createApi } from './server.ts'

const handlers = Object.fromEntries(Object.keys(endpoints).map((id) => [id, async () => []]))

async function signIns(trustedProxy: string[]) {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  const api = createApi({ access: openAccess({ db, adminToken: 'a', machineToken: 'm' }), handlers, doors: [], upgradeDoors: [], consoleDir: null, version: 'test', log: createLogger({ process: 'test', level: 'silent' }), trustedProxy })
  try {
    await api.listen({ host: '127.0.0.1', port: 0 })
    const login = (code: string, from: string) =>
      fetch(`http://127.0.0.1:${(api.server.address() as { port: number }).port}/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-proto': 'https', 'x-forwarded-for': from }, body: JSON.stringify({ code }) })
    const secure = (await login('a', '192.0.2.1')).headers.get('set-cookie')?.includes('Secure')
    for (let i = 0; i < 10; i++) await login('guess', '192.0.2.1')
    return { secure, guesser: (await login('a', '192.0.2.1')).status, other: (await login('a', '192.0.2.2')).status }
  } finally {
    await api.close()
    await db.close()
  }
}

test('behind a trusted proxy the cookie is Secure and a guesser locks out nobody else', async () => {
  assert.deepEqual(await signIns(['127.0.0.1']), { secure: true, guesser: 429, other: 200 })
})

test('what a proxy that is not trusted says counts for nothing', async () => {
  assert.deepEqual(await signIns([]), { secure: false, guesser: 429, other: 429 })
})
