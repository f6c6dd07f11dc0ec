import { sleep } from '#base/clock.ts'
import { AppError } from '#base/errors.ts'
import { isAlive, signal } from '#kernel/supervisor/identity.ts'
import { holderOf, takeLock } from '#kernel/supervisor/lock.ts'
import { readConfig } from './home.ts'
import type { ProcessOptions } from './options.ts'
import { nightshiftProcesses } from './processes.ts'
import { endSignal, stopAppsGraceMs, stopAppsSignal } from './signals.ts'
import { stopAll } from './stop.ts'
import { supervisorLockFile } from './up.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** `nightshift down`: through the supervisor where one lives, else by the run records. Idempotent. */
export async function runDown(options: ProcessOptions): Promise<number> {
  const { home } = options
  const config = readConfig(home)
  if (!config) throw new AppError('not-found', `there is no Nightshift in ${home} (name its data folder with --home DIR)`)
  const holder = holderOf(supervisorLockFile(home))
  if (holder) {
    signal(holder, options.apps ? stopAppsSignal : endSignal)
    for (const end = Date.now() + stopAppsGraceMs + 60_000; isAlive(holder); await sleep(50))
      if (Date.now() > end) throw new AppError('unavailable', `the supervisor (pid ${holder.pid}) does not end (its log is ${home}/log/up.log)`)
  } else {
    // the lock keeps a `nightshift up` from starting what is being stopped
    const lock = await takeLock(supervisorLockFile(home))
    if ('heldBy' in lock) throw new AppError('conflict', `${home} is being started at this moment (pid ${lock.heldBy.pid})`)
    try {
      const processes = nightshiftProcesses(home, config, options.databaseUrl)
      const found = await Promise.all(processes.all().map((each) => each.find()))
      if (!options.apps && found.every((each) => each === undefined)) {
        say(`Nightshift is not running in ${home}: there was nothing to stop`)
        return 0
      }
      await stopAll(home, processes, { apps: options.apps, say })
    } finally {
      lock.release()
    }
  }
  say(options.apps ? 'Nightshift and its apps are stopped' : 'Nightshift is stopped; apps run on (stop them too with: nightshift down --apps)')
  return 0
}
