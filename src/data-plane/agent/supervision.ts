/**
 * Supervision, in the words of OTP: what happens after an instance ended. Pure: (record, event, now) → record.
 *
 * A record is about one instance of the desired state. It is written to disk, so that a restarted agent goes on with the
 * same counts and the same retry time. Its `next` is the whole state machine:
 *
 *   start ──startAttempt──▶ watch ──afterExit──▶ start (at once, after a backoff, or held) | none
 *
 * Invariants
 * - Within any `periodMs` there are at most max(1, `intensity`) restarts, however the instance ends.
 * - Once held, one try at a time, each wait twice as long as the one before, until a try lives for a whole period.
 * - A start that was only being prepared (artifact not there yet, port taken) is no restart and uses up no intensity.
 * - A `release` or `run` instance starts once per generation, ever.
 */
import type { ExitStatus, InstanceSpec, RestartSpec } from '#contract/wire.ts'
import { backoffMs } from '#base/backoff.ts'
import { formatDuration } from '#base/units.ts'
import { taskId } from './identity.ts'

/** Why we end a task. The first three count as a crash; the others are wanted. */
export type EndReason = 'unhealthy' | 'frozen' | 'startup' | 'leak' | 'restart' | 'removed' | 'stopped'
export type Ending = { reason: EndReason; because: string; /** ms since 1970 */ since: number; /** Time for the requests in flight, from `since`. */ drainMs: number }

export type Next =
  | {
      do: 'start'
      /** ms since 1970; not before. */
      at: number
      /** It replaces an attempt that crashed or hung. */
      restart: boolean
      held: boolean
      /** Wait for `needs` first: the first start, or one after the whole machine went down. */
      awaitNeeds: boolean
      because: string
    }
  | { do: 'watch'; task: string; /** ms */ since: number; started: boolean; /** ISO */ readyAt: string | null; ending: Ending | null }
  | { do: 'none'; because: string }

export type SupervisionRecord = {
  instance: string
  generation: number
  /** Starts of this generation; counted, and written to disk, before each start. */
  attempt: number
  /** Restarts after a crash or hang, over the instance's life. */
  restarts: number
  /** When the restarts of the last period were (ms), oldest first. */
  recent: number[]
  /** How often in a row it was held. */
  holds: number
  /** Failed preparations in a row since the last start. */
  prepares: number
  lastExit: ExitStatus | null
  /** Why the run before this one ended, and what it said of it; absent where none has failed. */
  lastFault?: string
  next: Next
}

export const longestHoldMs = 30 * 60_000
const prepareBackoff = { minMs: 500, maxMs: 15_000 }

export function freshRecord(spec: { id: string; generation: number }): SupervisionRecord {
  return {
    instance: spec.id,
    generation: spec.generation,
    attempt: 0,
    restarts: 0,
    recent: [],
    holds: 0,
    prepares: 0,
    lastExit: null,
    next: { do: 'start', at: 0, restart: false, held: false, awaitNeeds: true, because: 'about to start' },
  }
}

/** The record to go by: a new generation starts with clean counts once nothing of the old one is being watched. */
export function recordFor(spec: { id: string; generation: number }, record: SupervisionRecord | undefined): SupervisionRecord {
  if (!record) return freshRecord(spec)
  if (record.generation >= spec.generation || record.next.do === 'watch') return record
  return { ...freshRecord(spec), restarts: record.restarts, lastExit: record.lastExit }
}

/** Counted before the start itself, so that a crash in between can't start a one-shot twice. */
export function startAttempt(record: SupervisionRecord, restart: RestartSpec, now: number): SupervisionRecord {
  if (record.next.do !== 'start') throw new Error(`${record.instance} is not waiting for a start but ${record.next.do}`)
  const attempt = record.attempt + 1
  const again = record.next.restart
  return {
    ...record,
    attempt,
    prepares: 0,
    restarts: record.restarts + (again ? 1 : 0),
    recent: again ? [...within(record.recent, restart.periodMs, now), now] : record.recent,
    next: { do: 'watch', task: taskId(record.instance, record.generation, attempt), since: now, started: false, readyAt: null, ending: null },
  }
}

/** The start can't be tried yet (no artifact, port taken): try again soon; nothing is counted. */
export function afterPrepareFailure(record: SupervisionRecord, because: string, now: number): SupervisionRecord {
  if (record.next.do !== 'start') return record
  const delay = backoffMs(prepareBackoff.minMs, prepareBackoff.maxMs, record.prepares)
  return { ...record, prepares: record.prepares + 1, next: { ...record.next, at: now + delay, because } }
}

export type Ended = {
  /** null: nobody knows how it ended (it vanished, or the machine went down). */
  exit: ExitStatus | null
  ranMs: number
  /** What went wrong when there was no process to exit: `cannot start …`. */
  failure?: string
  /** A line of its output that may say why. */
  said?: string
}

