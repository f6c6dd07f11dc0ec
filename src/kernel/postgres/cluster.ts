import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '#base/errors.ts'
import type { PostgresBinaries } from './binaries.ts'
import { type Owner, giveBack, passable } from './owner.ts'

const run = promisify(execFile)

export const superuser = 'nightshift'
export const databaseName = 'nightshift'

/**
 * Makes the data folder if it is absent. It is made aside and appears by rename: a half-made cluster is never taken for one.
 * Throws `conflict` when what is there belongs to another major version. Idempotent.
 */
export async function ensureCluster(options: {
  dataFolder: string
  binaries: PostgresBinaries
  owner: Owner | undefined
  password: string
}): Promise<'made' | 'found'> {
  const { dataFolder, binaries } = options
  const found = await majorOf(dataFolder)
  if (found === binaries.major) return 'found'
  if (found !== undefined)
    throw new AppError(
      'conflict',
      `the database in ${dataFolder} was made by PostgreSQL ${found}, this Nightshift carries ${binaries.major} (start the older Nightshift and take a dump, or set DATABASE_URL to a server of your own)`,
    )
  const half = `${dataFolder}.half`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { mode: 0o700 })
  await writeFile(join(half, 'password'), options.password, { mode: 0o600 })
  let place = half
  if (options.owner) {
    for (const path of [join(half, 'password'), half]) await chown(path, options.owner.uid, options.owner.gid)
    place = await passable(half, options.owner)
  }
  try {
    await run(
      binaries.initdb,
      ['-D', join(place, 'data'), '-U', superuser, '--pwfile', join(place, 'password')].concat(
        ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        ['--no-instructions'],
      ),
      { ...options.owner, cwd: place, env: serverEnv() },
    )
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new AppError('unavailable', `initdb failed in ${half}: ${stderr.trim() || String(error)}`, { cause: error })
  }
  await writeFile(join(half, 'data', 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
  await chmod(join(half, 'data'), 0o700)
  await giveBack(half)
  await rename(join(half, 'data'), dataFolder)
  await rm(half, { recursive: true, force: true })
  return 'made'
}

async function majorOf(dataFolder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataFolder, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** No variable of ours reaches the server: it has no use for any. */
export function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

/**
 * Settings on the command line, so that those of this version hold and none of an older one lingers in a file.
 * Sized for a small machine: an idle server takes about 40 MB beside the shared 64 MB that fill on use.
 */
export function serverSettings(port: number, options: { durable: boolean }): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1', // never wider: the bundled libraries are old
    unix_socket_directories: '',
    max_connections: '80',
    shared_buffers: '64MB',
    work_mem: '8MB',
    maintenance_work_mem: '48MB',
    max_wal_size: '512MB',
    wal_compression: 'pglz',
    io_method: 'sync', // the default's worker processes cost memory that a small machine misses
    autovacuum_max_workers: '2',
    max_parallel_workers_per_gather: '0',
    huge_pages: 'off',
    log_line_prefix: '%m [%p] %q%a ',
    log_timezone: 'UTC',
    timezone: 'UTC',
    idle_in_transaction_session_timeout: '60s',
    tcp_keepalives_idle: '30',
  }
  if (!options.durable) Object.assign(settings, { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' })
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
