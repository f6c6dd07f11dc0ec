/** How a container is ended: asked, waited for, and then killed. */
import type Docker from 'dockerode'
import { sleep } from '#base/clock.ts'
import { childOf } from '../process/proc.ts'
import { engineMessage, statusOf } from './engine.ts'

/** Returns when it has ended. `enginePid`: of its init. */
export async function stopContainer(container: Docker.Container, enginePid: number, { signal, graceMs }: { signal: string; graceMs: number }): Promise<void> {
  await settled(enginePid)
  await kill(container, signal)
  await withinGrace(container.wait({ condition: 'not-running' }), graceMs)
  await kill(container, 'SIGKILL')
  await container.wait({ condition: 'not-running' })
}

/** Waits until the init has started the app: it would swallow a signal that comes before. */
async function settled(enginePid: number): Promise<void> {
  for (let tries = 0; tries < 100 && childOf(enginePid) === null; tries++) await sleep(2)
}

/** Waits for the end, or for the grace; when the engine goes away meanwhile, for all of the grace. */
async function withinGrace(ended: Promise<unknown>, graceMs: number): Promise<void> {
  const over = new AbortController()
  const grace = sleep(graceMs, over.signal).catch(() => {})
  await Promise.race([ended.catch(() => grace), grace])
  over.abort()
}

async function kill(container: Docker.Container, signal: string): Promise<void> {
  try {
    await container.kill({ signal })
  } catch (error) {
    if (statusOf(error) !== 409 && statusOf(error) !== 404 && !/not running/i.test(engineMessage(error))) throw error
  }
}
