/**
 * Which app a command speaks of: `--app` · NIGHTSHIFT_APP · `name` in nightshift.yml · the link `.nightshift-app`.
 * The folder's own name counts only for the first deploy of a new app; `deploy` asks for it with `folderName`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { manifestNames } from '#contract/manifest-text.ts'
import type { Io } from './output.ts'

export type AppChoice = { app: string; from: '--app' | 'NIGHTSHIFT_APP' | 'nightshift.yml' | '.nightshift-app' }

export const linkName = '.nightshift-app'

export async function chooseApp(flag: string | undefined, env: Io['env'], folder: string): Promise<AppChoice | undefined> {
  if (flag !== undefined) return { app: flag, from: '--app' }
  const named = env['NIGHTSHIFT_APP']
  if (named !== undefined && named !== '') return { app: named, from: 'NIGHTSHIFT_APP' }
  const fromManifest = await manifestName(folder)
  if (fromManifest !== undefined) return { app: fromManifest, from: 'nightshift.yml' }
  const linked = (await textOf(join(folder, linkName)))?.trim()
  return linked ? { app: linked, from: '.nightshift-app' } : undefined
}

export function chooseEnvironment(flag: string | undefined, env: Io['env']): string {
  return flag ?? (env['NIGHTSHIFT_ENVIRONMENT'] || 'production')
}

export async function linkFolder(folder: string, app: string): Promise<void> {
  await writeFile(join(folder, linkName), `${app}\n`)
}

/** A folder's name as an app's name: `My Shop_2` → `my-shop-2`. Undefined if nothing fit is left. */
export function folderName(folder: string): string | undefined {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  return name === '' ? undefined : name
}

async function manifestName(folder: string): Promise<string | undefined> {
  for (const file of manifestNames) {
    const text = await textOf(join(folder, file))
    if (text === undefined) continue
    if (!/^\s*["']?name["']?\s*:/m.test(text) && !text.trimStart().startsWith('{')) return undefined
    const { parse } = await import('yaml')
    try {
      const name = (parse(text) as { name?: unknown } | null)?.name
      return typeof name === 'string' ? name : undefined
    } catch {
      return undefined // what is wrong with it, the deploy says with line and column
    }
  }
  return undefined
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}
