/** A folder with an index.html, at its top or in public/. */
import { hasFile } from '../source.ts'
import type { Translation } from './types.ts'

export async function fromStatic(dir: string): Promise<Translation | null> {
  for (const name of ['index.html', 'public/index.html']) {
    if (await hasFile(dir, name)) return { source: name, manifest: { services: { web: {} } }, notes: [`found ${name}: a static site`] }
  }
  return null
}
