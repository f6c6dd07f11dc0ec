import { sleep } from '#base/clock.ts'
import { ask } from '../rig/ask.ts'
import { interrupted } from '../rig/interrupt.ts'
import { lateMs } from '../rig/measure.ts'
import type { Scene } from '../rig/under-load.ts'

const everyMs = 50
export type Watched = {
  /** Until the platform's own state changed. */
  detectedAfterMs: number | null
  /** Until somebody new got an answer of a process that was not there before: callers who keep their connections may not meet it. */
  newAfterMs: number | null
}

/** All must have been well for so long. */
const wellMs = 2_500

/**
 * Does `act` and watches until it is over and callers have been well for a while, at most `limitMs` and as long as `act` takes.
 * Gives milliseconds; null: it never came to that.
 */
export async function watch(scene: Scene, act: () => Promise<unknown>, options: { isOfAll: boolean; limitMs: number }): Promise<Watched> {
  const { running, fromAt, before } = scene
  const first = await running.state()
  let isDone = false
  const acting = act().finally(() => (isDone = true))
  acting.catch(() => {}) // thrown below
  const watched: Watched = { detectedAfterMs: null, newAfterMs: null }
  const sinceMs = () => performance.now() - fromAt
  while (!isDone || sinceMs() < options.limitMs) {
    await sleep(everyMs, interrupted)
    if (watched.detectedAfterMs === null) {
      const state = await running.state()
      if (state !== null && state !== first) watched.detectedAfterMs = sinceMs()
    }
    if (watched.newAfterMs === null) {
      const answer = await ask(running.url, 200)
      if (answer?.status === 200 && !before.has(answer.process)) watched.newAfterMs = sinceMs()
    }
    if (isDone && watched.newAfterMs !== null && isWell(scene, options.isOfAll, performance.now())) break
  }
  await acting
  return watched
}

/** No request waits or failed lately, and (of all) none of the processes before answers any more. */
function isWell({ load, before, fromAt }: Scene, isOfAll: boolean, now: number): boolean {
  if (now - fromAt < wellMs || now - (load.waitingSince() ?? now) > lateMs / 2) return false
  const recent = load.outcomes.filter((one) => one.endedAt > Math.max(fromAt, now - wellMs))
  if (recent.some((one) => one.process === null || one.endedAt - one.dueAt > lateMs)) return false
  return !isOfAll || !recent.some((one) => one.process !== null && before.has(one.process))
}
