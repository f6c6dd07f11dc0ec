import { rmSync } from 'node:fs'
import { sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { isAlive, signal } from '#kernel/supervisor/identity.ts'
import type { Managed } from '#kernel/supervisor/managed.ts'
import { recordFile } from '#kernel/supervisor/node-process.ts'
import type { NightshiftProcesses } from './processes.ts'
import { stopAppsGraceMs, stopAppsSignal } from './signals.ts'

export type StopStep = (text: string) => void

/**
 * Stops every process of Nightshift on this machine; with `apps` first the apps, through an agent, which is started for it
 * where none runs. The database goes last. Idempotent.
 */
export async function stopAll(home: string, processes: NightshiftProcesses, options: { apps: boolean; say: StopStep }): Promise<void> {
  if (options.apps) await stopApps(home, processes.agent(), options.say)
  const postgres = processes.postgres()
  const others = processes.all().filter((each) => each !== postgres)
  // one that does not end must not keep the others from ending
  const ends = await Promise.allSettled(others.map((each) => stopOne(each, options.say)))
  if (postgres) await stopOne(postgres, options.say)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}

async function stopOne(each: Managed, say: StopStep): Promise<void> {
  const found = await each.find()
  await each.stop()
  if (found) say(`${each.name} stopped`)
}

async function stopApps(home: string, agent: Managed, say: StopStep): Promise<void> {
  let found = await agent.find()
  if (!found) {
    await agent.start(() => {})
    found = await agent.find()
  }
  for (const end = Date.now() + 30_000; (await agent.probe()) !== 'ready'; await sleep(100)) {
    if (!found || !isAlive(found)) throw new AppError('unavailable', `the agent that would stop the apps has ended (its log is ${agent.logFile})`)
    if (Date.now() > end) break // it may still take the signal
  }
  if (!found || !signal(found, stopAppsSignal)) return
  say('stopping apps')
  for (const end = Date.now() + stopAppsGraceMs; isAlive(found); await sleep(25)) {
    if (Date.now() > end) throw new AppError('unavailable', `the agent could not stop all apps within ${stopAppsGraceMs / 1000} s (its log is ${agent.logFile})`)
  }
  rmSync(recordFile(home, 'agent'), { force: true })
  say('apps stopped, and agent with them')
}
