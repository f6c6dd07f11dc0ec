import { backoffMs } from '#base/backoff.ts'
import { sleep } from '#base/clock.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import type { LogBatch } from '#contract/wire.ts'
import type { ControlClient } from '../../control-client.ts'
import type { Log } from '../log.ts'

const retryMs = { min: 200, max: 10_000 }

/** Shared by those who send side by side, so that control's being away is said once. */
export type Outage = { isSaid: boolean }

type Sending = { control: Pick<ControlClient, 'post'>; log: Log; /** What is sent. */ what: string; /** Absent: that it waits is not said. */ outage?: Outage }

/** Until control takes it, or refuses it for good: then it is skipped, and that is said. Throws once `signal` ends it. */
export async function sendBatch({ control, log, what, outage }: Sending, batch: LogBatch, signal: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await control.post('/internal/logs', batch, signal)
      if (outage?.isSaid === true) log.info({}, `control takes ${what} again`)
      if (outage !== undefined) outage.isSaid = false
      return
    } catch (error) {
      signal.throwIfAborted()
      const { source, from, to } = batch
      if (isAppError(error, 'invalid')) return log.error({ source, from, to, error: messageOf(error) }, `control refuses a batch of ${what} for good; it is skipped`)
      if (outage?.isSaid === false) log.warn({ error: messageOf(error) }, `control does not take ${what}; it waits where it was written`)
      if (outage !== undefined) outage.isSaid = true
      await sleep(backoffMs(retryMs.min, retryMs.max, tries), signal)
    }
  }
}
