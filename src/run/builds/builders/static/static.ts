/** A folder of files, served by a small server of ours that is copied into the slug, so that it runs wherever the slug does. */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { AppError } from '#base/errors.ts'
import { hasFile } from '#run/manifest/source.ts'
import { procfileProcesses } from '../none/none.ts'
import type { Builder, Step } from '../types.ts'

const staticServerName = '.nightshift/static-server.mjs'

/** Where built sites are usually put, best first. */
const folders = ['public', 'dist', 'build', 'out', '_site', '.']

export const staticBuilder: Builder = {
  name: 'static',
  async detect(dir) {
    for (const folder of ['.', 'public']) if (await hasFile(dir, join(folder, 'index.html'))) return { because: `there is ${join(folder, 'index.html')}` }
    return null
  },
  async plan({ dir, top }) {
    const folder = (await hasFile(dir, 'index.html')) ? '.' : await siteFolder(dir)
    if (folder === null) throw new AppError('invalid', `there is no index.html to serve (looked in ${folders.join(', ')})`)
    return { runtime: 'static files', steps: [await staticServerStep(top)], processes: { web: staticCommand(dir, top, folder), ...(await procfileProcesses(dir)) }, path: [] }
  },
}

/** The folder below `dir` that holds a site, or null. */
export async function siteFolder(dir: string): Promise<string | null> {
  for (const folder of folders) if (await hasFile(dir, join(folder, 'index.html'))) return folder
  return null
}

export async function staticServerStep(top: string): Promise<Step> {
  return { kind: 'write', path: join(top, staticServerName), content: await readFile(join(import.meta.dirname, 'static-server.js'), 'utf8') }
}

export function staticCommand(dir: string, top: string, folder: string): string {
  return `exec node ${join(relative(dir, top), staticServerName)} ${folder}`
}