/** The watched task has ended: what next? A pure function of what is written down. */
export function afterExit(record: SupervisionRecord, spec: Pick<InstanceSpec, 'kind' | 'restart'>, ended: Ended, now: number): SupervisionRecord {
  if (record.next.do !== 'watch') return record
  const { ending, readyAt } = record.next
  const lastExit = ended.exit ?? { code: null, signal: null, oom: false, at: new Date(now).toISOString() }
  const how = ending && isFault(ending.reason) ? ending.because : (ended.failure ?? describeExit(ended.exit, ended.ranMs))
  const done = (because: string): SupervisionRecord => ({ ...record, lastExit, next: { do: 'none', because } })
  if (spec.kind !== 'service') return done(how)
  if (ending && !isFault(ending.reason)) {
    const next: Next = { do: 'start', at: 0, restart: false, held: false, awaitNeeds: true, because: ending.because }
    const { lastFault: _, ...rest } = record
    return { ...rest, lastExit, next }
  }
  const { restart } = spec
  if (restart.policy === 'temporary') return done(`${how}; its restart policy is temporary`)
  if (restart.policy === 'transient' && !ending && ended.exit?.code === 0) return done(`${how}; its restart policy is transient`)
  return restartLater({ ...record, lastExit }, restart, { how, said: ended.said, ranMs: ended.ranMs, wasReady: readyAt !== null, lost: ended.exit === null }, now)
}

function restartLater(
  record: SupervisionRecord,
  restart: RestartSpec,
  end: { how: string; said: string | undefined; ranMs: number; wasReady: boolean; lost: boolean },
  now: number,
): SupervisionRecord {
  const stable = end.ranMs >= restart.periodMs
  const holds = stable ? 0 : record.holds
  const recent = within(record.recent, restart.periodMs, now)
  const next = { do: 'start', restart: true, awaitNeeds: end.lost } as const
  const fault = `${end.how}${end.said === undefined ? '' : `, it said "${end.said}"`}`
  if (holds > 0 || recent.length >= Math.max(1, restart.intensity)) {
    const delay = holdMs(restart, holds)
    const because =
      `crash loop: ${holds > 0 ? 'the try after the last hold ended too' : `${recent.length === 1 ? 'a restart' : `${recent.length} restarts`} within ${formatDuration(restart.periodMs)}`}; ` +
      `the last one: ${fault}; tried again in ${formatDuration(delay)}`
    return { ...record, recent, holds: holds + 1, lastFault: fault, next: { ...next, at: now + delay, held: true, because } }
  }
  const delay = restartDelayMs(restart, recent.length, end.wasReady)
  const because = `${end.how}; restart ${recent.length + 1} of at most ${Math.max(1, restart.intensity)} within ${formatDuration(restart.periodMs)}`
  return { ...record, recent, holds, lastFault: fault, next: { ...next, at: now + delay, held: false, because } }
}

/** One that had been serving is replaced at once the first time; from then on the waits double. */
function restartDelayMs(restart: RestartSpec, restartsInPeriod: number, wasReady: boolean): number {
  if (restartsInPeriod === 0) return wasReady ? 0 : restart.backoffMinMs
  return backoffMs(restart.backoffMinMs, restart.backoffMaxMs, restartsInPeriod - 1)
}

/** Never shorter than a period, else a hold would not keep the intensity. */
function holdMs(restart: RestartSpec, holds: number): number {
  const first = Math.max(restart.periodMs, restart.backoffMaxMs)
  return Math.max(first, backoffMs(first, longestHoldMs, holds))
}

function within(instants: readonly number[], periodMs: number, now: number): number[] {
  // one from the future was written before the clock was set back
  return instants.filter((at) => at > now - periodMs && at <= now)
}

export function isFault(reason: EndReason): boolean {
  return reason === 'unhealthy' || reason === 'frozen' || reason === 'startup'
}

/**
 * What ended it, for those who count: `killed` and `frozen` are somebody's doing from outside, `unhealthy`, `startup`, `oom` and
 * `crash` its own; null: it was wanted.
 */
export type EndCause = 'killed' | 'frozen' | 'unhealthy' | 'startup' | 'oom' | 'crash' | null

export function causeOfEnd(ending: Ending | null, exit: ExitStatus | null): EndCause {
  if (ending) return ending.reason === 'unhealthy' || ending.reason === 'frozen' || ending.reason === 'startup' ? ending.reason : null
  if (exit?.oom) return 'oom'
  return exit?.signal === 'SIGKILL' ? 'killed' : 'crash'
}

function describeExit(exit: ExitStatus | null, ranMs: number): string {
  if (!exit || (exit.code === null && exit.signal === null && !exit.oom)) return 'it ended, nobody knows how'
  const how = exit.oom
    ? 'ran out of memory and was killed'
    : exit.signal !== null
      ? `was ended by ${exit.signal}`
      : `exited with code ${exit.code}`
  return `${how} after ${formatDuration(Math.max(0, ranMs))}`
}
