/**
 * A PostgreSQL server for tests, and fresh databases in it. `npm test` starts one server for all files and names it in
 * NIGHTSHIFT_TEST_DATABASE_URL; a test file run alone starts its own, which goes when the file's process goes.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Client, escapeIdentifier } from 'pg'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import { migrate, schemaDir } from '#kernel/db/migrate.ts'
import { ensurePostgres, stopPostgres } from '#kernel/postgres/embedded.ts'

let server: Promise<string> | undefined
let template: Promise<string> | undefined

/** The URL of a server on which databases may be made. */
function testServer(): Promise<string> {
  server ??= process.env['NIGHTSHIFT_TEST_DATABASE_URL'] ? Promise.resolve(process.env['NIGHTSHIFT_TEST_DATABASE_URL']) : startTestServer().then(({ url }) => url)
  return server
}

/** A server without syncs in a folder of its own. It ends with `stop`, and also when this process dies without a word. */
export async function startTestServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), 'nightshift-testdb-'))
  chmodSync(home, 0o711)
  const { url, pid } = await ensurePostgres({ home, durable: false })
  // The watcher's input closes when we die, however we die.
  const script = 'read -r _; kill -QUIT "$1"; i=0; while kill -0 "$1" && [ $i -lt 60 ]; do sleep 0.05; i=$((i+1)); done; rm -rf "$2"'
  const watcher = spawn('/bin/sh', ['-c', script, 'watcher', String(pid), home], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  watcher.unref()
  ;(watcher.stdin as unknown as { unref(): void }).unref()
  return {
    url,
    async stop() {
      await stopPostgres(home, { graceMs: 2000 })
      rmSync(home, { recursive: true, force: true })
      watcher.kill('SIGKILL')
    },
  }
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function on(url: string, database: string): string {
  const at = new URL(url)
  at.pathname = `/${database}`
  return at.href
}

/** The name of a database with all migrations applied, made once per server and schema. */
async function migratedTemplate(url: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(schemaDir)).filter((each) => each.endsWith('.sql')).sort())
    hash.update(name).update(await readFile(join(schemaDir, name)))
  const name = `template_${hash.digest('hex').slice(0, 16)}`
  await withClient(url, async (client) => {
    await client.query('select pg_advisory_lock(7204812)') // released with the connection
    const { rows } = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [name])
    if (rows.length > 0) return
    await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
    await client.query(`create database ${escapeIdentifier(name)}`)
    const database = openDatabase(on(url, name), { max: 2 })
    try {
      await migrate(database)
    } finally {
      await database.close()
    }
    await client.query(`alter database ${escapeIdentifier(name)} is_template true`)
  })
  return name
}

export type TestDatabase = { url: string } & AsyncDisposable

/**
 * A fresh database with all migrations applied (about 50 ms). `await using` drops it; else it goes with the server.
 * @param options.migrated  false: an empty one
 */
export async function testDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const url = await testServer()
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`
  let from = 'template0'
  if (options.migrated !== false) {
    template ??= migratedTemplate(url)
    from = await template
  }
  await withClient(url, (client) => client.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(from)} strategy file_copy`))
  return {
    url: on(url, name),
    async [Symbol.asyncDispose]() {
      await withClient(url, (client) => client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`))
    },
  }
}

/** A database for all tests of a file, which goes with them. Called once, at the top of the file. */
export async function fileDatabase(options: { max?: number } = {}): Promise<Database> {
  const database = await testDatabase()
  const db = openDatabase(database.url, options)
  after(async () => {
    await db.close()
    await database[Symbol.asyncDispose]()
  })
  return db
}
