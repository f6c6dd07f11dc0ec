/**
 * The embedded PostgreSQL of one home: made at the first start, started detached (it outlives whoever started it),
 * found again by its pid file, recovered after a kill -9, stopped gracefully.
 *
 * Not for an external database: with DATABASE_URL nothing here is called.
 * Invariants: it listens on loopback only, asks for a password (SCRAM) that lies 0600 in `<home>/keys/pg.password`,
 * syncs to disk, and one data folder has one server.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { chmod, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import { sleep } from '#base/clock.ts'
import { AppError, messageOf } from '#base/errors.ts'
import { newSecret } from '#base/ids.ts'
import { binariesIn, findBinaries } from './binaries.ts'
import { databaseName, ensureCluster, serverEnv, serverSettings, superuser } from './cluster.ts'
import { databaseOwner, giveBack, passable } from './owner.ts'
import { clearRemains, findPostmaster, stopPostmaster } from './postmaster.ts'

export type EmbeddedPostgres = { url: string; pid: number; port: number; /** It ran already. */ adopted: boolean }

export function dataFolderOf(home: string): string {
  return join(home, 'pg')
}

/** The database's address, with the password of this home. Throws `not-found` before the first start. */
export async function embeddedUrl(home: string, port: number): Promise<string> {
  try {
    const password = (await readFile(passwordFileOf(home), 'utf8')).trim()
    return urlOf(port, password)
  } catch (cause) {
    throw new AppError('not-found', `${home} has no embedded database yet (start it with: nightshift postgres --home ${home})`, { cause })
  }
}

/**
 * Starts the server unless it runs, and returns when it answers queries. Idempotent.
 * @param options.port  preferred port; 0 or a taken one = any free port. A running server keeps the port it has.
 * @param options.durable  false for tests: nothing is synced to disk
 * @param options.timeoutMs  how long recovery after a crash may take
 */
export async function ensurePostgres(options: {
  home: string
  port?: number
  durable?: boolean
  timeoutMs?: number
  signal?: AbortSignal
  /** Called when a server that this call started ends, as long as this process lives. */
  onExit?: () => void
}): Promise<EmbeddedPostgres> {
  const { home } = options
  const end = Date.now() + (options.timeoutMs ?? 120_000)
  const dataFolder = dataFolderOf(home)
  const password = await ensurePassword(home)
  const adopted = await adopt(dataFolder, password, end, options.signal)
  if (adopted) return adopted

  const owner = await databaseOwner()
  let binaries = findBinaries()
  if (owner) {
    const { mode } = await stat(home)
    if ((mode & 0o001) === 0) await chmod(home, (mode & 0o777) | 0o011) // others may pass through a home, not list it
    binaries = binariesIn(await passable(binaries.folder, owner))
  }
  await ensureCluster({ dataFolder, binaries, owner, password })
  await clearRemains(dataFolder)
  const place = owner ? await passable(dataFolder, owner) : dataFolder
  const port = await freePortNear(options.port ?? 0)
  const log = openLog(home)
  const child = spawn(binaries.postgres, ['-D', place, ...serverSettings(port, { durable: options.durable ?? true })], {
    ...owner,
    cwd: place,
    env: serverEnv(),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  closeSync(log.fd)
  let ended: string | undefined
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code, signal) => {
    ended = signal ?? `exit code ${code}`
    options.onExit?.()
  })
  child.unref()
  try {
    await untilAnswers({ pid: child.pid ?? 0, port, dataFolder: place, password, end, signal: options.signal, ended: () => ended })
  } catch (error) {
    throw new AppError('unavailable', `${messageOf(error)}${await lastLines(log.path, log.sizeBefore)}`, { cause: error })
  }
  return { url: urlOf(port, password), pid: child.pid ?? 0, port, adopted: false }
}

/** The server that runs, once it answers; undefined where none runs, or where it ended while it was waited for (killed a moment ago). */
async function adopt(dataFolder: string, password: string, end: number, signal: AbortSignal | undefined): Promise<EmbeddedPostgres | undefined> {
  const running = await findPostmaster(dataFolder)
  if (!running) return undefined
  const ended = async () => ((await findPostmaster(dataFolder))?.pid === running.pid ? undefined : 'it was killed')
  if (running.port === 0) {
    await stopPostmaster(dataFolder) // started, but it never got as far as a port
    return undefined
  }
  try {
    await untilAnswers({ ...running, password, end, signal, ended })
  } catch (error) {
    if ((await ended()) !== undefined) return undefined
    throw error
  }
  return { url: urlOf(running.port, password), pid: running.pid, port: running.port, adopted: true }
}

