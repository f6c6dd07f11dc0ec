/** package.json: one service, web; its command is found by the Node builder (scripts.start, else server.js, else what was built). */
import { readJson } from '../source.ts'
import type { Translation } from './types.ts'

export async function fromPackageJson(dir: string): Promise<Translation | null> {
  const json = await readJson(dir, 'package.json')
  if (json === null) return null
  const start = (json['scripts'] as Record<string, unknown> | undefined)?.['start']
  const notes = [typeof start === 'string' ? `read package.json: web runs its start script (${start.slice(0, 100)})` : 'read package.json: it has no start script']
  return { source: 'package.json', manifest: { services: { web: {} } }, notes }
}
