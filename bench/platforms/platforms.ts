/** All that run an app and start again what ends: ours and its peers. A bench takes those that are wanted and can take part. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { engineAnswers } from '#test/harness/docker.ts'
import { say } from '../rig/report.ts'
import { dockers } from './docker.ts'
import { sweep } from './engine.ts'
import { nightshiftOn } from './nightshift.ts'
import type { Platform } from './platform.ts'
import { pm2 } from './pm2.ts'
import { swarm } from './swarm.ts'

const all: readonly Platform[] = [nightshiftOn('process'), nightshiftOn('docker'), ...dockers, swarm, pm2]

/** @param only  names or parts of them, separated by commas */
export async function platforms(only: string): Promise<Platform[]> {
  const hasEngine = await engineAnswers(undefined)
  if (hasEngine) await sweep()
  const found = (program: string) => (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
  return chosen(all, only).filter((platform) => {
    const lacks = [...platform.programs.filter((program) => !found(program)), ...(platform.docker && !hasEngine ? ['a Docker engine'] : [])]
    if (lacks.length > 0) say(`left out: ${platform.name}, for lack of ${lacks.join(', ')}`)
    return lacks.length === 0
  })
}

export function chosen<T extends { name: string }>(things: readonly T[], only: string): T[] {
  const found = things.filter(({ name }) => only.split(',').some((part) => name.includes(part.trim())))
  if (found.length === 0) throw new Error(`"${only}" is none of ${things.map(({ name }) => name).join(', ')}`)
  return found
}
