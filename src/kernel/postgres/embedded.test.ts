import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { tempHome } from '#test/harness/home.ts'
import { until } from '#test/harness/wait.ts'
import { answersQuery, dataFolderOf, embeddedUrl, ensurePostgres, findPostgres, stopPostgres } from './embedded.ts'
import { processesOf } from './postmaster.ts'

/** The server is stopped before its folder goes. */
async function databaseHome(): Promise<{ home: string } & AsyncDisposable> {
  const folder = await tempHome()
  return {
    home: folder.home,
    async [Symbol.asyncDispose]() {
      await stopPostgres(folder.home)
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

test('the embedded database starts, is adopted, survives kill -9 with its data, and stops leaving no process', async () => {
  await using folder = await databaseHome()
  const { home } = folder

  const first = await ensurePostgres({ home })
  assert.equal(first.adopted, false)
  await query(first.url, 'create table kept (id int)')
  await query(first.url, 'insert into kept values (42)')

  const second = await ensurePostgres({ home })
  assert.deepEqual({ ...second, adopted: first.adopted }, first, 'a second start finds the first one')
  assert.equal(second.adopted, true)
  assert.equal(await embeddedUrl(home, first.port), first.url)

  const busy = query(first.url, 'select count(*) from generate_series(1, 1e9::bigint)').catch(() => 'cut off')
  await until(async () => (await query(first.url, `select 1 from pg_stat_activity where query like '%generate_series%' and state = 'active' and pid <> pg_backend_pid()`)).length, {
    because: 'a backend is busy',
  })
  process.kill(first.pid, 'SIGKILL')
  const third = await ensurePostgres({ home, port: first.port })
  assert.equal(await busy, 'cut off')
  assert.notEqual(third.pid, first.pid)
  assert.equal(third.port, first.port, 'the port is kept')
  assert.deepEqual(await query(third.url, 'select id from kept'), [{ id: 42 }])

  assert.equal(await stopPostgres(home), true)
  assert.equal(await stopPostgres(home), false, 'stopping twice is harmless')
  assert.deepEqual(await processesOf(dataFolderOf(home)), [])
  assert.equal(await findPostgres(home), undefined)
  assert.equal(await answersQuery(third.url, 500), false)
})

test('the pid file of a dead server that names a stranger is not believed', async () => {
  await using folder = await databaseHome()
  const { home } = folder
  const { pid, port } = await ensurePostgres({ home })
  const pidFile = join(dataFolderOf(home), 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8')
  await stopPostgres(home)
  const stranger = spawn('sleep', ['20'])
  await writeFile(pidFile, text.replace(String(pid), String(stranger.pid)))

  const again = await ensurePostgres({ home, port })
  assert.equal(again.adopted, false)
  assert.equal(stranger.exitCode, null, 'the stranger lives on')
  stranger.kill('SIGKILL')
  await once(stranger, 'exit')
})

test('passwords are private and another major version is refused with a way out', async () => {
  await using folder = await databaseHome()
  const { home } = folder
  const { url } = await ensurePostgres({ home })
  assert.equal((await stat(join(home, 'keys'))).mode & 0o777, 0o700)
  assert.equal((await stat(join(home, 'keys', 'pg.password'))).mode & 0o777, 0o600)
  const guess = new URL(url)
  guess.password = 'guess'
  await assert.rejects(query(guess.href, 'select 1'), /password authentication failed/)
  await stopPostgres(home)

  await writeFile(join(dataFolderOf(home), 'PG_VERSION'), '15\n')
  await assert.rejects(ensurePostgres({ home }), /made by PostgreSQL 15, this Nightshift carries 18/)
})

test('a home behind a closed folder works for root too, and no mount is left', { skip: process.getuid?.() !== 0 && 'only root has this difficulty' }, async () => {
  await using folder = await tempHome()
  await chmod(folder.home, 0o700)
  const home = join(folder.home, 'inner')
  await mkdir(home)
  await using _stopped = { [Symbol.asyncDispose]: async () => void (await stopPostgres(home)) }
  const { url, port } = await ensurePostgres({ home })
  assert.equal(await answersQuery(url, 2000), true)
  assert.equal((await ensurePostgres({ home })).adopted, true)
  await stopPostgres(home)
  assert.equal((await readFile('/proc/self/mountinfo', 'utf8')).includes(folder.home), false)
  assert.equal((await ensurePostgres({ home, port })).adopted, false)
  await stopPostgres(home)
})

test('a server that dies while it is being adopted is replaced', async () => {
  await using folder = await databaseHome()
  const { home } = folder
  const first = await ensurePostgres({ home })
  process.kill(first.pid, 'SIGSTOP') // it is there, and answers nothing
  const adopting = ensurePostgres({ home, port: first.port })
  setTimeout(() => process.kill(first.pid, 'SIGKILL'), 300)
  const second = await adopting
  assert.notEqual(second.pid, first.pid)
  assert.equal(second.adopted, false)
  assert.equal(await answersQuery(second.url, 5000), true)
})
