/** The login of `nightshift login`: `~/.config/nightshift/config.json`, readable by its owner only. */
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { AppError } from '#base/errors.ts'
import type { Io } from './output.ts'

export type Login = { url: string; token: string }

export function loginFile(env: Io['env']): string {
  const config = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? homedir(), '.config')
  return join(config, 'nightshift', 'config.json')
}

/** Undefined where nobody has logged in. Throws `invalid` for a file that isn't ours. */
export async function readLogin(env: Io['env']): Promise<Login | undefined> {
  const file = loginFile(env)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
  try {
    const { url, token } = JSON.parse(text) as Partial<Login>
    if (typeof url === 'string' && typeof token === 'string') return { url, token }
  } catch {}
  throw new AppError('invalid', `${file} is not a saved login (remove it, then: nightshift login)`)
}

/** Replaces the file whole, and never lets it be readable for others, not for a moment. */
export async function saveLogin(env: Io['env'], login: Login): Promise<string> {
  const file = loginFile(env)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const next = `${file}.${process.pid}`
  await writeFile(next, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 })
  await chmod(next, 0o600)
  await rename(next, file)
  return file
}

/** True if there was one. */
export async function removeLogin(env: Io['env']): Promise<boolean> {
  const login = await readLogin(env).catch(() => ({}))
  await rm(loginFile(env), { force: true })
  return login !== undefined
}
