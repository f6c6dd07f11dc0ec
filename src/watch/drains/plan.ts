/** When what sends on (lines, samples) sends, what it gives up, and what of that is told. Pure. */
import { backoffMs } from '#base/backoff.ts'
import type { DrainRow } from './model.ts'
import type { DeliveryError } from './port.ts'

/** Lines that were written longer ago than this are given up when a drain takes lines again; until then the store keeps them. */
export const maxBehindMs = 24 * 3_600_000
/** A drain that fails for so long is told of in the journal. */
const failingMs = 60_000
const retryMs = { min: 1000, max: 300_000 }
const toldEveryMs = 3_600_000

export type DrainState = Pick<DrainRow, 'sent' | 'dropped' | 'untold' | 'told_at' | 'last_sent_at' | 'failures' | 'failing_since' | 'failing_told' | 'retry_at' | 'last_error'>

export type Words = { kind: 'drain' | 'forward'; one: string; many: string }
const linesOfDrains: Words = { kind: 'drain', one: 'line', many: 'lines' }

export type Told = { kind: `${Words['kind']}.${'failing' | 'recovered' | 'dropped'}`; because: string }
export type Step = { state: DrainState; told: Told[] }

/** Whether a line waited too long behind a receiver that failed. One that arrives late by itself is sent. */
export function isTooOld(state: DrainState, atMs: number, now: Date): boolean {
  return state.failing_since !== null && atMs < now.getTime() - maxBehindMs
}

/** How long until it may be tried again; 0: now. */
export function waitMs(state: DrainState, now: Date): number {
  return state.retry_at === null ? 0 : Math.max(0, state.retry_at.getTime() - now.getTime())
}

export function afterSent(state: DrainState, count: number, now: Date, words = linesOfDrains): Step {
  const told: Told[] = state.failing_told ? [{ kind: `${words.kind}.recovered`, because: `it takes ${words.many} again, after ${spanOf(now.getTime() - (state.failing_since?.getTime() ?? now.getTime()))}` }] : []
  return tell({ state: { ...state, sent: state.sent + count, last_sent_at: now, failures: 0, failing_since: null, failing_told: false, retry_at: null, last_error: null }, told }, now, state.failing_since !== null, words)
}

export function afterDropped(state: DrainState, count: number, now: Date, words = linesOfDrains): Step {
  return tell({ state: { ...state, dropped: state.dropped + count, untold: state.untold + count }, told: [] }, now, false, words)
}

/** A failure that a later try may mend. */
export function afterFailure(state: DrainState, error: Pick<DeliveryError, 'message' | 'retryAfterMs'>, now: Date, words = linesOfDrains): Step {
  const failures = state.failures + 1
  const since = state.failing_since ?? now
  const wait = Math.max(error.retryAfterMs, backoffMs(retryMs.min, retryMs.max, failures - 1))
  const isNews = !state.failing_told && now.getTime() - since.getTime() >= failingMs
  return {
    state: { ...state, failures, failing_since: since, failing_told: state.failing_told || isNews, retry_at: new Date(now.getTime() + wait), last_error: error.message.slice(0, 500) },
    told: isNews ? [{ kind: `${words.kind}.failing`, because: error.message.slice(0, 500) }] : [],
  }
}

/** What is dropped is told of at once, then hourly, and when it is over. */
function tell(step: Step, now: Date, isOver: boolean, { kind, one, many }: Words): Step {
  const { untold, told_at: last } = step.state
  if (untold === 0 || (!isOver && last !== null && now.getTime() - last.getTime() < toldEveryMs)) return step
  const because = `${untold} ${untold === 1 ? `${one} was` : `${many} were`} given up: refused by the receiver, or older than a day when it took ${many} again`
  return { state: { ...step.state, untold: 0, told_at: now }, told: [...step.told, { kind: `${kind}.dropped`, because }] }
}

function spanOf(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} s` : ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}
