import { sleep } from '#base/clock.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import type { LogBatch } from '#contract/wire.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'

const retryMs = { min: 200, max: 10_000 }

/** Until control takes it, or refuses it for good: then it is skipped, and `what` it was is said. Throws once `signal` ends it. */
export async function sendBatch({ control, log, what }: { control: Pick<ControlClient, 'post'>; log: Log; what: string }, batch: LogBatch, signal: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await control.post('/internal/logs', batch, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (isAppError(error, 'invalid')) return log.error({ source: batch.source, error: messageOf(error) }, `control refuses a batch of ${what} for good; it is skipped`)
      await sleep(Math.min(retryMs.max, retryMs.min * 2 ** Math.min(tries, 10)), signal)
    }
  }
}
