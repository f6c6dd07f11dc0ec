/** A Dockerfile: one service, web, with the image's own command. */
import { hasFile } from '../source.ts'
import type { Translation } from './types.ts'

export async function fromDockerfile(dir: string): Promise<Translation | null> {
  if (!(await hasFile(dir, 'Dockerfile'))) return null
  return { source: 'Dockerfile', manifest: { services: { web: { build: { builder: 'dockerfile' } } } }, notes: ["found Dockerfile: one service, web, with the image's own command; it must listen on $PORT"] }
}
