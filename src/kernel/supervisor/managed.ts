import type { ProcessIdentity } from './identity.ts'
import type { Wanted } from './plan.ts'

export type Found = ProcessIdentity & { fingerprint: string; /** ISO time */ startedAt: string }
export type Health = 'starting' | 'ready' | 'silent'

/** One process as the supervisor handles it. Nothing here retries; the plan does. */
export type Managed = Wanted & {
  /** The living process, whoever started it. Cheap: asked several times a second. */
  find(): Found | undefined | Promise<Found | undefined>
  /** Asks the process how it is; ends within a few seconds. */
  probe(): Promise<Health>
  /** Time between two probes of a ready process, in milliseconds. */
  probeEveryMs: number
  /** Starts it and returns once it is spawned. `onExit` is called when it ends, as a hint. */
  start(onExit: () => void): Promise<void>
  /** Gracefully, then by force; returns when it is gone. Idempotent. */
  stop(): Promise<void>
  /** By force; returns when it is gone. Idempotent. */
  kill(): Promise<void>
  logFile: string
}
