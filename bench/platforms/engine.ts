/** What the Docker peers share: the engine, containers that run the program, and the label by which leftovers are found. */
import { join } from 'node:path'
import Engine from 'dockerode'
import { memoryMB } from './platform.ts'

export const engine = new Engine({ socketPath: '/var/run/docker.sock' })
export const label = 'nightshift.bench'
export const image = process.env['BENCH_IMAGE'] ?? 'nightshift/base:bookworm'
export const node = join(import.meta.dirname, '../../node_modules/node/bin/node')
export const memoryBytes = memoryMB * 1e6

export const isGone = (error: unknown): boolean => [404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)

/** Of a container that has no terminal: frames of eight bytes of head (stream, length) and a body. */
export function framed(log: Buffer): string[] {
  const parts: string[] = []
  for (let at = 0; at + 8 <= log.length; ) {
    const length = log.readUInt32BE(at + 4)
    parts.push(log.toString('utf8', at + 8, at + 8 + length))
    at += 8 + length
  }
  return parts.join('').split(/\r?\n/)
}

/** Runs a release's command in a container of its own. Throws what it says when it fails. */
export async function runCommand(name: string, command: string): Promise<void> {
  const container = await engine.createContainer({ Image: image, name: `${name}-release`, Labels: { [label]: '1' }, Cmd: ['/bin/sh', '-c', command], HostConfig: { NetworkMode: 'none' } })
  try {
    await container.start()
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number }
    if (code !== 0) throw new Error(`the release command exited with code ${code}`)
  } finally {
    await container.remove({ force: true })
  }
}

/** What a run that was killed has left. */
export async function sweep(): Promise<void> {
  const filters = { label: [label] }
  for (const { Id } of await engine.listContainers({ all: true, filters })) await engine.getContainer(Id).remove({ force: true, v: true })
  for (const { Id } of await engine.listNetworks({ filters })) await engine.getNetwork(Id).remove()
}
