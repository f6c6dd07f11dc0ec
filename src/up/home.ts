/**
 * The data home of one machine: its folders, its keys (made at the first start) and `config.json`, which remembers the
 * ports that were chosen so that a restart keeps them.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AppError } from '#base/errors.ts'
import { newSecret } from '#base/ids.ts'
import { readJson, writeJson } from '#kernel/supervisor/json-file.ts'
import { assertSocketPath } from '#kernel/supervisor/status-socket.ts'

export type DriverKind = 'process' | 'docker'

export type HomeConfig = {
  machine: string
  apiHost: string
  apiPort: number
  /** Whose X-Forwarded-* the API believes; left out: nobody's. */
  trustedProxy?: string | undefined
  /** null: every address of this machine. */
  httpHost: string | null
  httpPort: number
  httpsPort: number | null
  dnsPort: number
  /** Of the embedded database; unused with DATABASE_URL. */
  databasePort: number
  /** Chosen once: an engine that is away for a moment must not move apps to another driver. */
  driver: DriverKind
}

const text = (value: unknown) => typeof value === 'string' && value !== ''
const port = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
const orNull = (check: (value: unknown) => boolean) => (value: unknown) => value === null || check(value)

/** By hand and not by a schema: this is in every process, and a schema library would take 10 MB of each. */
const checks: Record<keyof Required<HomeConfig>, (value: unknown) => boolean> = {
  machine: text,
  apiHost: text,
  apiPort: port,
  trustedProxy: (value) => value === undefined || text(value),
  httpHost: orNull(text),
  httpPort: port,
  httpsPort: orNull(port),
  dnsPort: port,
  databasePort: port,
  driver: (value) => value === 'process' || value === 'docker',
}

export function configFile(home: string): string {
  return join(home, 'config.json')
}

/** The saved configuration, or undefined before the first start. Throws `invalid` for one that was edited into nonsense. */
export function readConfig(home: string): HomeConfig | undefined {
  const raw = readJson(configFile(home), (value) => value)
  if (raw === undefined) return undefined
  const config = (raw ?? {}) as HomeConfig
  const wrong = (Object.keys(checks) as (keyof HomeConfig)[]).find((name) => !checks[name](config[name]))
  if (wrong === undefined) return config
  throw new AppError('invalid', `${configFile(home)} is not right at "${wrong}": ${JSON.stringify(config[wrong])} (mend it, or remove the file to choose anew)`)
}

/** What is saved already is not written again: a start on a full disk must not fail of it. */
export function saveConfig(home: string, config: HomeConfig): void {
  const saved = readJson(configFile(home), (value) => value)
  if (!isDeepStrictEqual(saved, config)) writeJson(configFile(home), config)
}

/** Makes folders and keys that are absent. Idempotent. */
export function prepareHome(home: string): void {
  assertSocketPath(join(home, 'run', 'control.status.sock'))
  // as root, apps run as users of their own and pass through here; nobody may list it
  mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  for (const [folder, mode] of [
    ['keys', 0o700],
    ['run', 0o700],
    ['log', 0o700],
  ] as const) {
    mkdirSync(join(home, folder), { recursive: true, mode })
    chmodSync(join(home, folder), mode)
  }
  makeKey(home, 'secret.key', () => randomBytes(32).toString('base64'))
  makeKey(home, 'machine.token', newSecret)
  makeKey(home, 'admin.token', newSecret)
}

function makeKey(home: string, name: string, make: () => string): void {
  try {
    writeFileSync(join(home, 'keys', name), `${make()}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

export function readKey(home: string, name: 'secret.key' | 'machine.token' | 'admin.token'): string {
  const file = join(home, 'keys', name)
  let text = ''
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new AppError('not-found', `cannot read ${file} (nightshift up makes it; only the user that runs Nightshift may read it)`, { cause })
  }
  if (text === '') throw new AppError('invalid', `${file} is empty (the disk was full when it was made? remove it, and nightshift up makes another)`)
  return text
}

/** The name of this machine in Nightshift: its host name, made to fit the grammar. */
export function machineOf(name = hostname()): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 63).replace(/-+$/, '') || 'machine'
}