/** Stops the server of this home if it runs: fast shutdown, so nothing is lost. Returns whether one ran. Idempotent. */
export async function stopPostgres(home: string, options: { graceMs?: number } = {}): Promise<boolean> {
  const stopped = await stopPostmaster(dataFolderOf(home), options)
  if (process.getuid?.() === 0) for (const folder of [dataFolderOf(home), findBinaries().folder]) if (existsSync(folder)) await giveBack(folder)
  return stopped
}

/** The running server's pid and port, or undefined. Does not ask it anything. */
export async function findPostgres(home: string): Promise<{ pid: number; port: number } | undefined> {
  const postmaster = await findPostmaster(dataFolderOf(home))
  return postmaster && { pid: postmaster.pid, port: postmaster.port }
}

/** True when the database answers a query within `timeoutMs`; a refusal for lack of free connections is an answer too. */
export async function answersQuery(url: string, timeoutMs: number): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    return (error as { code?: string }).code === '53300' // too_many_connections
  } finally {
    void client.end().catch(() => {})
  }
}

function urlOf(port: number, password: string, database = databaseName): string {
  return `postgres://${superuser}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

function passwordFileOf(home: string): string {
  return join(home, 'keys', 'pg.password')
}

async function ensurePassword(home: string): Promise<string> {
  await mkdir(join(home, 'keys'), { recursive: true })
  await chmod(join(home, 'keys'), 0o700)
  const file = passwordFileOf(home)
  try {
    await writeFile(file, newSecret(), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(file, 'utf8')).trim()
}

function openLog(home: string): { path: string; fd: number; sizeBefore: Promise<number> } {
  mkdirSync(join(home, 'log'), { recursive: true })
  const path = join(home, 'log', 'postgres.log')
  const sizeBefore = stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  return { path, fd: openSync(path, 'a', 0o600), sizeBefore }
}

async function lastLines(path: string, from: Promise<number>): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const start = Math.max(await from, size - 2000)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(2000), position: start })
    const text = buffer.toString('utf8', 0, bytesRead).trim()
    return text === '' ? ` (its log is ${path})` : `; its last words:\n${text}`
  } finally {
    await file.close()
  }
}

/** Waits for the server's first answer to a query, makes our database if it is absent, and checks that it is the server we mean. */
async function untilAnswers(server: {
  pid: number
  port: number
  dataFolder: string
  password: string
  end: number
  signal: AbortSignal | undefined
  ended: () => string | undefined | Promise<string | undefined>
}): Promise<void> {
  for (let last = 'no answer yet'; ; ) {
    const ended = await server.ended()
    if (ended !== undefined) throw new AppError('unavailable', `PostgreSQL in ${server.dataFolder} ended while starting: ${ended}`)
    const client = new Client({ connectionString: urlOf(server.port, server.password, 'postgres'), connectionTimeoutMillis: 5000, query_timeout: 30_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await prepare(client, server.dataFolder)
      return
    } catch (error) {
      last = messageOf(error)
      const code = (error as { code?: string }).code ?? ''
      if (code.startsWith('28'))
        throw new AppError('unavailable', `PostgreSQL in ${server.dataFolder} refuses the password of this home (keys/pg.password was replaced?): ${last}`)
      if (error instanceof AppError) throw error
    } finally {
      await client.end().catch(() => {})
    }
    if (Date.now() > server.end) throw new AppError('unavailable', `PostgreSQL ${server.pid} in ${server.dataFolder} does not answer: ${last}`)
    await sleep(30, server.signal)
  }
}

async function prepare(client: Client, dataFolder: string): Promise<void> {
  const { rows } = await client.query<{ folder: string; known: boolean }>(
    `select current_setting('data_directory') as folder, exists(select 1 from pg_database where datname = $1) as known`,
    [databaseName],
  )
  const [row] = rows
  if (row?.folder !== dataFolder) throw new AppError('conflict', `another PostgreSQL (${row?.folder}) answers in place of ${dataFolder}`)
  if (row.known) return
  try {
    await client.query(`create database ${escapeIdentifier(databaseName)}`)
  } catch (error) {
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error // another start made it meanwhile
  }
}

/** `wanted` if nobody listens there, else any free port. */
async function freePortNear(wanted: number): Promise<number> {
  for (const port of wanted > 0 ? [wanted, 0] : [0]) {
    const got = await new Promise<number>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(0))
      server.listen(port, '127.0.0.1', () => {
        const { port: free } = server.address() as { port: number }
        server.close(() => resolve(free))
      })
    })
    if (got > 0) return got
  }
  throw new AppError('unavailable', 'no free port on 127.0.0.1')
}
