/** Nothing to build: the source is what runs. Fits whenever a Procfile or a manifest names the processes. */
import { manifestNames } from '#contract/manifest-text.ts'
import { parseProcfile } from '#run/manifest/translate/procfile.ts'
import { hasFile, readSource } from '#run/manifest/source.ts'
import type { Builder } from '../types.ts'

export const noneBuilder: Builder = {
  name: 'none',
  async detect(dir) {
    if (await hasFile(dir, 'Procfile')) return { because: 'a Procfile names the processes and nothing has to be built' }
    for (const name of manifestNames) if (await hasFile(dir, name)) return { because: `${name} names the services and nothing has to be built` }
    return null
  },
  async plan({ dir }) {
    return { runtime: 'none', steps: [], processes: await procfileProcesses(dir), path: [] }
  },
}

/** What the Procfile of a folder says, without `release`. */
export async function procfileProcesses(dir: string): Promise<Record<string, string>> {
  const text = await readSource(dir, 'Procfile')
  if (text === null) return {}
  const processes = Object.fromEntries(parseProcfile(text))
  delete processes['release']
  return processes
}
