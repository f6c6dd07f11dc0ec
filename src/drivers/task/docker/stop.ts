/** How a container is ended: asked, waited for, and then killed. */
import type Docker from 'dockerode'
import { sleep } from '#base/clock.ts'
import { childOf } from '../process/proc.ts'
import { engineMessage, statusOf } from './engine.ts'

/** What is left of a container after a SIGKILL: its processes in the kernel, seldom for long. */
const killedMs = 30_000

/** Returns when it has ended, or rejects. `patient`: the same container, which may be waited for. `enginePid`: of its init. */
export async function stopContainer({ container, patient }: { container: Docker.Container; patient: Docker.Container }, enginePid: number, { signal, graceMs }: { signal: string; graceMs: number }): Promise<void> {
  await settled(enginePid)
  await kill(container, signal)
  await withinGrace((abortSignal) => patient.wait({ condition: 'not-running', abortSignal }), graceMs)
  await kill(container, 'SIGKILL')
  await patient.wait({ condition: 'not-running', abortSignal: AbortSignal.timeout(killedMs) })
}

/** Waits until the init has started the app: it would swallow a signal that comes before. */
async function settled(enginePid: number): Promise<void> {
  for (let tries = 0; tries < 100 && childOf(enginePid) === null; tries++) await sleep(2)
}

/** Waits for the end, or for the grace; when the engine goes away meanwhile, for all of the grace. */
async function withinGrace(ended: (over: AbortSignal) => Promise<unknown>, graceMs: number): Promise<void> {
  const over = new AbortController()
  const grace = sleep(graceMs, over.signal).catch(() => {})
  await Promise.race([ended(over.signal).catch(() => grace), grace])
  over.abort()
}

async function kill(container: Docker.Container, signal: string): Promise<void> {
  try {
    await container.kill({ signal })
  } catch (error) {
    if (statusOf(error) !== 409 && statusOf(error) !== 404 && !/not running/i.test(engineMessage(error))) throw error
  }
}
