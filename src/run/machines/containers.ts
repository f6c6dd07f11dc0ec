import { sleep } from '#base/clock.ts'
import type { Db } from '#kernel/db/db.ts'
import { runsContainers } from './read.ts'

const firstAgentMs = 15_000
const lookMs = 100

/**
 * Whether apps run in containers here. An agent that is away for a moment changes nothing, and right after a start the first is waited for:
 * else an app with a Dockerfile would be built in another way, only because it came too soon.
 */
export async function inContainers(db: Db): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const known = await runsContainers(db)
    if (known !== null || waitedMs >= firstAgentMs) return known ?? false
    await sleep(lookMs)
  }
}
