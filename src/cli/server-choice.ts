/**
 * Which Nightshift a command speaks to. The first of these that is there wins:
 * `--url` · `--home` · NIGHTSHIFT_URL · NIGHTSHIFT_HOME · the saved login · the default data folder of this machine.
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError, messageOf } from '#base/errors.ts'
import type { Io } from './output.ts'
import { readLogin } from './saved-login.ts'

export type ServerChoice = {
  /** Without a trailing slash. */
  url: string
  token: string | undefined
  /** Where this choice comes from, for `whoami` and errors. */
  from: string
}

type Flags = { url: string | undefined; token: string | undefined; home: string | undefined }

export async function chooseServer(flags: Flags, env: Io['env']): Promise<ServerChoice> {
  const choice = (await named(flags, env)) ?? (await unnamed(env))
  if (choice === undefined) {
    throw new AppError('unavailable', `no Nightshift to speak to. Ways to name one:
  nightshift login --url URL            save an address and a token for this user
  NIGHTSHIFT_URL and NIGHTSHIFT_TOKEN   in the environment (or --url and --token)
  --home DIR or NIGHTSHIFT_HOME         a data folder on this machine, whose admin token is used
  nightshift up                         start one here; its default data folder is ${defaultHome(env)}`)
  }
  return choice
}

async function named(flags: Flags, env: Io['env']): Promise<ServerChoice | undefined> {
  const token = flags.token ?? filled(env['NIGHTSHIFT_TOKEN'])
  if (flags.url !== undefined) return byUrl(flags.url, token, '--url', env)
  if (flags.home !== undefined) return byHome(flags.home, flags.token, '--home')
  const url = filled(env['NIGHTSHIFT_URL'])
  if (url !== undefined) return byUrl(url, token, 'NIGHTSHIFT_URL', env)
  const home = filled(env['NIGHTSHIFT_HOME'])
  return home === undefined ? undefined : byHome(home, flags.token, 'NIGHTSHIFT_HOME')
}

async function unnamed(env: Io['env']): Promise<ServerChoice | undefined> {
  const saved = await readLogin(env)
  if (saved !== undefined) return { url: saved.url, token: saved.token, from: 'the saved login' }
  const home = defaultHome(env)
  return (await readConfig(home)) === undefined ? undefined : byHome(home, undefined, `the data folder ${home}`)
}

/** A token saved for another address is never sent to this one. */
async function byUrl(text: string, token: string | undefined, from: string, env: Io['env']): Promise<ServerChoice> {
  const url = apiUrl(text)
  if (token !== undefined) return { url, token, from }
  const saved = await readLogin(env)
  return { url, token: saved?.url === url ? saved.token : undefined, from }
}

export function defaultHome(env: Io['env']): string {
  return process.getuid?.() === 0 ? '/var/lib/nightshift' : join(env['HOME'] ?? homedir(), '.nightshift')
}

/** `http://host:7400/` → `http://host:7400`. Throws `invalid`. */
export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new AppError('invalid', `"${text}" is not the address of an API (write it like https://nightshift.example.com or http://127.0.0.1:7400)`)
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

async function byHome(folder: string, token: string | undefined, from: string): Promise<ServerChoice> {
  const home = resolve(folder)
  const config = await readConfig(home)
  if (config === undefined) throw new AppError('unavailable', `there is no Nightshift in ${home} (it has no config.json; start one there: nightshift up --home ${home})`)
  return { url: `http://127.0.0.1:${config.apiPort}`, token: token ?? (await adminToken(home)), from }
}

async function readConfig(home: string): Promise<{ apiPort: number } | undefined> {
  const file = join(home, 'config.json')
  const text = await readOrMissing(file)
  if (text === undefined) return undefined
  try {
    const { apiPort } = JSON.parse(text) as { apiPort?: unknown }
    if (typeof apiPort === 'number') return { apiPort }
  } catch {}
  throw new AppError('invalid', `${file} names no apiPort (was it edited? nightshift up --home ${home} writes it)`)
}

async function adminToken(home: string): Promise<string> {
  const file = join(home, 'keys', 'admin.token')
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new AppError('unauthenticated', `cannot read the admin token: ${messageOf(error)} (only the user that runs Nightshift may; others use NIGHTSHIFT_URL and NIGHTSHIFT_TOKEN, or nightshift login)`, { cause: error })
  }
}

async function readOrMissing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

function filled(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
